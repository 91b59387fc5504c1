import CTerminal
import Foundation
import JSON
import Synchronization

/// Standard output of every command: whole lines, from any thread, never interleaved. Nothing is kept back, so a line is
/// written when the call returns, and a call that returns has written all of it.
///
/// This is the one place where text leaves for a terminal or a pipe: what would steer a terminal is replaced here
/// (`String.printable`). JSON lines have such characters escaped already and pass as they are.
final class StandardOutput: Sendable {
  static let shared = StandardOutput()
  let isTerminal = isatty(1) == 1
  /// Whether anything was written.
  private let isUsed = Mutex(false)

  /// Writes a line.
  /// - Throws: `OutputError`.
  func write(_ line: String) throws { try send(line.printable + "\n") }

  /// Writes text of many lines as it stands.
  /// - Throws: `OutputError`.
  func write(text: String) throws { try send(text.printableLines) }

  /// Ends the output: what a file system refuses only now, such as one over a network, is noticed too.
  /// - Throws: `OutputError`.
  func close() throws {
    try isUsed.withLock { isUsed in
      guard isUsed else { return }
      isUsed = false
      guard Foundation.close(1) == 0 || errno == EINTR else { throw OutputError(errno) }
    }
  }

  private func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    try isUsed.withLock { isUsed in
      isUsed = true
      let failure = ct_write_all(1, bytes, bytes.count)
      guard failure == 0 else { throw OutputError(failure) }
    }
  }
}

/// Why standard output takes no more.
enum OutputError: Error, CustomStringConvertible {
  /// Whoever read it has gone, as `head` does when it has enough.
  case readerGone
  /// By the system's number, such as ENOSPC.
  case refused(Int32)

  init(_ number: Int32) { self = number == EPIPE ? .readerGone : .refused(number) }

  var description: String {
    switch self {
    case .readerGone: "standard output: nobody reads it any more"
    case .refused(let number): "standard output: cannot be written: \(String(cString: strerror(number)))"
    }
  }

  /// What programs that only print do: the process dies of SIGPIPE, without a word. The shell's code for it is 141.
  static func dieOfBrokenPipe() -> Never {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    // Only where the signal is blocked.
    exit(128 + SIGPIPE)
  }
}
