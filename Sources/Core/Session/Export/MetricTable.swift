import Control
import Foundation

/// A session's numbers by step, under the names of the headless output: what CSV, TensorBoard and comparisons are made
/// of. Steps and the evaluation after a step share a row.
public struct MetricTable: Sendable {
  public struct Row: Sendable {
    public var step: Int
    public var time: Date
    /// nil where the row has no such number.
    public var values: [String: Double]
  }

  public static let stepColumns = [
    "epoch", "loss", "learning_rate", "grad_norm", "rewards/chosen", "rewards/rejected", "rewards/margins",
    "rewards/accuracies", "logps/chosen", "logps/rejected", "gamma", "ess", "kl", "num_tokens", "step_time",
  ]
  public static let evaluationColumns = [
    "eval_loss", "eval_rewards/chosen", "eval_rewards/rejected", "eval_rewards/margins", "eval_rewards/accuracies",
    "eval_logps/chosen", "eval_logps/rejected", "eval_margins/hardest", "eval_margins/mean",
    "eval_margins/rdpo_hardest",
    "eval_margins/rdpo_mean", "eval_ranking_accuracy", "eval_length_correlation", "eval_policy_kl", "eval_kl",
    "eval_runtime",
  ]

  public private(set) var rows: [Row] = []

  public init(_ reader: SessionReader) throws {
    try reader.forEach(visits: false) { recorded in
      switch recorded.event {
      case .step(let record): rows.append(Row(step: record.step, time: recorded.time, values: record.numbers))
      case .evaluation(let record):
        if rows.last?.step == record.step {
          rows[rows.count - 1].values.merge(record.numbers) { _, new in new }
        } else {
          rows.append(Row(step: record.step, time: recorded.time, values: record.numbers))
        }
      default: break
      }
    }
  }

  /// RFC 4180 with a header; empty where there is no number, and for one that is not finite.
  public func csv() -> String {
    let columns = Self.stepColumns + Self.evaluationColumns
    var text = (["step", "time"] + columns).joined(separator: ",") + "\r\n"
    for row in rows {
      let numbers = columns.map { name in row.values[name].map(Self.text) ?? "" }
      text += ([String(row.step), Self.text(row.time.timeIntervalSince1970)] + numbers).joined(separator: ",") + "\r\n"
    }
    return text
  }

  static func text(_ value: Double) -> String { value.isFinite ? "\(value)" : "" }
}

extension SessionReader {
  /// Every event of the run's line, in order.
  public func forEach(visits: Bool = true, _ body: (RecordedEvent) throws -> Void) throws {
    var cursor: Int64 = 0
    while case let page = try events(after: cursor, visits: visits), page.cursor != cursor {
      for event in page.events { try body(event) }
      cursor = page.cursor
    }
  }
}

extension StepRecord {
  var numbers: [String: Double] {
    var numbers = [
      "epoch": epoch, "loss": loss, "learning_rate": learningRate, "grad_norm": gradientNorm,
      "rewards/chosen": chosenReward, "rewards/rejected": rejectedReward, "rewards/margins": margin,
      "rewards/accuracies": accuracy, "logps/chosen": chosenLogProb, "logps/rejected": rejectedLogProb,
      "num_tokens": Double(tokens), "step_time": stepTime,
    ]
    numbers["gamma"] = gamma
    numbers["ess"] = ess
    numbers["kl"] = kl
    return numbers
  }
}

extension EvaluationRecord {
  var numbers: [String: Double] {
    var numbers = [
      "eval_loss": loss, "eval_rewards/chosen": chosenReward, "eval_rewards/rejected": rejectedReward,
      "eval_rewards/margins": margin, "eval_rewards/accuracies": accuracy, "eval_logps/chosen": chosenLogProb,
      "eval_logps/rejected": rejectedLogProb, "eval_margins/hardest": hardestMargin, "eval_margins/mean": meanMargin,
      "eval_runtime": runtime,
    ]
    if let diagnostics {
      numbers["eval_margins/rdpo_hardest"] = diagnostics.lengthHardestMargin
      numbers["eval_margins/rdpo_mean"] = diagnostics.lengthMeanMargin
      numbers["eval_ranking_accuracy"] = diagnostics.rankingAccuracy
      numbers["eval_length_correlation"] = diagnostics.lengthCorrelation
      numbers["eval_policy_kl"] = diagnostics.policyKL
      numbers["eval_kl"] = diagnostics.kl
    }
    return numbers
  }
}
