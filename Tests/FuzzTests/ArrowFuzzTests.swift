import Foundation
import JSON
import Testing

@testable import Tables

/// Arrow streams and files, and CSV: what their bytes say of lengths and places is not to be trusted.
@Suite struct ArrowFuzzTests {
  private static let names = [
    "pairs.stream.arrow", "pairs.arrow", "pairs.lz4.feather", "pairs.polars.zstd.arrow", "pairs.deltas.arrow",
    "pairs.legacy.arrow", "conversations.arrow", "conversations.columnwise.arrow", "lists.polars.arrow",
    "lists.lz4.feather", "types.arrow", "types.zstd.arrow",
  ]

  /// Whole files, and as many again as `count` says in which a few numbers were overwritten: lengths stay where they
  /// were, so that the reader comes as far as to use them.
  private static func seeds(_ count: Int) throws -> [[UInt8]] {
    let whole = try names.map { try FuzzCampaign.file("Tests/Fixtures/tables/arrow/\($0)") }
    var state: UInt64 = 3
    func below(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    let numbers: [UInt64] = [
      0, 1, 2, 7, 8, 64, 255, 4096, 65_535, 1 << 20, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 40, 1 << 62, .max,
      .max - 7,
    ]
    let broken = (0..<count).map { _ in
      var bytes = whole[below(whole.count)]
      for _ in 0...below(3) {
        let width = [1, 2, 4, 8][below(4)]
        let place = below(bytes.count / width) * width
        let number = below(3) == 0 ? UInt64(below(1 << 16)) : numbers[below(numbers.count)]
        for index in 0..<width { bytes[place + index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(index))) }
      }
      return bytes
    }
    return whole + broken
  }

  /// A file is read to its end, or refused with one sentence.
  @Test func arrow() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("x.arrow").path
    let seeds = try Self.seeds(FuzzCampaign.isSoak ? 20_000 : 200)
    try FuzzCampaign.run("arrow", seeds: seeds, words: ["ARROW1", "chosen"], inputs: 400) { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let reader = try ArrowReader(path: path)
      var share = reader.progress
      while try reader.next() != nil { share = reader.progress }
      #expect(share >= 0 && share <= 1)
    }
  }

  /// Every record is a row or a fault of its line.
  @Test func separatedValues() throws {
    let names = ["pairs.csv", "pairs.quoted.csv", "conversations.csv", "lists.csv", "pairs.index.tsv"]
    let seeds = try names.map { try FuzzCampaign.file("Tests/Fixtures/tables/csv/\($0)") }
    try FuzzCampaign.run("separated values", seeds: seeds, words: ["\"", "\"\"", ",", "\r\n", "prompt", "[{"]) {
      bytes in
      var rest = bytes[...]
      let names = CSVReader<Never>.Names(texts: ["prompt", "chosen"], lists: ["responses"])
      let reader = CSVReader<Never>(separator: UInt8(ascii: ","), names: names) { chunk in
        let count = min(chunk.count, rest.count)
        chunk.replaceSubrange(0..<count, with: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
      }
      var line = 0
      while let row = try reader.next() {
        #expect(row.line > line)
        line = row.line
      }
    }
  }
}
