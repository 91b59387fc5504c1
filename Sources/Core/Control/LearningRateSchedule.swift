import Foundation

/// The learning rate of each optimizer step, with the shapes and the off-by-ones of `transformers.get_scheduler`: step 1
/// runs at λ(0), so a warm-up begins at 0 and `cosine` ends just above it.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case linear, cosine, constant
    case constantWithWarmup = "constant_with_warmup"
  }

  public var kind: Kind
  /// The peak rate. May be changed during a run; the shape stays.
  public var base: Double
  public var totalSteps: Int
  public var warmupSteps: Int

  public init(kind: Kind, base: Double, totalSteps: Int, warmupRatio: Double) {
    self.kind = kind
    self.base = base
    self.totalSteps = totalSteps
    warmupSteps = Int((Double(totalSteps) * warmupRatio).rounded(.up))
  }

  /// - Parameter step: optimizer step, counted from 1.
  public func value(step: Int) -> Double {
    base * factor(completedSteps: step - 1)
  }

  /// λ(s) of the scheduler after s complete steps.
  func factor(completedSteps s: Int) -> Double {
    if kind == .constant { return 1 }
    if s < warmupSteps { return Double(s) / Double(max(1, warmupSteps)) }
    let span = Double(max(1, totalSteps - warmupSteps))
    switch kind {
    case .constant, .constantWithWarmup: return 1
    case .linear: return max(0, Double(totalSteps - s) / span)
    case .cosine: return max(0, 0.5 * (1 + cos(.pi * Double(s - warmupSteps) / span)))
    }
  }
}
