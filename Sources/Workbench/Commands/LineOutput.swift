import Synchronization

/// Standard output of a run, which must not end where it stands because nobody reads its lines. When a line cannot be
/// written, writing stops and `isBroken` says so.
final class LineOutput: Sendable {
  private let broken = Mutex(false)

  func print(_ line: String) {
    broken.withLock { broken in
      guard !broken else { return }
      do { try StandardOutput.shared.write(line) } catch { broken = true }
    }
  }

  var isBroken: Bool { broken.withLock { $0 } }
}
