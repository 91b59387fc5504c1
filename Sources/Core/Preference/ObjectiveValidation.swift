/// Refusal of options that a parameterization would ignore, and of values outside their range.
extension Objective {
  static func validate(
    _ options: ObjectiveOptions, for parameterization: Parameterization
  ) throws(PreferenceError) {
    try validatePreferred(options)

    func require(_ option: String, isSet: Bool, _ allowed: [Parameterization]) throws(PreferenceError) {
      guard !isSet || allowed.contains(parameterization) else {
        throw .optionUnused(option: option, parameterization: parameterization, allowed: allowed)
      }
    }
    func range(
      _ option: String, _ value: Double?, _ allowed: String, _ test: (Double) -> Bool
    ) throws(PreferenceError) {
      if let value, !(value.isFinite && test(value)) {
        throw .optionRange(option: option, value: value, allowed: allowed)
      }
    }

    try require("label_smoothing", isSet: options.labelSmoothing != nil, [.exo, .cdpo, .robust])
    try require("reward_temperature", isSet: options.rewardTemperature != nil, [.exo, .nca, .infonca])
    try require("length_weight", isSet: options.lengthWeight != nil, [.rdpo])
    try require("simpo_gamma", isSet: options.simpoGamma != nil, [.simpo])
    try require("gamma_beta_ratio", isSet: options.gammaBetaRatio != nil, [.simpo])
    try require("slic_delta", isSet: options.slicDelta != nil, [.slic])
    try require("nll_weight", isSet: options.nllWeight != nil, [.slic, .simpo, .pro])
    try require("lipo_labels", isSet: options.lipoLabels != nil, [.lipo])
    try require("desirable_weight", isSet: options.desirableWeight != nil, [.kto])
    try require("undesirable_weight", isSet: options.undesirableWeight != nil, [.kto])
    try require("desirable_threshold", isSet: options.desirableThreshold != nil, [.kto])

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
      case .rdpo, .simpo, .slic, .pro, .kto: throw .normaliseFixed(parameterization)
      default: break
      }
    }
    if let convention = options.convention {
      let allowed = conventions(of: parameterization)
      guard allowed.contains(convention) else {
        throw .conventionMissing(convention, parameterization, allowed: allowed)
      }
      if options.normalise != nil { throw .conventionFixes(convention, option: "normalise") }
      if parameterization == .exo, convention == .original, options.labelSmoothing != nil {
        throw .conventionFixes(convention, option: "label_smoothing")
      }
    }
  }

  /// The conventions under which a loss has a published form.
  static func conventions(of parameterization: Parameterization) -> [Convention] {
    switch parameterization {
    case .dpo, .exo, .ipo, .sppo, .nca: [.paper, .trl, .original]
    case .robust, .hinge, .kto: [.paper, .trl]
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
