import Control
import Dispatch
import Synchronization

/// A run as the rest of the program holds it: started once, steered by commands, watched through events.
///
/// Training has one serial background queue. The model is made, used and freed there; nothing of it ever crosses to
/// another thread, only `RunEvent`s out and `CommandRequest`s in.
public final class RunHandle: Sendable {
  public enum Outcome: Sendable {
    case finished(RunSummary)
    /// Preparation or training ended with an error that `ExitStatus` knows.
    case failed(any Error)
  }

  private let queue = DispatchQueue(label: "workbench.training", qos: .userInitiated)
  private let mailbox = CommandMailbox()
  private let observe: @Sendable (RunEvent) -> Void
  private let outcome = Mutex<Outcome?>(nil)
  private let over = DispatchGroup()

  /// - Parameter observe: called on the training queue for every event, in order; it must return at once.
  public init(observe: @escaping @Sendable (RunEvent) -> Void) {
    self.observe = observe
  }

  /// Prepares and trains on the training queue; returns at once. Call it once.
  public func start(_ plan: RunPlan) {
    over.enter()
    queue.async { [self] in
      let result: Outcome
      do {
        let loop = try RunPreparation(plan: plan, mailbox: mailbox, publish: observe).loop()
        let summary = try loop.run()
        observe(.stateChanged(.finished))
        observe(.finished(summary))
        result = .finished(summary)
      } catch {
        observe(.stateChanged(.failed("\(error)")))
        result = .failed(error)
      }
      outcome.withLock { $0 = result }
      over.leave()
    }
  }

  /// Never blocks. A command sent after the run's end is not answered.
  public func send(_ request: CommandRequest) { mailbox.put(request) }

  /// Blocks until the run is over.
  public func wait() -> Outcome {
    over.wait()
    return outcome.withLock { $0 } ?? .failed(TrainingError.setting("the run was never started"))
  }

  public var isOver: Bool { outcome.withLock { $0 != nil } }
}
