import Foundation
import Synchronization

/// Standard output of a run: whole lines, from any thread, never interleaved.
///
/// A run takes hours to make what other commands make again in a moment, so a line that cannot be written is kept: on a
/// full disk the lines wait, the run with them (`HeadlessRecorder`), and both go on where they were. A reader that has
/// gone does not come back, so nothing is kept for it.
final class RunOutput: Sendable {
  private struct State {
    /// From the first byte that is not written yet.
    var waiting: [UInt8] = []
    var reason: String?
    var readerIsGone = false
    var isTold = false
    var isGivenUp = false
  }

  private let state = Mutex(State())

  /// - Throws: `UnwritableOutput` where there is no standard output.
  init() throws {
    let flags = fcntl(STDOUT_FILENO, F_GETFL)
    guard flags >= 0, flags & O_ACCMODE != O_RDONLY else { throw UnwritableOutput("it is closed") }
  }

  func print(_ line: String) {
    state.withLock { state in
      guard !state.readerIsGone else { return }
      state.waiting += Array((line + "\n").utf8)
      Self.write(&state)
    }
  }

  /// Tries to write what waits.
  func retry() { state.withLock { Self.write(&$0) } }

  /// Nobody waits for what cannot be written any more; the run is about to end.
  func giveUp() { state.withLock { $0.isGivenUp = true } }

  /// One sentence while lines wait.
  var trouble: String? {
    state.withLock { $0.isGivenUp ? nil : $0.reason.map { UnwritableOutput($0).description } }
  }

  /// Whether whoever read the lines has closed the pipe; true once.
  var readerIsNewlyGone: Bool {
    state.withLock { state in
      defer { state.isTold = state.readerIsGone }
      return state.readerIsGone && !state.isTold
    }
  }

  /// At the end of the run; tries a last time.
  /// - Throws: `UnwritableOutput` if lines are missing.
  func finish() throws {
    retry()
    if let reason = state.withLock({ $0.reason }) {
      throw UnwritableOutput(reason + "; the lines that are missing are in the session's record")
    }
  }

  private static func write(_ state: inout State) {
    while !state.waiting.isEmpty {
      let written = Foundation.write(STDOUT_FILENO, state.waiting, state.waiting.count)
      if written >= 0 {
        state.waiting.removeFirst(written)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Somebody has told the pipe or terminal not to wait, so this does.
        var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&output, 1, -1)
      case EPIPE:
        state.readerIsGone = true
        state.waiting = []
      default:
        state.reason = String(cString: strerror(errno))
        return
      }
    }
    state.reason = nil
  }
}

/// Standard output does not take what is written.
struct UnwritableOutput: Error, CustomStringConvertible {
  var description: String

  init(_ why: String) { description = "standard output: cannot be written: \(why)" }
}
