import Base
import Control

/// Every number of the run that a chart can show, by step.
struct Metrics: Sendable {
  var loss = SmoothedSeries()
  var chosenReward = SmoothedSeries()
  var rejectedReward = SmoothedSeries()
  var margin = SmoothedSeries()
  var accuracy = SmoothedSeries()
  var gradientNorm = SmoothedSeries()
  var stepTime = SmoothedSeries()
  var learningRate = Series()
  var gamma = Series()
  var ess = SmoothedSeries()
  var saturatedShare = Series()
  /// Percentiles of the per-prompt margins over the newest visits (`marginWindow`).
  var margin10 = Series()
  var margin50 = Series()
  var margin90 = Series()
  var evaluationLoss = Series()
  var evaluationMargin = Series()
  /// Steps whose loss or gradient norm is no number or far from those before it (`Outliers`).
  private(set) var anomalies: [Int] = []
  private var lossOutliers = Outliers()
  private var gradientOutliers = Outliers()
  private var recentMargins: [Double] = []
  private var nextMargin = 0
  /// Visits that the percentiles are taken over; one step alone has too few.
  static let marginWindow = 64
  private var recentVisits: [(visits: Int, seconds: Double)] = []

  mutating func add(_ record: StepRecord) {
    let step = record.step
    let standsOut = [lossOutliers.add(record.loss), gradientOutliers.add(record.gradientNorm)]
    if standsOut.contains(true), step > anomalies.last ?? 0 { anomalies.append(step) }
    loss.append(step: step, record.loss)
    chosenReward.append(step: step, record.chosenReward)
    rejectedReward.append(step: step, record.rejectedReward)
    margin.append(step: step, record.margin)
    accuracy.append(step: step, record.accuracy)
    gradientNorm.append(step: step, record.gradientNorm)
    stepTime.append(step: step, record.stepTime)
    learningRate.append(step: step, record.learningRate)
    if let value = record.gamma { gamma.append(step: step, value) }
    if let value = record.ess { ess.append(step: step, value) }
    if let value = record.saturatedShare { saturatedShare.append(step: step, value) }
    for visit in record.visits {
      if recentMargins.count < Self.marginWindow {
        recentMargins.append(visit.margin)
      } else {
        recentMargins[nextMargin] = visit.margin
        nextMargin = (nextMargin + 1) % Self.marginWindow
      }
    }
    let sorted = recentMargins.filter(\.isFinite).sorted()
    if !sorted.isEmpty {
      margin10.append(step: step, Quantile.ofSorted(sorted, share: 0.1))
      margin50.append(step: step, Quantile.ofSorted(sorted, share: 0.5))
      margin90.append(step: step, Quantile.ofSorted(sorted, share: 0.9))
    }
    if recentVisits.count == 20 { recentVisits.removeFirst() }
    recentVisits.append((record.visits.count, record.stepTime))
  }

  mutating func add(_ record: EvaluationRecord) {
    evaluationLoss.append(step: record.step, record.loss)
    evaluationMargin.append(step: record.step, record.hardestMargin)
  }

  /// Pairs a second over the last 20 steps.
  var pairsPerSecond: Double? {
    let seconds = recentVisits.reduce(0) { $0 + $1.seconds }
    guard seconds > 0, seconds.isFinite else { return nil }
    return Double(recentVisits.reduce(0) { $0 + $1.visits }) / seconds
  }

  /// Mean seconds a step over the last 20 steps.
  var recentStepTime: Double? { stepTime.raw.recentMean(20) }
}
