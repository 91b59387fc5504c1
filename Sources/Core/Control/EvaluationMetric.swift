/// A number of an evaluation by which checkpoints are compared: `training.metric_for_best_model`.
public enum EvaluationMetric: String, Sendable, CaseIterable, Equatable {
  case loss = "eval_loss"
  case accuracy = "eval_rewards/accuracies"
  case margin = "eval_rewards/margins"
  case hardestMargin = "eval_margins/hardest"
  case meanMargin = "eval_margins/mean"

  package func value(_ record: EvaluationRecord) -> Double {
    switch self {
    case .loss: record.loss
    case .accuracy: record.accuracy
    case .margin: record.margin
    case .hardestMargin: record.hardestMargin
    case .meanMargin: record.meanMargin
    }
  }

  /// A lower loss is better; of all others, more.
  package func isBetter(_ value: Double, than other: Double) -> Bool { self == .loss ? value < other : value > other }
}
