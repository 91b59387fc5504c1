import Control
import Preference
import Foundation
import Preference

/// Something about the run that a person should know, in plain words. An alarm changes nothing.
struct Alarm: Equatable, Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case notANumber, spike, displacement, saturatedLoss, drawsOne, length, divergence

    /// A few words for the first line.
    var title: String {
      switch self {
      case .notANumber: "not a number"
      case .spike: "spike"
      case .displacement: "both rewards fall"
      case .saturatedLoss: "nothing left to learn"
      case .drawsOne: "one negative drawn"
      case .length: "length rewarded"
      case .divergence: "far from the reference"
      }
    }
  }

  var kind: Kind
  /// One sentence: what is so, and what it may mean.
  var text: String
  /// The numbers it rests on.
  var numbers: String
}

/// The thresholds, and what they look at. A pure function of what the screen knows, so a replay raises the same alarms.
enum Alarms {
  /// Steps that the newest ones are compared with, and as many newest ones.
  static let window = 25
  /// Standard errors by which a mean must have moved.
  static let significance = 3.0
  /// σ(margin) above which the gradient of the logistic loss is below 1 % of its largest.
  static let saturatedMargin = 4.595
  static let leastESS = 1.2
  static let lengthCorrelation = 0.5
  /// Nats an answer. An answer's log-prob is some 10 to 100 nats below zero.
  static let divergence = 20.0
  /// A spike is told of for that many steps.
  static let spikeTime = 20

  static func active(_ run: ObservedRun) -> [Alarm] {
    guard run.lastStep != nil else { return [] }
    return [
      notANumber(run), spike(run), displacement(run), saturatedLoss(run), drawsOne(run),
      length(run), divergence(run),
    ].compactMap { $0 }
  }

  private static func notANumber(_ run: ObservedRun) -> Alarm? {
    guard let record = run.lastStep, !record.loss.isFinite || !record.gradientNorm.isFinite else { return nil }
    return Alarm(
      kind: .notANumber, text: "The loss or the gradient is no number; the update was not applied.",
      numbers: "step \(record.step): loss \(NumberText.plain(record.loss, decimals: 4)), gradient norm "
        + NumberText.plain(record.gradientNorm, decimals: 4))
  }

  private static func spike(_ run: ObservedRun) -> Alarm? {
    guard let step = run.metrics.anomalies.last, run.completedSteps - step < spikeTime,
      let loss = run.metrics[.loss].raw.value(at: step), let norm = run.metrics[.gradientNorm].raw.value(at: step),
      loss.isFinite, norm.isFinite
    else { return nil }
    return Alarm(
      kind: .spike, text: "Loss or gradient norm stood out from the 64 steps before; v, then N goes there.",
      numbers: "step \(step): loss \(NumberText.plain(loss, decimals: 4)), gradient norm "
        + "\(NumberText.plain(norm, decimals: 4)); robust z above \(NumberText.plain(Outliers.limit, decimals: 0))")
  }

  /// Likelihood displacement (Razin et al. 2024): the margin grows though the preferred answer gets less likely.
  private static func displacement(_ run: ObservedRun) -> Alarm? {
    let metrics = run.metrics
    guard let chosen = Change(metrics[.chosenReward].raw), let rejected = Change(metrics[.rejectedReward].raw),
      let margin = Change(metrics[.margin].raw), chosen.isFall, rejected.isFall, margin.isRise, chosen.after < 0
    else { return nil }
    return Alarm(
      kind: .displacement,
      text: "Both rewards fall while the margin grows: the policy moves away from the preferred answers too, to "
        + "something that is in neither; look at 7, or lower the learning rate, or raise β.",
      numbers: "chosen \(chosen.words), rejected \(rejected.words), margin \(margin.words) in \(window) steps")
  }

  /// The loss is −log σ(margin), so that a margin says how much there is left to learn; the margins of other losses stand
  /// for something else.
  private static func marginsAreLogits(_ description: RunDescription) -> Bool {
    LossRegistry.standard.loss(ofObjective: description.method)?.loss.traits.saturatesWithMargin ?? false
  }

