import CZlib
import Foundation

/// The bytes of a file, plain or gzip (several members too), a chunk at a time. "-" is standard input.
final class ByteSource {
  static let chunkSize = 1 << 20

  let path: String
  /// Size on disk in bytes, 0 where it is not known (a pipe).
  private let size: Int
  private let file: gzFile

  init(path: String) throws(DataError) {
    self.path = path
    if path == "-" {
      let descriptor = dup(0)
      guard descriptor >= 0, let file = gzdopen(descriptor, "rb") else {
        throw .unreadable(path: path, why: "standard input is closed")
      }
      (self.file, size) = (file, 0)
    } else {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw .notFound(path: path) }
      guard !isFolder.boolValue else { throw .isDirectory(path: path) }
      guard let file = gzopen(path, "rb") else {
        throw .unreadable(path: path, why: String(cString: strerror(errno)))
      }
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      (self.file, size) = (file, (attributes?[.size] as? NSNumber)?.intValue ?? 0)
    }
    gzbuffer(file, 1 << 18)
  }

  deinit { gzclose(file) }

  /// Share of the file on disk that has been read, 0 … 1.
  var progress: Double {
    guard size > 0 else { return 0 }
    return min(1, max(0, Double(gzoffset(file)) / Double(size)))
  }

  /// Fills `chunk` from its start; returns how many bytes are there, 0 at the end. `rows` only words the error.
  func read(into chunk: inout [UInt8], rows: Int) throws(DataError) -> Int {
    let count = Int(gzread(file, &chunk, UInt32(chunk.count)))
    if count < 0 {
      var code: Int32 = 0
      let words = gzerror(file, &code).map { String(cString: $0) } ?? "unknown"
      if code == Z_ERRNO { throw .unreadable(path: path, why: words) }
      throw .corruptGzip(path: path, rows: rows, why: words)
    }
    if count == 0, cz_truncated(file) != 0 { throw .truncatedGzip(path: path, rows: rows) }
    return count
  }
}
