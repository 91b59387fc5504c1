import Foundation
import TestSupport
import Testing

@testable import PreferenceData

/// A temporary folder for the time of one closure.
struct DataScratch {
  let folder: URL

  static func with<Result>(_ body: (DataScratch) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(DataScratch(folder: folder))
  }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let url = folder.appendingPathComponent(name)
    try Data(bytes).write(to: url)
    return url.path
  }

  func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }
}

/// Where the data tests find and write their files.
enum DataFiles {
  /// ../shared beside the package (or WORKBENCH_SHARED), nil where it is absent.
  static func shared(_ name: String) -> String? {
    var roots: [URL] = []
    if let path = ProcessInfo.processInfo.environment["WORKBENCH_SHARED"] { roots.append(URL(fileURLWithPath: path)) }
    roots.append(TestPackage.root.deletingLastPathComponent().appendingPathComponent("shared"))
    return roots.map { $0.appendingPathComponent("data/\(name)").path }
      .first { FileManager.default.fileExists(atPath: $0) }
  }

  static func fixture(_ name: String) -> String { TestPackage.fixture("data/\(name)").path }

  /// One dataset of these lines, however many of them are bad.
  static func load(_ lines: [String], format: DataFormat? = nil, maxBadRows: Double = 1) throws -> PreferenceDataset {
    try load(bytes: (lines.joined(separator: "\n") + "\n").utf8, format: format, maxBadRows: maxBadRows)
  }

  /// One dataset of a file with these bytes.
  static func load(
    bytes: some Sequence<UInt8>, name: String = "rows.jsonl", format: DataFormat? = nil, maxBadRows: Double = 1
  ) throws -> PreferenceDataset {
    try DataScratch.with { scratch in
      let path = try scratch.write(name, bytes)
      return try PreferenceDataset.load(paths: [path], format: format, maxBadRows: maxBadRows)
    }
  }

  /// The sentence that loading these bytes fails with, its folder left out; nil where it does not fail.
  static func failure(
    bytes: some Sequence<UInt8>, name: String = "rows.jsonl", format: DataFormat? = nil, maxBadRows: Double = 0.01
  ) throws -> String? {
    try DataScratch.with { scratch in
      let path = try scratch.write(name, bytes)
      do {
        _ = try PreferenceDataset.load(paths: [path], format: format, maxBadRows: maxBadRows)
        return nil
      } catch {
        return String(describing: error).replacing(scratch.folder.path + "/", with: "")
      }
    }
  }

  /// The account adds up, whatever the file.
  static func expectBalanced(_ report: DataReport, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(report.rowsRead == report.kept + report.droppedRows, sourceLocation: sourceLocation)
  }
}
