import CZstd
import Foundation
import Testing

@testable import PreferenceData

@Suite struct ZstdTests {
  /// One frame, written by libzstd.
  func zstd(_ text: String) throws -> [UInt8] {
    let context = try #require(ZSTD_createCCtx())
    defer { ZSTD_freeCCtx(context) }
    let bytes = Array(text.utf8)
    var output = [UInt8](repeating: 0, count: Int(zs_bound(Int64(bytes.count))))
    let count = zs_compress(context, bytes, Int64(bytes.count), &output, Int64(output.count))
    try #require(count > 0)
    return Array(output[..<Int(count)])
  }

  func rows(_ range: Range<Int>) -> String {
    range.map { DataRows.pair(prompt: "Question \($0 &* 2_654_435_761 % 1_000_003)?") + "\n" }.joined()
  }

  /// More than two chunks when unpacked, in two frames.
  @Test func severalFramesAreOneFile() throws {
    let bytes = try zstd(rows(0..<20_000)) + zstd(rows(20_000..<30_000))
    let data = try DataFiles.load(bytes: bytes, name: "rows.jsonl.zst", maxBadRows: 0)
    #expect(data.records.count == 30_000)
    #expect(data.records == (try DataFiles.load(bytes: rows(0..<30_000).utf8)).records)
  }

  @Test func theNameDoesNotMatter() throws {
    #expect(try DataFiles.load(bytes: zstd(rows(0..<3)), name: "rows.jsonl").records.count == 3)
    #expect(try DataFiles.load(bytes: rows(0..<3).utf8, name: "rows.jsonl.zst").records.count == 3)
  }

  /// A skippable frame, as pzstd writes one, holds no data.
  @Test func skippableFramesAreSkipped() throws {
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
    #expect(try DataFiles.load(bytes: zstd(rows(0..<3)) + skippable, name: "rows.jsonl.zst").records.count == 3)
  }

  @Test func truncatedStreamsAreRefused() throws {
    let bytes = try zstd(rows(0..<2000))
    for kept in [5, 30, bytes.count / 4, bytes.count / 2, bytes.count - 4, bytes.count - 1] {
      let sentence = try #require(try DataFiles.failure(bytes: bytes[..<kept], name: "rows.jsonl.zst"), "\(kept)")
      #expect(sentence.contains("the zstd stream ends early"), "\(kept): \(sentence)")
    }
  }

  @Test func damagedStreamsAreRefused() throws {
    var bytes = try zstd(rows(0..<2000))
    for index in (bytes.count / 2)..<(bytes.count / 2 + 40) { bytes[index] ^= 0x5A }
    let sentence = try #require(try DataFiles.failure(bytes: bytes, name: "rows.jsonl.zst"))
    #expect(sentence.contains("the zstd stream is damaged"), "\(sentence)")
    // What follows the last frame is no frame.
    let trailing = try #require(try DataFiles.failure(bytes: zstd(rows(0..<3)) + Array("{}\n".utf8)))
    #expect(trailing.contains("the zstd stream is damaged"), "\(trailing)")
  }
}
