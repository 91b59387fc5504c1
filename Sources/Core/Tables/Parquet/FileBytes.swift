#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file that is read in parts at given positions. What is read is a copy: unlike with a memory map, a file
/// that another program cuts short meanwhile ends in an error, and nothing of it counts as memory of this program.
final class FileBytes {
  /// Length in bytes when the file was opened.
  let count: Int
  private let descriptor: Int32

  init(path: String) throws(ParquetFault) {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(Self.reason(errno)) }
    var status = stat()
    var why: String?
    if fstat(descriptor, &status) != 0 {
      why = Self.reason(errno)
    } else if status.st_mode & S_IFMT != S_IFREG {
      why = status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file"
    }
    guard why == nil, let count = Int(exactly: status.st_size) else {
      close(descriptor)
      throw .unreadable(why ?? "it is too large")
    }
    (self.descriptor, self.count) = (descriptor, count)
  }

  deinit { close(descriptor) }

  /// A copy of the bytes in `range`, which must lie inside the file.
  func read(_ range: Range<Int>) throws(ParquetFault) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= count else { throw .damaged("it is cut off") }
    var bytes = [UInt8](repeating: 0, count: range.count)
    let size = try fill(&bytes, from: range.lowerBound)
    guard size == range.count else { throw .unreadable("it was cut short while it was open") }
    return bytes
  }

  /// Fills `bytes` from its start; returns how many bytes the file had.
  private func fill(_ bytes: inout [UInt8], from start: Int) throws(ParquetFault) -> Int {
    let size = pread(descriptor, &bytes, bytes.count, off_t(start))
    if size == bytes.count || size == 0 { return size }
    if size < 0, errno != EINTR { throw .unreadable(Self.reason(errno)) }
    // A signal, or a file system that gives large requests in parts: the rest in pieces.
    var done = max(0, size)
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while done < bytes.count {
      let size = pread(descriptor, &piece, min(piece.count, bytes.count - done), off_t(start + done))
      if size < 0, errno == EINTR { continue }
      guard size >= 0 else { throw .unreadable(Self.reason(errno)) }
      guard size > 0 else { break }
      bytes.replaceSubrange(done..<done + size, with: piece[..<size])
      done += size
    }
    return done
  }

  private static func reason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
