import Foundation
import Testing

@testable import Text

/// Real data and a real model from the shared folder beside the package (or WORKBENCH_SHARED), where it exists.
@Suite struct SharedCorpusTests {
  private static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["WORKBENCH_SHARED"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    return (0..<5).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
      .appendingPathComponent("shared", isDirectory: true)
  }()
  private static let model = folder.appendingPathComponent("models/stories260K")
  private static let corpus = folder.appendingPathComponent("data/hh-rlhf-harmless-base-test.jsonl.gz")
  private static var isThere: Bool {
    FileManager.default.fileExists(atPath: model.path) && FileManager.default.fileExists(atPath: corpus.path)
  }

  private struct Row: Decodable {
    var chosen: String
    var rejected: String
  }

  private static func rows() throws -> [Row] {
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc", corpus.path]
    let pipe = Pipe()
    gzip.standardOutput = pipe
    try gzip.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    gzip.waitUntilExit()
    return try data.split(separator: 0x0A).map { try JSONDecoder().decode(Row.self, from: $0) }
  }

  /// All ids of the 4,624 texts in one FNV-1a hash, and their number, as transformers 5.23 with tokenizers 0.23.3 gives
  /// them: for each id its four bytes, the lowest first, and four bytes 0xFF behind each text.
  @Test(.enabled(if: isThere, "the shared folder is absent")) func idsOfEveryTextEqualHFs() throws {
    let folder = try TextFolder(path: Self.model.path)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var count = 0
    func add(_ id: Int32) {
      for shift in [0, 8, 16, 24] as [UInt32] {
        hash = (hash ^ UInt64((UInt32(bitPattern: id) >> shift) & 0xFF)) &* 0x100_0000_01B3
      }
    }
    let rows = try Self.rows()
    #expect(rows.count == 2312)
    for row in rows {
      for text in [row.chosen, row.rejected] {
        let ids = folder.encode(text, addSpecialTokens: true)
        ids.forEach(add)
        add(-1)
        count += ids.count
      }
    }
    #expect(count == 1_845_530)
    #expect(hash == 0xDAEA_4C1B_F835_7A6C)
  }

  @Test(.enabled(if: isThere, "the shared folder is absent")) func readsTheFolder() throws {
    let folder = try TextFolder(path: Self.model.path)
    #expect(folder.bosToken == "<s>")
    #expect(folder.bosTokenID == 1)
    #expect(folder.eosTokenID == 2)
    #expect(!folder.hasChatTemplate)
    // By transformers: tokenizer("Once upon a time").input_ids
    #expect(folder.encode("Once upon a time", addSpecialTokens: true) == [1, 403, 407, 261, 378])
    #expect(folder.tokenizer.vocabularySize == 512)
  }
}
