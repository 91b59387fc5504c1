import Base
import Dispatch
import Synchronization

/// A hash of a file's content: a SHA-256 tree over 1 MiB leaves, so that all cores share the work.
public enum FileHash {
  /// Bytes hashed as one leaf.
  private static let leafSize = 1 << 20

  /// 32 bytes: the hash of the length and the leaves' hashes.
  /// - Throws: `CheckpointError` where the file cannot be read, or is no regular file.
  public static func content(of path: String) throws -> [UInt8] {
    do {
      let file = try MappedFile(path: path)
      var root = SHA256()
      root.update(Array("\(file.count)\0".utf8))
      root.update(try leaves(of: file))
      return root.finish()
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }

  /// A file's SHA-256 as `sha256sum` prints it, from where it lies and without a copy.
  /// - Throws: `CheckpointError` where the file cannot be read, is no regular file, or is empty.
  public static func plain(of path: String) throws -> String {
    do {
      let file = try MappedFile(path: path)
      var hash = SHA256()
      for start in stride(from: 0, to: file.count, by: 4 * leafSize) {
        let range = start..<min(start + 4 * leafSize, file.count)
        try hash.update(file.slice(range))
        file.release(range)
      }
      return SHA256.hexadecimal(digest: hash.finish())
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }

  /// The hashes of a file's leaves in order; the last leaf may be short.
  static func leaves(of file: MappedFile) throws -> [UInt8] {
    let count = (file.count + 2 * leafSize - 1) / (2 * leafSize)
    let results = Mutex<[Result<[UInt8], any Error>?]>(Array(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let range = index * 2 * leafSize..<min((index + 1) * 2 * leafSize, file.count)
      let pair = Result { () throws -> [UInt8] in
        let leaves = try stride(from: range.lowerBound, to: range.upperBound, by: leafSize).map { start in
          try file.slice(start..<min(start + leafSize, range.upperBound))
        }
        // At the file's end there may be a short leaf, which goes alone.
        let groups = range.count == 2 * leafSize ? [leaves] : leaves.map { [$0] }
        return try groups.flatMap { try SHA256.hashes($0) }.flatMap { $0 }
      }
      // Hashed pages are not needed again: a large file does not fill the process's memory.
      file.release(range)
      results.withLock { $0[index] = pair }
    }
    do {
      return try results.withLock { $0 }.compactMap { try $0?.get() }.flatMap { $0 }
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }
}
