import CZlib
import Foundation
import Testing

@testable import PreferenceData

@Suite struct GzipTests {
  /// One gzip member, written by zlib.
  func gzip(_ text: String) throws -> [UInt8] {
    try DataScratch.with { scratch in
      let path = scratch.folder.appendingPathComponent("x.gz").path
      let file = gzopen(path, "wb")
      var bytes = Array(text.utf8)
      let written = gzwrite(file, &bytes, UInt32(bytes.count))
      #expect(gzclose(file) == Z_OK && Int(written) == bytes.count)
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  /// Pairs that do not compress to nothing.
  func rows(_ range: Range<Int>) -> String {
    range.map { DataRows.pair(prompt: "Question \($0 &* 2_654_435_761 % 1_000_003)?") + "\n" }.joined()
  }

  @Test func severalMembersAreOneFile() throws {
    let bytes = try gzip(rows(0..<500)) + gzip(rows(500..<800))
    let data = try DataFiles.load(bytes: bytes, name: "rows.jsonl.gz", maxBadRows: 0)
    #expect(data.records.count == 800)
    #expect(data.records == (try DataFiles.load(bytes: rows(0..<800).utf8)).records)
  }

  @Test func theNameDoesNotMatter() throws {
    #expect(try DataFiles.load(bytes: gzip(rows(0..<3)), name: "rows.jsonl").records.count == 3)
    #expect(try DataFiles.load(bytes: rows(0..<3).utf8, name: "rows.jsonl.gz").records.count == 3)
  }

  /// Cut anywhere behind its header, a gzip file is refused: half a data set must not pass for a whole one.
  @Test func truncatedStreamsAreRefused() throws {
    let bytes = try gzip(rows(0..<2000))
    for kept in [30, bytes.count / 4, bytes.count / 2, bytes.count - 9, bytes.count - 4, bytes.count - 1] {
      let sentence = try #require(try DataFiles.failure(bytes: bytes[..<kept], name: "rows.jsonl.gz"), "\(kept)")
      #expect(sentence.contains("the gzip stream ends early"), "\(kept): \(sentence)")
    }
  }

  @Test func damagedStreamsAreRefused() throws {
    var bytes = try gzip(rows(0..<2000))
    for index in (bytes.count / 2)..<(bytes.count / 2 + 40) { bytes[index] ^= 0x5A }
    let sentence = try #require(try DataFiles.failure(bytes: bytes, name: "rows.jsonl.gz"))
    #expect(sentence.contains("the gzip stream is damaged"), "\(sentence)")
  }

  @Test func progressRisesToOne() throws {
    try DataScratch.with { scratch in
      let path = try scratch.write("rows.jsonl", rows(0..<30_000))
      var seen: [Double] = []
      _ = try PreferenceDataset.load(paths: [path, path], progress: { seen.append($0) })
      #expect(seen.count >= 4)
      #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(seen.last == 1)
    }
  }
}
