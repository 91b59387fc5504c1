import CZlib
import Foundation

/// The bytes of a file, plain, gzip or zstd (several members or frames too), a chunk at a time. "-" is standard input.
/// What a file is shows in its first bytes, whatever its name says.
final class ByteSource {
  static let chunkSize = 1 << 20

  let path: String
  /// Size on disk in bytes, 0 where it is not known (a pipe).
  private let size: Int
  /// zlib's reader, which hands plain files over as they are.
  private let file: gzFile
  private var isStarted = false
  private var zstd: ZstdStream?

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
      var status = stat()
      if stat(path, &status) == 0, [S_IFCHR, S_IFBLK].contains(status.st_mode & S_IFMT) { throw .isDevice(path: path) }
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
    if zstd == nil {
      var count = try readStored(into: &chunk, from: 0, rows: rows)
      guard !isStarted else { return count }
      isStarted = true
      // A pipe may give its first bytes one at a time.
      while count > 0, count < ZstdStream.magic.count, ZstdStream.magic.starts(with: chunk[..<count]) {
        let more = try readStored(into: &chunk, from: count, rows: rows)
        if more == 0 { break }
        count += more
      }
      guard chunk[..<count].starts(with: ZstdStream.magic) else { return count }
      guard let stream = ZstdStream(holding: chunk[..<count]) else {
        throw .unreadable(path: path, why: "there is no memory to unpack it")
      }
      zstd = stream
    }
    return try readUnpacked(into: &chunk, rows: rows)
  }

  private func readUnpacked(into chunk: inout [UInt8], rows: Int) throws(DataError) -> Int {
    guard let zstd else { return 0 }
    do {
      let count = try zstd.read(into: &chunk) { try readStored(into: &$0, from: 0, rows: rows) }
      if count == 0, zstd.isCutOff { throw DataError.truncatedZstd(path: path, rows: rows) }
      return count
    } catch let damage as ZstdStream.Damage {
      throw .corruptZstd(path: path, rows: rows, why: damage.why)
    } catch let error as DataError {
      throw error
    } catch {
      throw .unreadable(path: path, why: "\(error)")
    }
  }

  /// Reads behind the first `start` bytes of `chunk`.
  private func readStored(into chunk: inout [UInt8], from start: Int, rows: Int) throws(DataError) -> Int {
    let count = Int(cz_read(file, &chunk, Int64(start), Int64(chunk.count)))
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
