/// The settings of an objective that have defaults. What single losses read is in `values`, under the keys that they
/// declare in `PreferenceLoss.options`; an option that the loss does not use is refused.
public struct ObjectiveOptions: Sendable, Equatable {
  /// HPS: how many responses from the top are preferred (paper, Appendix E).
  public var preferred = 1
  /// HPS: w_k of the preferred ones, adding up to 1; 1/k each by default.
  public var preferredWeights: [Double]?
  /// Length normalisation of log-probs inside the loss; nil for the loss's own.
  public var normalise: Normalisation?
  /// Whose constants: see `Convention`.
  public var convention: Convention?
  /// What is set of the losses' own options, by key.
  public var values: [String: OptionValue] = [:]

  public init() {}

  /// nil where the key is not set, or set to a word.
  public func number(_ key: String) -> Double? {
    guard case .number(let number)? = values[key] else { return nil }
    return number
  }

  /// nil where the key is not set, or set to a number.
  public func word(_ key: String) -> String? {
    guard case .word(let word)? = values[key] else { return nil }
    return word
  }

  /// By an option that one loss declares; others may read the same key.
  public subscript(option: LossOption) -> Double? {
    get { number(option.key) }
    set { values[option.key] = newValue.map { .number($0) } }
  }
}

public enum Normalisation: String, CaseIterable, Sendable, Codable {
  /// Log-probs summed over the response's tokens.
  case sum
  /// Divided by the response's tokens.
  case mean
}

/// Whose constants a loss uses where its paper, its authors' code and TRL differ. Each loss says which of them it has;
/// without one, ipo is per token and all else as in the paper.
public enum Convention: String, CaseIterable, Sendable, Codable {
  case paper
  /// TRL 1.16.
  case trl
  /// The authors' code.
  case original
}

// MARK: - Refusals

extension ObjectiveOptions {
  /// More responses than any list has; keeps a mistyped number from allocating its weights.
  static let maximumPreferred = 10_000

  /// Throws one sentence for an option that the loss would ignore under `model`, or a value outside its range.
  ///
  /// - Parameter registry: whose losses are named as readers of an option that this one does not read.
  func validate(
    for parameterization: Parameterization, model: PreferenceModel, registry: LossRegistry
  ) throws(PreferenceError) {
    let (traits, own) = (parameterization.loss.traits, parameterization.loss.options)
    try validatePreferred()
    try refuseUnread(for: parameterization, model: model, registry: registry)
    for option in registry.options {
      guard let value = values[option.key], let option = own.first(where: { $0.key == option.key }) else { continue }
      try option.check(value)
    }
    for pair in traits.alternatives where values[pair.first.key] != nil && values[pair.second.key] != nil {
      throw .alternativesTogether(pair.first.key, pair.second.key, thing: pair.thing)
    }
    if normalise != nil, case .fixed = traits.normalisation { throw .normaliseFixed(parameterization) }
    guard let convention else { return }
    let allowed = traits.conventions(model)
    guard allowed.contains(convention) else {
      throw .conventionMissing(convention, parameterization, model, allowed: allowed)
    }
    if normalise != nil { throw .conventionFixes(convention, option: "normalise") }
    for option in own where option.fixedBy.contains(convention) && values[option.key] != nil {
      throw .conventionFixes(convention, option: option.key)
    }
  }

  private func refuseUnread(
    for parameterization: Parameterization, model: PreferenceModel, registry: LossRegistry
  ) throws(PreferenceError) {
    for option in registry.options where values[option.key] != nil {
      guard let own = parameterization.loss.options.first(where: { $0.key == option.key }) else {
        throw .optionUnused(option: option.key, parameterization: parameterization, allowed: option.readers)
      }
      guard own.models.contains(model) else {
        throw .optionUnusedUnder(
          option: option.key, parameterization: parameterization, model: model, allowed: own.models)
      }
    }
    let known = Set(registry.options.map(\.key))
    if let stranger = values.keys.sorted().first(where: { !known.contains($0) }) { throw .optionUnknown(stranger) }
  }

  private func validatePreferred() throws(PreferenceError) {
    guard (1...Self.maximumPreferred).contains(preferred) else { throw .preferredCount(preferred) }
    guard let weights = preferredWeights else { return }
    guard weights.count == preferred else { throw .weightCount(expected: preferred, got: weights.count) }
    for weight in weights where !(weight.isFinite && weight >= 0) { throw .weightNegative(weight) }
    let sum = weights.reduce(0, +)
    guard abs(sum - 1) < 1e-9 else { throw .weightSum(sum) }
  }
}
