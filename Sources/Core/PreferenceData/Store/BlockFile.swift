import Foundation

/// The file behind a large `ExampleStore`: written once from front to end, then read anywhere. Other threads may read at
/// the same time.
final class BlockFile: Sendable {
  let path: String
  private let descriptor: Int32

  /// Makes a new file at `path`.
  init(creating path: String) throws {
    descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    self.path = path
    guard descriptor >= 0 else { throw DataError.unwritable(path: path, why: Self.reason()) }
  }

  /// Opens the file at `path` for reading; nil where there is none that can be read.
  init?(opening path: String) {
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    self.path = path
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Length in bytes.
  var count: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  func append(_ bytes: [UInt8], at position: Int) throws {
    var done = 0
    while done < bytes.count {
      let rest = done == 0 ? bytes : Array(bytes[done...])
      let written = pwrite(descriptor, rest, rest.count, off_t(position + done))
      guard written > 0 else {
        if written < 0, errno == EINTR { continue }
        throw DataError.unwritable(path: path, why: Self.reason())
      }
      done += written
    }
  }

  func bytes(in range: Range<Int>) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var done = 0
    while done < bytes.count {
      var part = done == 0 ? bytes : [UInt8](repeating: 0, count: bytes.count - done)
      let read = pread(descriptor, &part, part.count, off_t(range.lowerBound + done))
      guard read > 0 else {
        if read < 0, errno == EINTR { continue }
        throw DataError.damagedCache(path: path)
      }
      if done == 0, read == bytes.count { return part }
      bytes.replaceSubrange(done..<done + read, with: part[..<read])
      done += read
    }
    return bytes
  }

  func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw DataError.unwritable(path: path, why: Self.reason()) }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
