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

  /// - Parameters:
  ///   - estimator: for hps, `sample` if nil; must be nil for bt and pl.
  ///   - registry: the losses that a refusal may name.
  public init(
    model: PreferenceModel, parameterization: Parameterization, estimator: Estimator? = nil, beta: Double = 0.1,
    options: ObjectiveOptions = ObjectiveOptions(), registry: LossRegistry = .standard
  ) throws(PreferenceError) {
    let registry = registry.including(parameterization)
    let traits = parameterization.loss.traits
    try Self.validate(beta: beta)
    if model != .hps {
      if let estimator { throw .estimatorWithoutHPS(estimator, model) }
      guard options.preferred == 1 else { throw .preferredNeedsHPS(options.preferred, model) }
    }
    guard traits.models.contains(model) else { throw .modelMissing(model, parameterization, allowed: traits.models) }
    let estimator = model == .hps ? estimator ?? .sample : nil
    if let estimator, !traits.estimators.contains(estimator) {
      let others = registry.losses.filter { $0.loss.traits.estimators.contains(estimator) }
      throw .estimatorMissing(estimator, parameterization, allowed: traits.estimators, others: others)
    }
    try options.validate(for: parameterization, model: model, registry: registry)
    self.model = model
    self.parameterization = parameterization
    self.estimator = estimator
    self.beta = beta
    self.options = options
  }

  public static func validate(beta: Double) throws(PreferenceError) {
    guard beta.isFinite, beta > 0 else { throw .betaNotPositive(beta) }
  }

  /// "HPS-DPO", "BT-IPO", …; `LossRegistry.loss(ofObjective:)` reads it.
  public var name: String {
    "\(model.rawValue)-\(parameterization.rawValue)".uppercased()
  }
}

// MARK: - What its loss needs

extension Objective {
  /// True if γ has a meaning.
  public var usesGamma: Bool { model == .hps }

  /// False for losses that take only the order of the annotated rewards, or their place between the prompt's lowest and
  /// highest, so that `RewardScale` changes nothing.
  public var readsRewardValues: Bool { model == .hps || traits.readsRewardValues(context()) }

  /// False for losses that never look at the reference log-probs.
  public var usesReference: Bool { traits.usesReference }

  /// True if `ScoredGroup.kl` must be filled with the batch's `KTOLoss.klEstimate`.
  public var needsKL: Bool { traits.needsKL }

  /// True for losses that judge each response on its own, so that a prompt may come with a single one.
  public var judgesAlone: Bool { loss is any SingleResponseLoss }

  /// How much a visit counts in the mean over a step: a loss of single responses counts responses, as TRL's KTOTrainer
  /// does, every other one prompts.
  public func weight(of selection: Selection) -> Double {
    guard judgesAlone else { return 1 }
    return selection.isJudged ? Double(selection.responses.count) : 2
  }

  var loss: any PreferenceLoss { parameterization.loss }
  var traits: LossTraits { loss.traits }

  var normalisation: Normalisation {
    traits.normalisation.resolved(normalise: options.normalise, convention: options.convention)
  }

  func context(kl: Double = 0) -> LossContext {
    LossContext(
      model: model, estimator: estimator, beta: beta, convention: options.convention, kl: needsKL ? kl : 0,
      options: options)
  }

  /// w_k of the preferred responses.
  func preferredWeights(_ count: Int) -> [Double] {
    if let weights = options.preferredWeights, weights.count == count { return weights }
    return [Double](repeating: 1 / Double(max(count, 1)), count: max(count, 0))
  }
}
