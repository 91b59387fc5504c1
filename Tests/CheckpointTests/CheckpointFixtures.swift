import Foundation
import Testing

@testable import Checkpoint

/// The files under Tests/Fixtures/checkpoint, made by make_fixtures.py there.
enum CheckpointFixtures {
  static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/checkpoint")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }
}

/// A folder that disappears with its owner.
final class CheckpointScratch: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoint-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// A copy of a fixture folder.
  convenience init(copying fixture: String) throws {
    try self.init()
    for name in try FileManager.default.contentsOfDirectory(atPath: CheckpointFixtures.path(fixture)) {
      try FileManager.default.copyItem(
        at: CheckpointFixtures.folder.appendingPathComponent(fixture).appendingPathComponent(name), to: self[name])
    }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  subscript(name: String) -> URL { url.appendingPathComponent(name) }

  @discardableResult
  func write(_ bytes: [UInt8], as name: String) throws -> String {
    try Data(bytes).write(to: self[name])
    return self[name].path
  }

  @discardableResult
  func write(_ text: String, as name: String) throws -> String { try write(Array(text.utf8), as: name) }

  func text(_ name: String) throws -> String { try String(contentsOf: self[name], encoding: .utf8) }

  /// Replaces text in a file; fails the test where it is not there.
  func replace(_ old: String, with new: String, in name: String) throws {
    let before = try text(name)
    try #require(before.contains(old))
    try write(before.replacing(old, with: new), as: name)
  }
}

/// The sentence of the error that `body` throws.
func checkpointRefusal(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "(accepted)"
  } catch let error as CheckpointError {
    return error.description
  } catch {
    return "(another error) \(error)"
  }
}

/// A safetensors file's bytes: length, header, data.
func checkpointSafetensorsBytes(header: String, data: [UInt8]) -> [UInt8] {
  let text = Array(header.utf8)
  return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
}
