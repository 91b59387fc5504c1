import Control
import Foundation

/// A setting of a run that a person can change while it trains. `all` is the only place that says which there are: keys,
/// editor, what-if, acknowledgements, undo and the branch form speak of settings in general.
struct SteerableSetting: Sendable {
  /// As control input and a branch's form name it.
  enum Key: String, CaseIterable, Sendable {
    case gamma
    case learningRate = "learning_rate"
    case beta
  }

  /// What one press of an arrow does.
  enum Step: Sendable {
    /// Adds so much; the sum is rounded to so many decimals, so that ten small steps are exactly one large one.
    case add(small: Double, large: Double, decimals: Int?)
    case multiply(small: Double, large: Double)
  }

  let key: Key
  /// The run file's path to it.
  let path: String
  /// "the learning rate"; "learning rate" in an event; "peak learning rate" where the value itself is meant; "lr " before
  /// the value on a chart.
  let title: String
  let name: String
  let valueName: String
  let mark: String
  /// What its key says in the hint line and in help, and where in the hint line.
  let keyOnScreen: Character
  let hint: String
  let help: String
  let rank: Int?
  /// The value in full, and as short as a mark on a chart has to be.
  let format: @Sendable (Double) -> String
  let markFormat: @Sendable (Double) -> String
  let step: Step
  /// Where arrows stop.
  let reach: ClosedRange<Double>
  /// Why a value is refused; nil if it is not.
  let refusal: @Sendable (Double) -> String?
  /// It can be ramped, set at a given step and given back to the run's schedule.
  let isScheduled: Bool
  /// What applying it means, after "Enter: from about step N on".
  let consequence: String
  /// A value as an example for a branch.
  let example: String
  /// The value in force; nil where the run has none.
  let present: @Sendable (ObservedRun) -> Double?
  /// Why this run does not have it; nil if it does.
  var obstacle: @Sendable (ObservedRun) -> String? = { _ in nil }

  static let all: [SteerableSetting] = [gamma, learningRate, beta]

  static func of(_ key: Key) -> SteerableSetting {
    switch key {
    case .gamma: gamma
    case .learningRate: learningRate
    case .beta: beta
    }
  }

  /// γ beyond this is refused; q is 0 or 1 long before.
  static let gammaLimit = 1_000.0

  private static let gamma = SteerableSetting(
    key: .gamma, path: "preference.gamma", title: "γ", name: "γ", valueName: "γ", mark: "γ", keyOnScreen: "g",
    hint: "gamma", help: "Edit γ; its effect is shown before Enter applies it", rank: 2,
    format: { NumberText.signed($0) }, markFormat: { NumberText.signed($0, decimals: 1) },
    step: .add(small: 0.1, large: 1, decimals: 2), reach: -gammaLimit...gammaLimit,
    refusal: { abs($0) > gammaLimit ? "must lie between -1000 and 1000" : nil }, isScheduled: true,
    consequence: ", until changed or returned to the schedule", example: "2.5", present: { $0.presentGamma },
    obstacle: { $0.obstacleToGamma })

  private static let learningRate = SteerableSetting(
    key: .learningRate, path: "training.learning_rate", title: "the learning rate", name: "learning rate",
    valueName: "peak learning rate", mark: "lr ", keyOnScreen: "l", hint: "rate",
    help: "Edit the learning rate: the peak of its schedule", rank: 9, format: { NumberText.scientific($0) },
    markFormat: { NumberText.scientific($0) }, step: .multiply(small: 1.1, large: 2), reach: 0...1,
    refusal: { $0 < 0 || $0 > 1 ? "must lie between 0 and 1" : nil }, isScheduled: false,
    consequence: ", as the schedule's peak; its shape stays", example: "1e-4", present: { $0.peakLearningRate })

  private static let beta = SteerableSetting(
    key: .beta, path: "preference.beta", title: "β", name: "β", valueName: "β", mark: "β", keyOnScreen: "b",
    hint: "beta", help: "Edit β", rank: nil, format: { NumberText.plain($0, decimals: 3) },
    markFormat: { NumberText.plain($0) }, step: .add(small: 0.01, large: 0.1, decimals: nil), reach: 0.001...100,
    refusal: { $0 <= 0 ? "must be greater than 0" : nil }, isScheduled: false,
    consequence: "; margins before and after are on different scales", example: "0.2", present: { $0.presentBeta })
}

extension SteerableSetting {
  /// The value after one press of an arrow.
  /// - Parameter direction: 1 for more, −1 for less.
  func stepped(_ value: Double, _ direction: Int, large: Bool) -> Double {
    let sign = Double(direction)
    switch step {
    case .add(let small, let big, let decimals):
      let moved = bounded(value + sign * (large ? big : small))
      guard let decimals else { return moved }
      let unit = pow(10, Double(decimals))
      return (moved * unit).rounded() / unit
    case .multiply(let small, let big): return bounded(value * pow(large ? big : small, sign))
    }
  }

  private func bounded(_ value: Double) -> Double { max(reach.lowerBound, min(reach.upperBound, value)) }
}
