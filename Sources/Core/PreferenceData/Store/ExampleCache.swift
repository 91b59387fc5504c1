import Foundation

/// A folder of stores in files, named by what they were made from, so that the same rows are tokenised once. Only large
/// stores have a file (`ExampleStoreWriter.memoryLimit`).
public struct ExampleCache: Sendable {
  /// Bytes that all files together may have; the ones not used for longest go first.
  public static let sizeLimit = 16 << 30
  private static let suffix = ".rows"

  let folder: URL

  /// - Parameter folder: made when the first file is.
  public init(folder: URL) { self.folder = folder }

  /// `$XDG_CACHE_HOME/workbench/rows`, or `~/.cache/workbench/rows`.
  public static var standard: ExampleCache {
    let environment = ProcessInfo.processInfo.environment
    let root =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
    return ExampleCache(folder: root.appendingPathComponent("workbench/rows"))
  }

  /// - Parameter key: 32 bytes that stand for everything the examples depend on; nil where that is not known (standard
  ///   input): such a file has no name and goes with the process.
  public func entry(key: [UInt8]?) -> Entry {
    Entry(cache: self, key: key ?? [UInt8](repeating: 0, count: 32), isNamed: key != nil)
  }

  /// The place of one store.
  public struct Entry: Sendable {
    let cache: ExampleCache
    let key: [UInt8]
    let isNamed: Bool

    private var name: String {
      key.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + ExampleCache.suffix
    }

    private var url: URL { cache.folder.appendingPathComponent(name) }

    /// A hidden file that nothing else has, while the store is written.
    private var partial: URL {
      cache.folder.appendingPathComponent(".\(ProcessInfo.processInfo.processIdentifier)-\(name).partial")
    }

    /// The store and its report, where they are here, whole, and their ids below `vocabulary`.
    public func read(vocabulary: Int) -> (store: ExampleStore, report: DataReport)? {
      guard isNamed, let found = ExampleStore.open(url.path, key: key, vocabulary: vocabulary) else { return nil }
      // The time of last use decides what goes first.
      try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: url.path)
      return found
    }

    func makeFile() throws -> BlockFile {
      do {
        try FileManager.default.createDirectory(at: cache.folder, withIntermediateDirectories: true)
      } catch {
        throw DataError.unwritable(path: cache.folder.path, why: "the folder cannot be made")
      }
      try? FileManager.default.removeItem(at: partial)
      let file = try BlockFile(creating: partial.path)
      // Without a name the file lives as long as it is open.
      if !isNamed { try? FileManager.default.removeItem(at: partial) }
      return file
    }

    /// Gives a finished file its name.
    func keep(_ store: ExampleStore) throws {
      guard isNamed, store.isInFile else { return }
      guard rename(partial.path, url.path) == 0 else {
        throw DataError.unwritable(path: url.path, why: String(cString: strerror(errno)))
      }
      cache.prune(keeping: name)
    }

    /// Removes what an attempt that failed has left.
    func abandon() { try? FileManager.default.removeItem(at: partial) }
  }

  /// Removes the files that were not used for longest until the rest is within the limit, and what crashed processes
  /// left behind a day ago.
  func prune(keeping name: String, limit: Int = ExampleCache.sizeLimit) {
    let keys: [URLResourceKey] = [.contentModificationDateKey, .fileSizeKey]
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: keys)) ?? []
    var found: [(url: URL, used: Date, size: Int)] = []
    for url in files {
      guard let values = try? url.resourceValues(forKeys: Set(keys)), let used = values.contentModificationDate else {
        continue
      }
      if url.pathExtension == "partial" {
        if used.timeIntervalSinceNow < -86_400 { try? FileManager.default.removeItem(at: url) }
      } else if url.lastPathComponent.hasSuffix(Self.suffix) {
        found.append((url, used, values.fileSize ?? 0))
      }
    }
    var total = found.reduce(0) { $0 + $1.size }
    for file in found.sorted(by: { $0.used < $1.used }) where total > limit && file.url.lastPathComponent != name {
      try? FileManager.default.removeItem(at: file.url)
      total -= file.size
    }
  }
}
