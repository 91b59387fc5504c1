import Dispatch
import Foundation

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
    private let lock = DispatchSemaphore(value: 1)

    /// True for the first caller only; the semaphore is never given back.
    func first() -> Bool { lock.wait(timeout: .now()) == .success }
  }
}
