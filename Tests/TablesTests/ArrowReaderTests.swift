import Foundation
import JSON
import TestSupport
import Testing

@testable import Tables

@Suite struct ArrowReaderTests {
  static let layouts = ["stream.arrow", "arrow", "lz4.feather", "zstd.feather", "polars.arrow", "polars.zstd.arrow"]

  /// The rows of every writer and layout are those of the JSON lines, keys in their order.
  @Test(arguments: ["pairs", "conversations", "lists"], layouts)
  func rowsAreThoseOfTheJSONLines(_ rows: String, _ layout: String) throws {
    let found = try TableFixture.rows(ArrowReader(path: TableFixture.path("arrow/\(rows).\(layout)")))
    #expect(found == (try TableFixture.lines("\(rows).jsonl")))
  }

  @Test(arguments: [
    "legacy.arrow", "legacy.file.arrow", "dictionary.arrow", "deltas.arrow", "large.arrow", "pandas.feather",
  ])
  func otherWritersOfPairs(_ layout: String) throws {
    let found = try TableFixture.rows(ArrowReader(path: TableFixture.path("arrow/pairs.\(layout)")))
    #expect(found == (try TableFixture.lines("pairs.jsonl")))
  }

  @Test(arguments: ["types.arrow", "types.zstd.arrow"]) func everyTypeIsWhatJSONSaysOfIt(_ name: String) throws {
    let found = try TableFixture.rows(ArrowReader(path: TableFixture.path("arrow/\(name)")))
    let expected = try TableFixture.lines("types.jsonl")
    #expect(found.count == expected.count)
    for (row, line) in zip(found, expected) {
      #expect(row.object?.keys == line.object?.keys)
      for key in line.object?.keys ?? [] {
        let (value, wanted) = (row.object?[key], line.object?[key])
        #expect(value == wanted, "\(key): \(value?.description ?? "-"), not \(wanted?.description ?? "-")")
      }
    }
  }

  @Test func progressGoesFromNothingToAll() throws {
    let reader = try ArrowReader(path: TableFixture.path("arrow/pairs.stream.arrow"))
    var shares = [reader.progress]
    while try reader.next() != nil { shares.append(reader.progress) }
    #expect(shares == shares.sorted() && shares[0] < 0.3 && shares.last.map { $0 > 0.9 && $0 <= 1 } == true)
  }

  // MARK: broken files

  /// A file that was cut anywhere is refused, but where a stream's message ends, which is a whole shorter stream.
  @Test(arguments: ["pairs.stream.arrow", "conversations.arrow", "lists.lz4.feather"])
  func shortenedFilesAreRefused(_ name: String) throws {
    let whole = try TableFixture.bytes("arrow/\(name)")
    let folder = try TemporaryFolder()
    var accepted = 0
    for end in stride(from: 0, to: whole.count - 1, by: 7) {
      do {
        _ = try TableFixture.read(Array(whole[..<end]), in: folder)
        accepted += 1
      } catch let error as TableError {
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(accepted <= (name.contains("stream") ? 5 : 0), "\(accepted) of \(whole.count / 7)")
  }

  @Test func whatIsNoArrowIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(throws: TableError.unreadable(path: folder.path, why: "it is a folder")) {
      try ArrowReader(path: folder.path)
    }
    for bytes in [Array("ARROW1".utf8), Array("ARROW1\0\0 and no more than this ARROW1".utf8), [1, 2, 3]] {
      #expect(throws: TableError.self) { try TableFixture.read(bytes, in: folder) }
    }
  }

  /// "abcabcabcabcX" as literals "abc", a match of 9 at distance 3 that overlaps itself, and the literal "X".
  @Test func lz4ByHand() throws {
    let block: [UInt8] = [0x35, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x58]
    let frame = LZ4Frame.magic + [0x60, 0x40, 0x82, UInt8(block.count), 0, 0, 0] + block + [0, 0, 0, 0]
    #expect(try LZ4Frame.unpack(frame, count: 13) == Array("abcabcabcabcX".utf8))
    for (place, byte) in [(4, UInt8(0)), (7, 9), (11, 0xF5), (15, 0), (15, 4), (16, 1)] {
      var broken = frame
      broken[place] = byte
      #expect(throws: LZ4Frame.damage) { try LZ4Frame.unpack(broken, count: 13) }
    }
    #expect(throws: LZ4Frame.damage) { try LZ4Frame.unpack(frame, count: 12) }
    #expect(throws: LZ4Frame.damage) { try LZ4Frame.unpack(frame, count: .max) }
  }
}