  private static func saturatedLoss(_ run: ObservedRun) -> Alarm? {
    guard let description = run.description, marginsAreLogits(description), let low = run.metrics[.marginP10].raw.last,
      low > saturatedMargin
    else { return nil }
    return Alarm(
      kind: .saturatedLoss,
      text: "Nine of ten prompts are told apart for certain: their loss moves nothing any more.",
      numbers: "margin at p10 \(NumberText.signed(low)), where σ is "
        + "\(NumberText.plain(1 / (1 + exp(-low)), decimals: 4))")
  }

  private static func drawsOne(_ run: ObservedRun) -> Alarm? {
    guard let ess = run.metrics[.effectiveSampleSize].raw.recentMean(20), ess < leastESS,
      run.metrics[.effectiveSampleSize].raw.count >= 20
    else {
      return nil
    }
    // One negative a prompt is all there is.
    guard run.rewardSample.contains(where: { $0.count > 2 }) else { return nil }
    return Alarm(
      kind: .drawsOne,
      text: "The sampler draws nearly always the same negative of a prompt; a γ nearer to 0 draws more of them.",
      numbers: "mean ESS of the last 20 steps \(NumberText.plain(ess)), γ "
        + (run.presentGamma.map { NumberText.signed($0) } ?? "none"))
  }

  private static func length(_ run: ObservedRun) -> Alarm? {
    guard let correlation = run.lastEvaluation?.diagnostics?.lengthCorrelation, correlation.isFinite,
      abs(correlation) > lengthCorrelation
    else { return nil }
    return Alarm(
      kind: .length,
      text:
        "Implicit reward goes with length: \(correlation > 0 ? "longer" : "shorter") answers are preferred as such; "
        + "preference.normalise or rdpo counter it.",
      numbers: "correlation \(NumberText.signed(correlation)) over the held-out responses, step "
        + "\(run.lastEvaluation?.step ?? 0)")
  }

  private static func divergence(_ run: ObservedRun) -> Alarm? {
    guard let kl = run.lastEvaluation?.diagnostics?.policyKL, kl > divergence else { return nil }
    return Alarm(
      kind: .divergence,
      text: "The policy has moved far from the reference: its own answers are ones that the reference hardly gives.",
      numbers: "KL \(NumberText.plain(kl, decimals: 1)) nats an answer, step \(run.lastEvaluation?.step ?? 0)")
  }

  /// How a mean has moved from one window to the next.
  struct Change {
    var before: Double
    var after: Double
    /// (after − before) in its standard errors.
    var score: Double

    /// nil for a series that is too short, or holds what is no number.
    init?(_ series: Series) {
      let count = Alarms.window
      let values = series.values.suffix(2 * count)
      guard values.count == 2 * count, values.allSatisfy(\.isFinite) else { return nil }
      let (old, new) = (values.prefix(count), values.suffix(count))
      before = old.reduce(0, +) / Double(count)
      after = new.reduce(0, +) / Double(count)
      func variance(_ part: ArraySlice<Double>, _ mean: Double) -> Double {
        part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
      }
      let error = ((variance(old, before) + variance(new, after)) / Double(count)).squareRoot()
      score = error > 0 ? (after - before) / error : after == before ? 0 : (after > before ? .infinity : -.infinity)
    }

    var isFall: Bool { score < -Alarms.significance }
    var isRise: Bool { score > Alarms.significance }
    var words: String { "\(NumberText.signed(before)) → \(NumberText.signed(after))" }
  }
}

extension ObservedRun {
  /// After a step or an evaluation: what is new is an event as well.
  mutating func raiseAlarms() {
    let active = Alarms.active(self)
    for alarm in active where !alarms.contains(where: { $0.kind == alarm.kind }) {
      // One that comes and goes is told of once in a while.
      if let last = alarmNotes[alarm.kind], completedSteps - last < 2 * Alarms.window { continue }
      alarmNotes[alarm.kind] = completedSteps
      note("alarm: \(alarm.text) (\(alarm.numbers))", Style(.warning))
    }
    alarms = active
  }
}

extension ScreenState {
  var audibleAlarms: [Alarm] { run.alarms.filter { !view.mutedAlarms.contains($0.kind) } }
}
