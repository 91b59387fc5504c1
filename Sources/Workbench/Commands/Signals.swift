import Dispatch
import Foundation
import Synchronization

/// INT, TERM and HUP as calls: the first asks for a clean end, the second one kills at once.
final class SignalWatch {
  private var sources: [any DispatchSourceSignal] = []

  /// - Parameter first: called once, on a private queue, for the first signal of any kind.
  init(first: @escaping @Sendable (Int32) -> Void) {
    let queue = DispatchQueue(label: "workbench.signals")
    let seen = SeenOnce()
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // The default action must go for the source to see the signal.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if seen.first() {
          first(number)
        } else {
          signal(number, SIG_DFL)
          raise(number)
        }
      }
      source.resume()
      sources.append(source)
    }
  }

  private final class SeenOnce: Sendable {
    private let seen = Mutex(false)

    /// True for the first caller only.
    func first() -> Bool {
      seen.withLock { seen in
        defer { seen = true }
        return !seen
      }
    }
  }
}
