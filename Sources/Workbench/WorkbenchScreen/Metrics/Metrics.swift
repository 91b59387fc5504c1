import Base
import Control

/// Every number of the run that a chart can show, by key and step.
struct Metrics: Sendable {
  private static let empty = SmoothedSeries()

  private var series: [ChartedMetric.Key: SmoothedSeries] = [:]
  /// Keys that are not in the table of charted metrics, in the order in which they came.
  private(set) var others: [ChartedMetric.Key] = []
  /// Steps whose loss or gradient norm is no number or far from those before it (`Outliers`).
  private(set) var anomalies: [Int] = []
  private var lossOutliers = Outliers()
  private var gradientOutliers = Outliers()
  private var margins = RecentMargins()
  private var recentVisits: [(visits: Int, seconds: Double)] = []

  /// Empty for a metric that this run has not had so far.
  subscript(key: ChartedMetric.Key) -> SmoothedSeries { series[key] ?? Self.empty }

  mutating func append(_ key: ChartedMetric.Key, step: Int, _ value: Double) {
    if series[key] == nil {
      let foreseen = ChartedMetric.foreseen[key]
      series[key] = SmoothedSeries(isSmoothed: foreseen?.isSmoothed ?? true)
      if foreseen == nil { others.append(key) }
    }
    series[key]?.append(step: step, value)
  }

  mutating func add(_ record: StepRecord) {
    let step = record.step
    let standsOut = [lossOutliers.add(record.loss), gradientOutliers.add(record.gradientNorm)]
    if standsOut.contains(true), step > anomalies.last ?? 0 { anomalies.append(step) }
    for visit in record.visits { margins.add(visit.margin) }
    let sorted = margins.sorted
    for metric in ChartedMetric.table {
      switch metric.source {
      case .step(let read): if let value = read(record) { append(metric.key, step: step, value) }
      case .marginPercentile(let share):
        if !sorted.isEmpty { append(metric.key, step: step, Quantile.ofSorted(sorted, share: share)) }
      case .evaluation: break
      }
    }
    addUnforeseen(record.values, step: step)
    if recentVisits.count == 20 { recentVisits.removeFirst() }
    recentVisits.append((record.visits.count, record.stepTime))
  }

  mutating func add(_ record: EvaluationRecord) {
    for metric in ChartedMetric.table {
      if case .evaluation(let read) = metric.source, let value = read(record) {
        append(metric.key, step: record.step, value)
      }
    }
    addUnforeseen(record.values, step: record.step)
  }

  /// What the catalogue of metrics does not know is drawn in a chart of its own.
  private mutating func addUnforeseen(_ values: MetricValues, step: Int) {
    for key in values.keys(beside: Metric.catalogue) {
      if let value = values[key] { append(ChartedMetric.Key(key), step: step, value) }
    }
  }

  /// Pairs a second over the last 20 steps.
  var pairsPerSecond: Double? {
    let seconds = recentVisits.reduce(0) { $0 + $1.seconds }
    guard seconds > 0, seconds.isFinite else { return nil }
    return Double(recentVisits.reduce(0) { $0 + $1.visits }) / seconds
  }

  /// Mean seconds a step over the last 20 steps.
  var recentStepTime: Double? { self[.stepTime].raw.recentMean(20) }
}

/// The per-prompt margins of the newest visits; one step alone has too few for percentiles.
struct RecentMargins: Sendable {
  static let capacity = 64
  private var values: [Double] = []
  private var next = 0

  mutating func add(_ margin: Double) {
    if values.count < Self.capacity {
      values.append(margin)
    } else {
      values[next] = margin
      next = (next + 1) % Self.capacity
    }
  }

  /// Those that are numbers, ascending.
  var sorted: [Double] { values.filter(\.isFinite).sorted() }
}
