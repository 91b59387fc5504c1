import Control
import Dispatch
import Synchronization

/// Where commands wait for the trainer. Any thread may put one in; only the training queue takes them out.
final class CommandMailbox: Sendable {
  private let pending = Mutex<[CommandRequest]>([])
  /// One signal a command. `take` leaves signals behind, so `wait` may wake to an empty box and waits on.
  private let arrived = DispatchSemaphore(value: 0)

  func put(_ request: CommandRequest) {
    pending.withLock { $0.append(request) }
    arrived.signal()
  }

  /// All waiting commands, oldest first; empty at once where there are none.
  func take() -> [CommandRequest] {
    pending.withLock { box in
      defer { box.removeAll() }
      return box
    }
  }

  /// Blocks until there is at least one command.
  func wait() -> [CommandRequest] {
    while true {
      arrived.wait()
      let taken = take()
      if !taken.isEmpty { return taken }
    }
  }

  /// Blocks until there is at least one command, or `seconds` have passed; empty then.
  func wait(seconds: Double) -> [CommandRequest] {
    let deadline = DispatchTime.now() + seconds
    while arrived.wait(timeout: deadline) == .success {
      let taken = take()
      if !taken.isEmpty { return taken }
    }
    return []
  }
}
