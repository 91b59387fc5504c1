import Base
import Checkpoint
import Foundation
import JSON

/// What tells one import from another: the file's header (with its whole vocabulary and every tensor's place), its length,
/// its time of change and the form in which it is written. The weights themselves are not read: a file of many gigabytes
/// is known at once, and one that was changed in place is imported anew because its time changed.
enum ImportKey {
  /// In an imported folder. Hidden, so that it is not copied along with the model's own files.
  static let fileName = ".gguf-import.json"
  /// Counted up when an import of the same file would give other bytes.
  private static let version = 1

  static func key(of file: GGUFFile, precision: StoredType) throws -> String {
    var hash = SHA256()
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: file.path).resolvingSymlinksInPath().path)
    let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    hash.update(
      Array("gguf \(version)\0\(precision.rawValue)\0\(file.file.count)\0\(changed.bitPattern)\0".utf8))
    do {
      let end = min(file.dataStart, file.file.count)
      for start in stride(from: 0, to: end, by: 1 << 22) {
        hash.update(try file.file.slice(start..<min(end, start + 1 << 22)).integers())
      }
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
    return SHA256.hexadecimal(digest: hash.finish())
  }

  static func text(key: String, path: String) -> String {
    let object = JSONObject([
      ("source", .string(URL(fileURLWithPath: path).lastPathComponent)), ("key", .string(key)),
    ])
    return JSONValue.object(object).indentedText + "\n"
  }

  /// The key of an imported folder; nil for any other.
  static func key(ofFolder path: String) -> String? {
    let url = URL(fileURLWithPath: path).appendingPathComponent(fileName)
    guard let data = FileManager.default.contents(atPath: url.path), data.count < 1 << 16,
      let object = try? JSONValue(parsing: [UInt8](data)).object
    else { return nil }
    return object["key"]?.string
  }
}
