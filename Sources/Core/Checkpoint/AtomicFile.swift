import Base
import Foundation

/// Writes a file so that its name never stands for half of it: bytes go to a hidden file beside it, which is synced and
/// then renamed over the name. A crash leaves the old file, or none.
package enum AtomicFile {
  package static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws {
    let temporary = url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).partial")
    guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
      let reason = String(cString: strerror(errno))
      throw CheckpointError.unwritable(file: url.path, reason: "no file can be made in its folder (\(reason))")
    }
    do {
      let handle = try FileHandle(forWritingTo: temporary)
      defer { try? handle.close() }
      try body(handle)
      try handle.synchronize()
      guard rename(temporary.path, url.path) == 0 else {
        throw CheckpointError.unwritable(file: url.path, reason: String(cString: strerror(errno)))
      }
    } catch let error {
      try? FileManager.default.removeItem(at: temporary)
      if error is CheckpointError { throw error }
      throw CheckpointError.unwritable(file: url.path, reason: SystemReason.clause(for: error))
    }
  }

  package static func write(_ text: String, to url: URL) throws {
    try write(to: url) { try $0.write(contentsOf: Data(text.utf8)) }
  }

  package static func createFolder(_ url: URL) throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError.unwritable(file: url.path, reason: SystemReason.clause(for: error))
    }
  }
}
