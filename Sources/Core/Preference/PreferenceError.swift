/// Why an objective, schedule or override was refused. `description` is one sentence; the words live here only.
public enum PreferenceError: Error, Equatable, Sendable, CustomStringConvertible {
  case betaNotPositive(Double)
  case estimatorWithoutHPS(Estimator, PreferenceModel)
  /// `others` are the losses that have it.
  case estimatorMissing(Estimator, Parameterization, allowed: [Estimator], others: [Parameterization])
  case modelMissing(PreferenceModel, Parameterization, allowed: [PreferenceModel])
  case preferredNeedsHPS(Int, PreferenceModel)
  case preferredCount(Int)
  case weightCount(expected: Int, got: Int)
  case weightSum(Double)
  case weightNegative(Double)
  case optionUnused(option: String, parameterization: Parameterization, allowed: [Parameterization])
  case optionUnusedUnder(
    option: String, parameterization: Parameterization, model: PreferenceModel, allowed: [PreferenceModel])
  case optionUnknown(String)
  case optionRange(option: String, value: String, allowed: String)
  case conventionMissing(Convention, Parameterization, PreferenceModel, allowed: [Convention])
  case conventionFixes(Convention, option: String)
  case alternativesTogether(String, String, thing: String)
  case normaliseFixed(Parameterization)
  case gammaNotFinite(Double)
  case rampSteps(Int)
  case stepNotPositive(Int)
  case stairs(Int)
  case piecewiseEmpty
  case piecewiseFraction(Double)
  case piecewiseOrder(Double, Double)

  public var description: String {
    switch self {
    case .betaNotPositive(let beta):
      return "beta is \(beta), but must be a finite number above 0"
    case .estimatorWithoutHPS(let estimator, let model):
      return "estimator \(estimator.rawValue) belongs to model hps; model \(model.rawValue) has no sampler"
    case .estimatorMissing(let estimator, let parameterization, let allowed, let others):
      let why = estimator == .sampleN ? " keeps N inside −log σ and" : ""
      let names = others.map(\.rawValue).joined(separator: ", ")
      let instead = allowed.map(\.rawValue).joined(separator: " or ")
      return "estimator \(estimator.rawValue)\(why) exists for \(names) only, not for \(parameterization.rawValue); "
        + "use \(instead)"
    case .modelMissing(let model, let parameterization, let allowed):
      let names = allowed.map(\.rawValue).joined(separator: " or ")
      return "\(parameterization.rawValue) is not defined under model \(model.rawValue); it has \(names)"
    case .preferredNeedsHPS(let count, let model):
      return "preferred: \(count) belongs to model hps; model \(model.rawValue) has one preferred response"
    case .preferredCount(let count):
      return "preferred is \(count), but must be from 1 to \(ObjectiveOptions.maximumPreferred)"
    case .weightCount(let expected, let got):
      return "preferred_weights has \(got) numbers, but preferred is \(expected)"
    case .weightSum(let sum):
      return "preferred_weights add up to \(sum), but must add up to 1"
    case .weightNegative(let weight):
      return "preferred_weights has \(weight), but each must be a finite number from 0 on"
    case .optionUnused(let option, let parameterization, let allowed):
      let names = allowed.map(\.rawValue).joined(separator: ", ")
      return "\(option) has no meaning for \(parameterization.rawValue); it belongs to \(names)"
    case .optionUnusedUnder(let option, let parameterization, let model, let allowed):
      let names = allowed.map(\.rawValue).joined(separator: " or ")
      return "\(option) has no meaning for \(parameterization.rawValue) under model \(model.rawValue); it belongs to "
        + "model \(names)"
    case .optionUnknown(let option):
      return "\(option) is an option of no loss"
    case .optionRange(let option, let value, let allowed):
      return "\(option) is \(value), but must be \(allowed)"
    case .conventionMissing(let convention, let parameterization, let model, let allowed):
      let names = allowed.map(\.rawValue).joined(separator: " or ")
      return
        "\(parameterization.rawValue) under model \(model.rawValue) has no convention \(convention.rawValue); it has "
        + names
    case .conventionFixes(let convention, let option):
      return "convention \(convention.rawValue) fixes \(option); leave out one of the two"
    case .alternativesTogether(let first, let second, let thing):
      return "\(first) and \(second) set the same \(thing); give one of them"
    case .normaliseFixed(let parameterization):
      return "\(parameterization.rawValue) has a fixed length normalisation; leave out normalise"
    case .gammaNotFinite(let gamma):
      return "gamma is \(gamma), but must be a finite number"
    case .rampSteps(let steps):
      return "a ramp over \(steps) steps is not possible; give at least 1"
    case .stepNotPositive(let step):
      return "step \(step) does not exist; steps are counted from 1"
    case .stairs(let stairs):
      return "stairs is \(stairs), but must be from 1 to \(GammaSchedule.maximumStairs)"
    case .piecewiseEmpty:
      return "a piecewise gamma schedule needs at least one point"
    case .piecewiseFraction(let fraction):
      return "a piecewise gamma schedule has the fraction \(fraction), but fractions lie from 0 to 1"
    case .piecewiseOrder(let first, let second):
      return "a piecewise gamma schedule goes from fraction \(first) back to \(second); fractions may not fall"
    }
  }
}
