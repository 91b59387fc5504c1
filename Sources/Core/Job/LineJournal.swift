import Foundation

/// The file that a stage writes its lines to, so that the same command goes on where it ended: a line counts once its
/// newline is written, and one that was cut off when its process died is taken back. One process writes it at a time.
public final class LineJournal {
  public let path: String
  /// Whole lines in the file.
  public private(set) var lines = 0

  private let descriptor: Int32

  /// Opens the file, or makes it.
  /// - Parameter accept: called with every whole line that is there already, in order; throws for a line that was made with
  ///   other settings than the stage's.
  /// - Throws: `JobError`, and what `accept` throws.
  public init(path: String, accept: (String) throws -> Void = { _ in }) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw JobError.unwritable(path, why: String(cString: strerror(errno))) }
    // A device has no last line, and some are read without an end.
    var about = stat()
    guard fstat(descriptor, &about) == 0, about.st_mode & S_IFMT == S_IFREG else {
      throw JobError.unwritable(path, why: "it is not a file")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw JobError.inUse(path) }
    try recover(accept)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Writes a line; it is on its way to the disk when the call returns.
  /// - Parameter line: without a newline in it.
  /// - Throws: `JobError.unwritable`; the file then ends with its last whole line.
  public func append(_ line: String) throws {
    let bytes = Array((line + "\n").utf8)
    let end = lseek(descriptor, 0, SEEK_END)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        let why = String(cString: strerror(errno))
        ftruncate(descriptor, end)
        throw JobError.unwritable(path, why: why)
      }
      written += count
    }
    lines += 1
  }

  /// Hands the whole lines to `accept` and cuts off what follows the last newline.
  private func recover(_ accept: (String) throws -> Void) throws {
    var rest: [UInt8] = []
    var kept: off_t = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw JobError.unwritable(path, why: String(cString: strerror(errno))) }
      guard count > 0 else { break }
      for byte in buffer[..<count] {
        guard byte == 0x0A else {
          rest.append(byte)
          continue
        }
        try accept(String(decoding: rest, as: UTF8.self))
        kept += off_t(rest.count + 1)
        lines += 1
        rest.removeAll(keepingCapacity: true)
      }
    }
    guard !rest.isEmpty else { return }
    guard ftruncate(descriptor, kept) == 0 else {
      throw JobError.unwritable(path, why: String(cString: strerror(errno)))
    }
  }
}

/// Why a job's file cannot be used (exit code 5).
public enum JobError: Error, Equatable, CustomStringConvertible {
  case unwritable(String, why: String)
  case inUse(String)

  public var description: String {
    switch self {
    case .unwritable(let path, let why): "\(path): cannot be written: \(why)"
    case .inUse(let path): "\(path): another process is writing it"
    }
  }
}
