import Synchronization

/// A request to stop, made on any thread and seen by a job between two units of its work. What is done by then stays done.
public final class JobCancellation: Sendable {
  private let isAsked = Atomic<Bool>(false)

  public init() {}

  public func cancel() { isAsked.store(true, ordering: .releasing) }

  public var isCancelled: Bool { isAsked.load(ordering: .acquiring) }

  /// - Throws: `JobCancelled` once `cancel` was called.
  public func check() throws(JobCancelled) {
    if isCancelled { throw JobCancelled() }
  }
}

/// A job ended because somebody asked it to (exit code 130).
public struct JobCancelled: Error, Equatable, CustomStringConvertible {
  public init() {}

  public var description: String { "stopped before the end, as it was asked to" }
}
