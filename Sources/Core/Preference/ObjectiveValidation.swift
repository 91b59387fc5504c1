/// Refusal of options that a parameterization would ignore, and of values outside their range.
extension Objective {
  /// An option of single losses: who reads it.
  private struct OptionRule {
    let name: String
    let isSet: Bool
    let readers: [Parameterization]
    /// The models under which one of the readers reads it; all where a reader is not named here.
    var models: [Parameterization: [PreferenceModel]] = [:]
  }

  /// Every option that not all parameterizations read. Under pl the pair's label of exo and the rewards' temperature of
  /// its list change places.
  private static func rules(_ options: ObjectiveOptions) -> [OptionRule] {
    [
      OptionRule(
        name: "label_smoothing", isSet: options.labelSmoothing != nil, readers: [.exo, .cdpo, .robust],
        models: [.exo: [.bt, .hps]]),
      OptionRule(
        name: "reward_temperature", isSet: options.rewardTemperature != nil, readers: [.exo, .nca, .infonca],
        models: [.exo: [.pl], .nca: [.pl]]),
      OptionRule(name: "length_weight", isSet: options.lengthWeight != nil, readers: [.rdpo]),
      OptionRule(name: "simpo_gamma", isSet: options.simpoGamma != nil, readers: [.simpo]),
      OptionRule(name: "gamma_beta_ratio", isSet: options.gammaBetaRatio != nil, readers: [.simpo]),
      OptionRule(name: "slic_delta", isSet: options.slicDelta != nil, readers: [.slic]),
      OptionRule(name: "nll_weight", isSet: options.nllWeight != nil, readers: [.slic, .simpo, .pro]),
      OptionRule(name: "lipo_labels", isSet: options.lipoLabels != nil, readers: [.lipo]),
      OptionRule(name: "desirable_weight", isSet: options.desirableWeight != nil, readers: [.kto, .apoZero]),
      OptionRule(name: "undesirable_weight", isSet: options.undesirableWeight != nil, readers: [.kto, .apoZero]),
      OptionRule(name: "desirable_threshold", isSet: options.desirableThreshold != nil, readers: [.kto, .apoZero]),
    ]
  }

  static func validate(
    _ options: ObjectiveOptions, for parameterization: Parameterization, model: PreferenceModel
  ) throws(PreferenceError) {
    try validatePreferred(options)
    for rule in rules(options) where rule.isSet {
      guard rule.readers.contains(parameterization) else {
        throw .optionUnused(option: rule.name, parameterization: parameterization, allowed: rule.readers)
      }
      if let models = rule.models[parameterization], !models.contains(model) {
        throw .optionUnusedUnder(
          option: rule.name, parameterization: parameterization, model: model, allowed: models)
      }
    }
    func range(
      _ option: String, _ value: Double?, _ allowed: String, _ test: (Double) -> Bool
    ) throws(PreferenceError) {
      if let value, !(value.isFinite && test(value)) {
        throw .optionRange(option: option, value: value, allowed: allowed)
      }
    }

    let positive = "a finite number above 0"
    let fromZero = "a finite number from 0 on"
    if parameterization == .exo {
      try range("label_smoothing", options.labelSmoothing, "above 0 and below 0.5 for exo (1e-3 is usual)") {
        $0 > 0 && $0 < 0.5
      }
    } else {
      try range("label_smoothing", options.labelSmoothing, "from 0 to below 0.5") { $0 >= 0 && $0 < 0.5 }
    }
    try range("reward_temperature", options.rewardTemperature, positive) { $0 > 0 }
    try range("length_weight", options.lengthWeight, "a finite number") { _ in true }
    try range("simpo_gamma", options.simpoGamma, fromZero) { $0 >= 0 }
    try range("gamma_beta_ratio", options.gammaBetaRatio, fromZero) { $0 >= 0 }
    try range("slic_delta", options.slicDelta, fromZero) { $0 >= 0 }
    try range("nll_weight", options.nllWeight, fromZero) { $0 >= 0 }
    try range("desirable_weight", options.desirableWeight, fromZero) { $0 >= 0 }
    try range("undesirable_weight", options.undesirableWeight, fromZero) { $0 >= 0 }
    try range("desirable_threshold", options.desirableThreshold, "a finite number") { _ in true }
    if options.simpoGamma != nil, options.gammaBetaRatio != nil { throw .simpoMarginTwice }

    if options.normalise != nil {
      switch parameterization {
      case .rdpo, .simpo, .slic, .pro, .kto, .apoZero: throw .normaliseFixed(parameterization)
      default: break
      }
    }
    if let convention = options.convention {
      let allowed = conventions(of: parameterization, model: model)
      guard allowed.contains(convention) else {
        throw .conventionMissing(convention, parameterization, model, allowed: allowed)
      }
      if options.normalise != nil { throw .conventionFixes(convention, option: "normalise") }
      if parameterization == .exo, convention == .original, options.labelSmoothing != nil {
        throw .conventionFixes(convention, option: "label_smoothing")
      }
    }
  }

  /// The conventions under which a loss has a published form. TRL has no list losses; of IPO's list the convention sets
  /// the length normalisation.
  static func conventions(of parameterization: Parameterization, model: PreferenceModel) -> [Convention] {
    switch (parameterization, model) {
    case (.ipo, _), (.dpo, .bt), (.dpo, .hps), (.exo, .bt), (.exo, .hps), (.sppo, .bt), (.sppo, .hps), (.nca, .bt),
      (.nca, .hps):
      [.paper, .trl, .original]
    case (.sppo, .pl), (.nca, .pl): [.paper, .original]
    case (.kto, _), (.apoZero, _), (.robust, .bt), (.robust, .hps), (.hinge, .bt), (.hinge, .hps): [.paper, .trl]
    default: [.paper]
    }
  }

  /// More responses than any list has; keeps a mistyped number from allocating its weights.
  static let maximumPreferred = 10_000

  private static func validatePreferred(_ options: ObjectiveOptions) throws(PreferenceError) {
    guard (1...maximumPreferred).contains(options.preferred) else { throw .preferredCount(options.preferred) }
    guard let weights = options.preferredWeights else { return }
    guard weights.count == options.preferred else {
      throw .weightCount(expected: options.preferred, got: weights.count)
    }
    for weight in weights where !(weight.isFinite && weight >= 0) { throw .weightNegative(weight) }
    let sum = weights.reduce(0, +)
    guard abs(sum - 1) < 1e-9 else { throw .weightSum(sum) }
  }
}
