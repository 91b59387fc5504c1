import CZlib
import CZstd
import Foundation
import JSON
import Testing

@testable import PreferenceData

/// Data files of every format, plain and compressed, and the cache of tokenised rows.
@Suite struct DataFuzzTests {
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ bytes: [UInt8]) throws -> String {
      let file = url.appendingPathComponent("rows")
      try Data(bytes).write(to: file)
      return file.path
    }
  }

  /// The examples of docs/data-formats.md: all formats.
  private static func rows() throws -> [String] {
    let page = String(decoding: try FuzzCampaign.file("docs/data-formats.md"), as: UTF8.self)
    return page.components(separatedBy: "```json\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
  }

  private static let words = [
    "\"prompt\": ", "\"chosen\": ", "\"rejected\": ", "\"responses\": ", "\"rewards\": ", "\"ranks\": ", "\"label\": ",
    "\"role\": ", "\"content\": ", "\"user\"", "\"assistant\"", "\\n\\nHuman:", "\\n\\nAssistant:", "},\n{", "]}",
    "[\"a\", \"b\"]",
  ]

  /// Every row that is read is kept or dropped, whatever it holds.
  @Test func rows() throws {
    let folder = try Folder()
    let examples = try Self.rows()
    let seeds =
      examples + ["[" + examples.joined().split(separator: "\n").joined(separator: ",\n") + "]", examples.joined()]
    try FuzzCampaign.run("data rows", seeds: seeds, words: Self.words) { bytes in
      var rows = 0
      let report = try PreferenceDataset.stream(paths: [try folder.write(bytes)], maxBadRows: 1) { rows += $0.rows }
      #expect(report.rowsRead == report.kept + report.droppedRows && rows == report.kept)
    }
  }

  @Test func compressedRows() throws {
    let folder = try Folder()
    let text = Array(String(repeating: try Self.rows().joined(), count: 4).utf8)
    let context = try #require(ZSTD_createCCtx())
    defer { ZSTD_freeCCtx(context) }
    var zstd = [UInt8](repeating: 0, count: Int(zs_bound(Int64(text.count))))
    zstd.removeSubrange(Int(zs_compress(context, text, Int64(text.count), &zstd, Int64(zstd.count)))...)
    let path = folder.url.appendingPathComponent("x.gz").path
    let file = gzopen(path, "wb")
    gzwrite(file, text, UInt32(text.count))
    gzclose(file)
    let gzip = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    try FuzzCampaign.run("compressed rows", seeds: [gzip, zstd], soak: 20_000) { bytes in
      let report = try PreferenceDataset.stream(paths: [try folder.write(bytes)], maxBadRows: 1) { _ in }
      #expect(report.rowsRead == report.kept + report.droppedRows)
    }
  }

  /// A file that was changed is not used, or holds what it held before.
  @Test func cachedRows() throws {
    let folder = try Folder()
    let key = [UInt8](repeating: 7, count: 32)
    let path = folder.url.appendingPathComponent("x.rows").path
    let writer = ExampleStoreWriter(key: key, limit: 0) { try BlockFile(creating: path) }
    for number in 0..<40 {
      let record = PreferenceRecord(
        prompt: .text("prompt \(number)"), responses: [.text("yes \(number)"), .text("no")],
        rewards: [2, Double(-number)])
      let example = EncodedExample(
        record: number, prompt: [1, Int32(number)], responses: [[5, 6, 2], [7, 2]], rewards: record.rewards)
      try writer.append(example, payload: ExampleBlock.pack(example, ExampleTexts(record)))
    }
    _ = try writer.finish(report: DataReport(files: ["a"], formats: [.trl]))
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    struct NotUsed: Error, CustomStringConvertible { var description: String { "not used" } }
    try FuzzCampaign.run("cached rows", seeds: [whole], soak: 20_000) { bytes in
      guard let (store, _) = ExampleStore.open(try folder.write(bytes), key: key, vocabulary: 100) else {
        throw NotUsed()
      }
      for index in 0..<store.count {
        let example = try store.example(index)
        #expect(example.responses.count == example.rewards.count)
        _ = try store.texts(index)
      }
    }
  }

  /// JSON that is read is written so that it reads back as the same.
  @Test func json() throws {
    let seeds = try Self.rows() + [#"[1, -2.5e3, 1e400, NaN, "\ud83d\ude00", {"a": {"b": []}}, null, true]"#]
    try FuzzCampaign.run("json", seeds: seeds, words: Self.words) { bytes in
      let value = try JSONValue(parsing: bytes, JSONOptions(duplicateKeys: .lastWins))
      for text in [value.description, value.compactText, value.indentedText] {
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
      }
    }
  }
}
