import Control

/// A number of the run that the screen draws over its steps. `table` is the only place that says which there are; a
/// number under any other key is drawn by `OtherMetricsPane`.
struct ChartedMetric: Sendable {
  /// The name in the headless output, where it has one.
  struct Key: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    let name: String
    init(_ name: String) { self.name = name }
    init(stringLiteral name: String) { self.name = name }
    var description: String { name }
  }

  /// How it is read off the run's records; nil: this record has none.
  enum Source: Sendable {
    case step(@Sendable (StepRecord) -> Double?)
    case evaluation(@Sendable (EvaluationRecord) -> Double?)
    /// A percentile, 0…1, of the margins of the newest visits.
    case marginPercentile(Double)
  }

  let key: Key
  let source: Source
  /// The pane that draws it.
  let pane: Pane.ID
  /// Its moving averages are kept as well.
  let isSmoothed: Bool

  static let table: [ChartedMetric] = [
    ChartedMetric(key: .loss, source: .step { $0.loss }, pane: .loss, isSmoothed: true),
    ChartedMetric(key: .chosenReward, source: .step { $0.chosenReward }, pane: "rewards", isSmoothed: true),
    ChartedMetric(key: .rejectedReward, source: .step { $0.rejectedReward }, pane: "rewards", isSmoothed: true),
    ChartedMetric(key: .margin, source: .step { $0.margin }, pane: "overlayMargin", isSmoothed: true),
    ChartedMetric(key: .accuracy, source: .step { $0.accuracy }, pane: "rewards", isSmoothed: true),
    ChartedMetric(key: .gradientNorm, source: .step { $0.gradientNorm }, pane: "gradient", isSmoothed: true),
    ChartedMetric(key: .stepTime, source: .step { $0.stepTime }, pane: "speed", isSmoothed: true),
    ChartedMetric(key: .learningRate, source: .step { $0.learningRate }, pane: "learningRate", isSmoothed: false),
    ChartedMetric(key: .gamma, source: .step { $0.gamma }, pane: "gamma", isSmoothed: false),
    ChartedMetric(key: .effectiveSampleSize, source: .step { $0.ess }, pane: .sampled, isSmoothed: true),
    ChartedMetric(key: .saturatedShare, source: .step { $0.saturatedShare }, pane: .sampled, isSmoothed: false),
    ChartedMetric(key: .marginP10, source: .marginPercentile(0.1), pane: "margin", isSmoothed: false),
    ChartedMetric(key: .marginP50, source: .marginPercentile(0.5), pane: "margin", isSmoothed: false),
    ChartedMetric(key: .marginP90, source: .marginPercentile(0.9), pane: "margin", isSmoothed: false),
    ChartedMetric(key: .evaluationLoss, source: .evaluation { $0.loss }, pane: .loss, isSmoothed: false),
  ]

  /// By key.
  static let foreseen = Dictionary(uniqueKeysWithValues: table.map { ($0.key, $0) })
}

extension ChartedMetric.Key {
  static let loss: Self = "loss"
  static let chosenReward: Self = "rewards/chosen"
  static let rejectedReward: Self = "rewards/rejected"
  static let margin: Self = "rewards/margins"
  static let accuracy: Self = "rewards/accuracies"
  static let gradientNorm: Self = "grad_norm"
  static let stepTime: Self = "step_time"
  static let learningRate: Self = "learning_rate"
  static let gamma: Self = "gamma"
  static let effectiveSampleSize: Self = "ess"
  static let saturatedShare: Self = "saturated_share"
  static let marginP10: Self = "rewards/margins/p10"
  static let marginP50: Self = "rewards/margins/p50"
  static let marginP90: Self = "rewards/margins/p90"
  static let evaluationLoss: Self = "eval_loss"
}
