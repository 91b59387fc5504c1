import Base
import Checkpoint
import Foundation

extension GGUFImport {
  /// Makes the folder whole or not at all: the files are written into a hidden folder beside it, which then takes its
  /// name. What a killed import left there is removed.
  /// - Parameters:
  ///   - path: a folder that does not exist or is empty, or that this import has made before.
  ///   - report: called with the share that is done, 0 … 1; what it throws ends the work and leaves nothing.
  /// - Returns: false where the folder holds this import already.
  /// - Throws: `CheckpointError`, and what `report` throws.
  @discardableResult
  public func write(to path: String, report: @escaping @Sendable (Double) throws -> Void = { _ in }) throws -> Bool {
    let target = URL(fileURLWithPath: path, isDirectory: true).resolvingSymlinksInPath()
    if Self.isWhole(target.path, key: key) { return false }
    try Self.requireFree(target, named: path)
    let parent = target.deletingLastPathComponent()
    try AtomicFile.createFolder(parent)
    Self.removeLeftovers(of: target)
    try requireRoom(in: parent, for: path)
    let partial = Self.partial(of: target, process: ProcessInfo.processInfo.processIdentifier)
    try AtomicFile.createFolder(partial)
    do {
      let total = Double(max(1, parameterCount))
      try writeFiles(to: partial) { try report(Double($0) / total) }
      if rename(partial.path, target.path) != 0 {
        let reason = String(cString: strerror(errno))
        // Another process may have made the same folder in the meantime.
        guard Self.isWhole(target.path, key: key) else { throw CheckpointError.unwritable(file: path, reason: reason) }
        try? FileManager.default.removeItem(at: partial)
      }
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw error
    }
    return true
  }

  /// Whether a folder holds this import already.
  public func isWritten(to path: String) -> Bool { Self.isWhole(path, key: key) }

  /// Whether a folder holds the import with that key.
  static func isWhole(_ path: String, key: String) -> Bool {
    ImportKey.key(ofFolder: path) == key
      && ["config.json", "model.safetensors", "tokenizer.json"].allSatisfy {
        FileManager.default.fileExists(atPath: path + "/" + $0)
      }
  }

  private static func requireFree(_ target: URL, named path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: target.path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else { throw CheckpointError.unwritable(file: path, reason: "it is a file, not a folder") }
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: target.path)) ?? []
    guard contents.isEmpty else {
      throw CheckpointError.unwritable(file: path, reason: "the folder is not empty; name a new one")
    }
  }

  /// - Throws: `CheckpointError.unwritable` with both numbers.
  private func requireRoom(in parent: URL, for path: String) throws {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: parent.path)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue, free < byteCount else { return }
    throw CheckpointError.unwritable(
      file: path,
      reason: "the model takes \(byteCount / 1_000_000) MB there and \(free / 1_000_000) MB are free; make room, or "
        + "use another disk (XDG_CACHE_HOME names that of the cache)")
  }

  // MARK: Unfinished folders

  private static func partial(of target: URL, process: Int32) -> URL {
    target.deletingLastPathComponent().appendingPathComponent(".\(target.lastPathComponent).\(process).partial")
  }

  /// Removes the unfinished folders of processes that are gone.
  private static func removeLeftovers(of target: URL) {
    let parent = target.deletingLastPathComponent()
    let prefix = ".\(target.lastPathComponent)."
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [] {
      guard name.hasPrefix(prefix), name.hasSuffix(".partial"),
        let process = Int32(name.dropFirst(prefix.count).dropLast(".partial".count)), process > 0,
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      try? FileManager.default.removeItem(at: parent.appendingPathComponent(name))
    }
  }
}
