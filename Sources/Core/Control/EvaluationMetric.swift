/// A number of an evaluation by which checkpoints are compared: `training.metric_for_best_model`, one of
/// `Metric.checkpointMetrics`.
public struct EvaluationMetric: RawRepresentable, CaseIterable, Sendable, Equatable {
  public let metric: Metric

  public var rawValue: String { metric.key }

  public init?(rawValue: String) {
    guard let metric = Metric.checkpointMetrics.first(where: { $0.key == rawValue }) else { return nil }
    self.metric = metric
  }

  public static var allCases: [EvaluationMetric] {
    Metric.checkpointMetrics.compactMap { EvaluationMetric(rawValue: $0.key) }
  }

  package func value(_ record: EvaluationRecord) -> Double { record.values.number(metric) }

  package func isBetter(_ value: Double, than other: Double) -> Bool {
    metric.better == .lower ? value < other : value > other
  }
}
