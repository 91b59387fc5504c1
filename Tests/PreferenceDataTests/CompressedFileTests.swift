import CZlib
import CZstd
import Foundation
import Testing

@testable import PreferenceData

/// Files that are packed, in whichever of the two ways: they are known by their first bytes.
@Suite struct CompressedFileTests {
  enum Compression: String, CaseIterable, Sendable {
    case gzip, zstd

    var fileName: String { self == .gzip ? "rows.jsonl.gz" : "rows.jsonl.zst" }

    /// The shortest beginnings that are known for what they are: gzip's header is longer.
    var beginnings: [Int] { self == .gzip ? [30] : [5, 30] }

    /// One gzip member or one zstd frame, written by the format's own library.
    func pack(_ text: String) throws -> [UInt8] {
      switch self {
      case .gzip: try Self.packGzip(text)
      case .zstd: try Self.packZstd(text)
      }
    }

    private static func packGzip(_ text: String) throws -> [UInt8] {
      try DataScratch.with { scratch in
        let path = scratch.folder.appendingPathComponent("x.gz").path
        let file = gzopen(path, "wb")
        var bytes = Array(text.utf8)
        let written = gzwrite(file, &bytes, UInt32(bytes.count))
        #expect(gzclose(file) == Z_OK && Int(written) == bytes.count)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      }
    }

    private static func packZstd(_ text: String) throws -> [UInt8] {
      let context = try #require(ZSTD_createCCtx())
      defer { ZSTD_freeCCtx(context) }
      let bytes = Array(text.utf8)
      var output = [UInt8](repeating: 0, count: Int(zs_bound(Int64(bytes.count))))
      let count = zs_compress(context, bytes, Int64(bytes.count), &output, Int64(output.count))
      try #require(count > 0)
      return Array(output[..<Int(count)])
    }
  }

  /// Pairs that do not compress to nothing.
  func rows(_ range: Range<Int>) -> String {
    range.map { DataRows.pair(prompt: "Question \($0 &* 2_654_435_761 % 1_000_003)?") + "\n" }.joined()
  }

  /// The rows for zstd are more than two chunks when unpacked.
  @Test(arguments: [(Compression.gzip, 500, 800), (.zstd, 20_000, 30_000)])
  func severalPartsAreOneFile(_ compression: Compression, first: Int, all: Int) throws {
    let bytes = try compression.pack(rows(0..<first)) + compression.pack(rows(first..<all))
    let data = try DataFiles.load(bytes: bytes, name: compression.fileName, maxBadRows: 0)
    #expect(data.records.count == all)
    #expect(data.records == (try DataFiles.load(bytes: rows(0..<all).utf8)).records)
  }

  @Test(arguments: Compression.allCases)
  func theNameDoesNotMatter(_ compression: Compression) throws {
    #expect(try DataFiles.load(bytes: compression.pack(rows(0..<3)), name: "rows.jsonl").records.count == 3)
    #expect(try DataFiles.load(bytes: rows(0..<3).utf8, name: compression.fileName).records.count == 3)
  }

  /// Cut anywhere behind its header, a packed file is refused: half a data set must not pass for a whole one.
  @Test(arguments: Compression.allCases)
  func truncatedStreamsAreRefused(_ compression: Compression) throws {
    let bytes = try compression.pack(rows(0..<2000))
    let ends = [bytes.count / 4, bytes.count / 2, bytes.count - 9, bytes.count - 4, bytes.count - 1]
    for kept in compression.beginnings + ends {
      let sentence = try #require(
        try DataFiles.failure(bytes: bytes[..<kept], name: compression.fileName), "\(kept)")
      #expect(sentence.contains("the \(compression.rawValue) stream ends early"), "\(kept): \(sentence)")
    }
  }

  @Test(arguments: Compression.allCases)
  func damagedStreamsAreRefused(_ compression: Compression) throws {
    var bytes = try compression.pack(rows(0..<2000))
    for index in (bytes.count / 2)..<(bytes.count / 2 + 40) { bytes[index] ^= 0x5A }
    let sentence = try #require(try DataFiles.failure(bytes: bytes, name: compression.fileName))
    #expect(sentence.contains("the \(compression.rawValue) stream is damaged"), "\(sentence)")
  }

  // MARK: zstd's own

  /// A skippable frame, as pzstd writes one, holds no data.
  @Test func skippableFramesAreSkipped() throws {
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
    let bytes = try Compression.zstd.pack(rows(0..<3)) + skippable
    #expect(try DataFiles.load(bytes: bytes, name: "rows.jsonl.zst").records.count == 3)
  }

  @Test func whatFollowsTheLastFrameIsNoFrame() throws {
    let bytes = try Compression.zstd.pack(rows(0..<3)) + Array("{}\n".utf8)
    let trailing = try #require(try DataFiles.failure(bytes: bytes))
    #expect(trailing.contains("the zstd stream is damaged"), "\(trailing)")
  }
}
