import Foundation
import Synchronization

/// Whole lines on standard output, from any thread, never interleaved. When the reader has gone, writing stops and
/// `isBroken` says so.
final class LineOutput: Sendable {
  private let broken = Mutex(false)

  func print(_ line: String) {
    broken.withLock { broken in
      guard !broken else { return }
      do { try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) } catch { broken = true }
    }
  }

  var isBroken: Bool { broken.withLock { $0 } }
}
