import Control

/// A number of every step that a run measures beside its own, such as one that somebody tries out. It goes wherever the
/// catalogue's metrics go.
public struct ExtraMetric: Sendable {
  public let metric: Metric
  /// From the step's own numbers and the settings in force during it; nil where this step has none.
  public let value: @Sendable (StepRecord, [Setting.Key: Double]) -> Double?

  /// - Parameter metric: of a key that neither the catalogue nor a line has.
  public init(_ metric: Metric, value: @escaping @Sendable (StepRecord, [Setting.Key: Double]) -> Double?) {
    precondition(
      !Metric.catalogue.contains(metric) && !Metric.reserved.contains(metric.key),
      "\(metric.key) is the name of something else")
    self.metric = metric
    self.value = value
  }
}
