import Dispatch
import Synchronization

/// How a job has ended.
public enum JobOutcome<Success: Sendable>: Sendable {
  case finished(Success)
  /// With an error that has one sentence for a person.
  case failed(any Error)
}

/// Work that takes long, as the rest of the program holds it: started once on a serial queue of its own, asked to stop
/// between two units of work, and waited for. What it says on its way it says through closures of its own.
public final class JobHandle<Success: Sendable>: Sendable {
  /// Asks the work to stop; the work looks at it between its units.
  public let cancellation = JobCancellation()

  private let queue: DispatchQueue
  private let outcome = Mutex<JobOutcome<Success>?>(nil)
  private let over = DispatchGroup()

  /// - Parameter label: names the queue for debuggers and profilers.
  public init(label: String) {
    queue = DispatchQueue(label: label, qos: .userInitiated)
  }

  /// Works on the job's queue; returns at once. Call it once.
  public func start(_ work: @escaping @Sendable () throws -> Success) {
    over.enter()
    queue.async { [self] in
      let result: JobOutcome<Success>
      do { result = .finished(try work()) } catch { result = .failed(error) }
      outcome.withLock { $0 = result }
      over.leave()
    }
  }

  /// Blocks until the job is over; nil at once for a job that was never started.
  public func wait() -> JobOutcome<Success>? {
    over.wait()
    return outcome.withLock { $0 }
  }

  public var isOver: Bool { outcome.withLock { $0 != nil } }
}
