import Control

/// Where a run begins that is the branch of another one.
public struct BranchOrigin: Sendable, Equatable {
  /// The parent's folder.
  public var session: String
  /// Optimizer steps complete at the checkpoint.
  public var step: Int
  /// Orders the prompts of each epoch and splits held-out ones off, whatever `training.seed` is.
  public var orderSeed: UInt64
  /// Settings that are taken from the run file; the others are the checkpoint's.
  public var fresh: Set<Setting.Key>

  public init(session: String, step: Int, orderSeed: UInt64, fresh: Set<Setting.Key> = []) {
    self.session = session
    self.step = step
    self.orderSeed = orderSeed
    self.fresh = fresh
  }
}
