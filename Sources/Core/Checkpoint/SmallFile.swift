import Base

/// Reads a text file whole, where it is small enough to be what it claims to be.
enum SmallFile {
  /// The largest known shard index has 10 MB.
  static let maximumSize = 64 << 20

  static func read(_ path: String) throws -> [UInt8] {
    do {
      let file = try MappedFile(path: path)
      guard file.count <= maximumSize else {
        throw CheckpointError.malformed(file: path, problem: "it has \(file.count) bytes, too many for such a file")
      }
      return try file.slice(0..<file.count).integers()
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }
}
