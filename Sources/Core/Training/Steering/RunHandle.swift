import Control
import Job

/// A run as the rest of the program holds it: started once, steered by commands, watched through events.
///
/// Training has one serial background queue. The model is made, used and freed there; nothing of it ever crosses to
/// another thread, only `RunEvent`s out and `CommandRequest`s in.
public final class RunHandle: Sendable {
  /// A failure is an error of preparation or training that `ExitStatus` knows.
  public typealias Outcome = JobOutcome<RunSummary>

  private let job = JobHandle<RunSummary>(label: "workbench.training")
  private let mailbox = CommandMailbox()
  private let observe: @Sendable (RunEvent) -> Void

  /// - Parameter observe: called on the training queue for every event, in order; it must return at once.
  public init(observe: @escaping @Sendable (RunEvent) -> Void) {
    self.observe = observe
  }

  /// Prepares and trains on the training queue; returns at once. Call it once.
  public func start(_ plan: RunPlan) {
    job.start { [self] in
      do {
        let loop = try TrainingLoop.prepared(plan, mailbox: mailbox, publish: observe)
        let summary = try loop.run()
        observe(.stateChanged(.finished))
        observe(.finished(summary))
        return summary
      } catch {
        observe(.stateChanged(.failed("\(error)")))
        throw error
      }
    }
  }

  /// Never blocks. A command sent after the run's end is not answered.
  public func send(_ request: CommandRequest) { mailbox.put(request) }

  /// Blocks until the run is over.
  public func wait() -> Outcome {
    job.wait() ?? .failed(TrainingError.setting("the run was never started"))
  }

  public var isOver: Bool { job.isOver }
}
