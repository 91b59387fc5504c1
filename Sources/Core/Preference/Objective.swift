/// A preference objective: which responses (`model`), how weighted (`estimator`), and which function of their log-probs
/// (`parameterization`). Numbers in, numbers out; see `evaluate`.
public struct Objective: Sendable, Equatable {
  public let model: PreferenceModel
  public let parameterization: Parameterization
  /// HPS only; nil for bt and pl.
  public let estimator: Estimator?
  /// Scale of the implicit reward s = βD. May change between steps; check a new value with `validate(beta:)`.
  public var beta: Double
  public let options: ObjectiveOptions

  /// - Parameter estimator: for hps, `sample` if nil; must be nil for bt and pl.
  public init(
    model: PreferenceModel, parameterization: Parameterization, estimator: Estimator? = nil, beta: Double = 0.1,
    options: ObjectiveOptions = ObjectiveOptions()
  ) throws(PreferenceError) {
    try Self.validate(beta: beta)
    if model != .hps {
      if let estimator { throw .estimatorWithoutHPS(estimator, model) }
      guard options.preferred == 1 else { throw .preferredNeedsHPS(options.preferred, model) }
    }
    if estimator == .sampleN, parameterization != .dpo { throw .sampleNNeedsDPO(parameterization) }
    try Self.validate(options, for: parameterization, model: model)
    self.model = model
    self.parameterization = parameterization
    self.estimator = model == .hps ? estimator ?? .sample : nil
    self.beta = beta
    self.options = options
  }

  public static func validate(beta: Double) throws(PreferenceError) {
    guard beta.isFinite, beta > 0 else { throw .betaNotPositive(beta) }
  }

  /// "HPS-DPO", "BT-IPO", …
  public var name: String {
    "\(model.rawValue)-\(parameterization.rawValue)".uppercased()
  }

  /// True if γ has a meaning.
  public var usesGamma: Bool { model == .hps }

  /// False for losses that take only the order of the annotated rewards, or their place between the prompt's lowest and
  /// highest, so that `RewardScale` changes nothing.
  public var readsRewardValues: Bool {
    switch (model, parameterization) {
    case (.hps, _), (_, .kto), (_, .apoZero), (_, .infonca), (_, .pro), (.pl, .exo), (.pl, .sppo), (.pl, .nca): true
    case (_, .lipo): options.lipoLabels == .raw
    default: false
    }
  }

  /// False for losses that never look at the reference log-probs.
  public var usesReference: Bool {
    switch parameterization {
    case .simpo, .slic, .pro: false
    default: true
    }
  }

  /// True if `ScoredGroup.kl` must be filled with the batch's `KTOLoss.klEstimate`.
  public var needsKL: Bool { parameterization == .kto }

  /// True for losses that judge each response on its own, so that a prompt may come with a single one.
  public var judgesAlone: Bool {
    switch parameterization {
    case .kto, .apoZero: true
    default: false
    }
  }

  /// How much a visit counts in the mean over a step: a loss of single responses counts responses, as TRL's KTOTrainer
  /// does, every other one prompts.
  public func weight(of selection: Selection) -> Double {
    guard judgesAlone else { return 1 }
    return selection.isJudged ? Double(selection.responses.count) : 2
  }
}

// MARK: - Resolved options

extension Objective {
  var normalisation: Normalisation {
    switch parameterization {
    case .ipo: options.normalise ?? (options.convention == nil || options.convention == .trl ? .mean : .sum)
    case .simpo, .pro: .mean
    default: options.normalise ?? .sum
    }
  }

  var labelSmoothing: Double {
    options.labelSmoothing ?? (parameterization == .exo ? 1e-3 : 0.1)
  }

  var rewardTemperature: Double { options.rewardTemperature ?? 1 }
  var lengthWeight: Double { options.lengthWeight ?? 0.05 }
  var slicDelta: Double { options.slicDelta ?? 1 }

  /// SimPO's γ, the absolute target margin; follows β where the ratio was given.
  var simpoMargin: Double { options.simpoGamma ?? beta * (options.gammaBetaRatio ?? 0.5) }

  var nllWeight: Double {
    switch parameterization {
    case .slic: options.nllWeight ?? 0.1
    case .pro: options.nllWeight ?? 0.05
    case .simpo: options.nllWeight ?? 0
    default: 0
    }
  }

  var desirableWeight: Double { options.desirableWeight ?? 1 }
  var undesirableWeight: Double { options.undesirableWeight ?? 1 }
  var desirableThreshold: Double { options.desirableThreshold ?? 0 }

  /// w_k of the preferred responses.
  func preferredWeights(_ count: Int) -> [Double] {
    if let weights = options.preferredWeights, weights.count == count { return weights }
    return [Double](repeating: 1 / Double(max(count, 1)), count: max(count, 0))
  }
}
