import Base
import Checkpoint
import Foundation

/// What a user may name as a model: a Hugging Face folder, a GGUF file, or a folder that holds one GGUF file and no
/// config.json. GGUF is imported into a cache once; from then on that folder is opened at once.
public enum ModelSource {
  /// An import into the cache that is under way, or about to begin.
  public struct Importing: Sendable {
    /// The GGUF file.
    public let file: String
    /// The folder that it will be in.
    public let folder: String
    /// Share of the work that is done, 0 … 1.
    public let fraction: Double
    /// What is not sure about the file; nil mostly.
    public let warning: String?
  }

  /// The folder to open for `path`: the path itself, unless it is GGUF.
  /// - Parameter report: called while a file is imported for the first time; what it throws ends the import.
  /// - Throws: `CheckpointError` where a GGUF file cannot be imported, and what `report` throws.
  public static func folder(
    for path: String, report: @escaping @Sendable (Importing) throws -> Void = { _ in }
  ) throws -> String {
    try folder(for: path, cache: cacheRoot, report: report)
  }

  /// - Parameter cache: the folder in which imported models lie.
  static func folder(
    for path: String, cache: URL, report: @escaping @Sendable (Importing) throws -> Void = { _ in }
  ) throws -> String {
    guard let file = ggufFile(at: path) else { return path }
    let key = try ImportKey.key(of: GGUFFile(path: file), precision: .bf16)
    let folder = cache.appendingPathComponent(name(of: file, key: key), isDirectory: true)
    if GGUFImport.isWhole(folder.path, key: key) { return folder.path }
    let plan = try GGUFImport(path: file)
    // Something is there that is not whole: a part was deleted.
    if FileManager.default.fileExists(atPath: folder.path) { try? FileManager.default.removeItem(at: folder) }
    @Sendable func importing(_ fraction: Double) -> Importing {
      Importing(file: file, folder: folder.path, fraction: fraction, warning: plan.warning)
    }
    try report(importing(0))
    try plan.write(to: folder.path) { try report(importing($0)) }
    return folder.path
  }

  /// The GGUF file that a path stands for; nil where it stands for a folder in another format.
  public static func ggufFile(at path: String) -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return path.lowercased().hasSuffix(".gguf") ? path : nil
    }
    guard isFolder.boolValue else { return path.lowercased().hasSuffix(".gguf") || isGGUF(path) ? path : nil }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let files = names.filter { $0.lowercased().hasSuffix(".gguf") }
    guard files.count == 1, let file = files.first, !names.contains("config.json") else { return nil }
    return URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent(file).relativePath
  }

  /// Whether a file begins as GGUF does, whatever its name.
  private static func isGGUF(_ path: String) -> Bool {
    guard let file = try? MappedFile(path: path), file.count >= 4, let start = try? file.slice(0..<4) else {
      return false
    }
    return start.integers(UInt8.self).elementsEqual("GGUF".utf8)
  }

  // MARK: The cache

  /// `$XDG_CACHE_HOME/workbench/models`, or `~/.cache/workbench/models`.
  static var cacheRoot: URL {
    let environment = ProcessInfo.processInfo.environment
    let root =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
    return root.appendingPathComponent("workbench/models")
  }

  /// NAME-KEY, with the file's name for people and the key for the program.
  private static func name(of file: String, key: String) -> String {
    let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    let name = String(stem.unicodeScalars.map { isPlain($0) ? Character($0) : "_" }.prefix(80))
    return "\(name)-\(key.prefix(16))"
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
    default: false
    }
  }
}
