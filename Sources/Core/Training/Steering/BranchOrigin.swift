/// Where a run begins that is the branch of another one.
public struct BranchOrigin: Sendable, Equatable {
  /// Settings that a checkpoint holds and the run file as well.
  public enum Setting: String, Sendable, CaseIterable {
    case gamma, learningRate, beta

    /// In the run file.
    public var path: String {
      switch self {
      case .gamma: "preference.gamma"
      case .learningRate: "training.learning_rate"
      case .beta: "preference.beta"
      }
    }
  }

  /// The parent's folder.
  public var session: String
  /// Optimizer steps complete at the checkpoint.
  public var step: Int
  /// Orders the prompts of each epoch and splits held-out ones off, whatever `training.seed` is.
  public var orderSeed: UInt64
  /// Taken from the run file; the others are the checkpoint's.
  public var fresh: Set<Setting>

  public init(session: String, step: Int, orderSeed: UInt64, fresh: Set<Setting> = []) {
    self.session = session
    self.step = step
    self.orderSeed = orderSeed
    self.fresh = fresh
  }
}
