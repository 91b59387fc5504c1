/// Where a run stands. Every change is asked for with a `RunCommand` and becomes true only when the trainer says so
/// with `RunEvent.stateChanged`; an observer never sets it by itself.
public enum RunState: Sendable, Equatable {
  /// Model, data or reference are being prepared; `RunEvent.loading` says what, and how far.
  case loading
  case running
  /// A pause was taken and takes effect when the step under way ends.
  case pausing(afterStep: Int)
  /// `atStep` optimizer steps are complete and none is under way.
  case paused(atStep: Int)
  /// A stop was taken: the step under way ends, then a checkpoint is written.
  case stopping
  case finished
  /// Training ended by itself (a NaN, a full disk); the message is one sentence.
  case failed(String)

  /// One upper-case word for a status line.
  public var word: String {
    switch self {
    case .loading: "LOADING"
    case .running: "RUNNING"
    case .pausing: "PAUSING"
    case .paused: "PAUSED"
    case .stopping: "STOPPING"
    case .finished: "FINISHED"
    case .failed: "FAILED"
    }
  }
}
