/// What a loss uses, reads and allows beside its formula. The defaults are those of DPO's relatives: summed log-ratios to
/// a reference, s = βD, any preference model, nothing from the annotated rewards but their order.
public struct LossTraits: Sendable {
  /// Length normalisation of log-probs inside the loss.
  public var normalisation: LossNormalisation
  /// False for a loss that never looks at the reference log-probs; `RatedResponse.logRatio` is then the log-prob.
  public var usesReference: Bool
  /// True for a loss that reads `LossContext.kl`.
  public var needsKL: Bool
  public var beta: BetaRole
  /// Whether the values of the annotated rewards enter, beyond their order; always true of hps, which samples by them.
  public var readsRewardValues: @Sendable (LossContext) -> Bool
  /// A term λ·(−l) of the preferred responses that is added to the loss.
  public var likelihood: LikelihoodTerm?
  /// The preference models under which the loss is defined.
  public var models: [PreferenceModel]
  /// The estimators of hps that it has.
  public var estimators: [Estimator]
  /// The conventions in which the pair form (bt and hps) is published.
  public var pairConventions: [Convention]
  /// The same of the list form (pl).
  public var listConventions: [Convention]
  /// Options of which at most one may be given.
  public var alternatives: [OptionAlternatives]
  /// True if the gradient of a pair with a large margin z vanishes as that of −log σ(z) does, but for what label
  /// smoothing leaves of it: a batch whose margins are all large teaches next to nothing.
  public var saturatesWithMargin: Bool

  public init(
    normalisation: LossNormalisation = .standard(.sum), usesReference: Bool = true, needsKL: Bool = false,
    beta: BetaRole = .impliesReward, readsRewardValues: @escaping @Sendable (LossContext) -> Bool = { _ in false },
    likelihood: LikelihoodTerm? = nil, models: [PreferenceModel] = PreferenceModel.allCases,
    estimators: [Estimator] = [.sample, .expectation], pairConventions: [Convention] = [.paper],
    listConventions: [Convention] = [.paper], alternatives: [OptionAlternatives] = [], saturatesWithMargin: Bool = false
  ) {
    self.normalisation = normalisation
    self.usesReference = usesReference
    self.needsKL = needsKL
    self.beta = beta
    self.readsRewardValues = readsRewardValues
    self.likelihood = likelihood
    self.models = models
    self.estimators = estimators
    self.pairConventions = pairConventions
    self.listConventions = listConventions
    self.alternatives = alternatives
    self.saturatesWithMargin = saturatesWithMargin
  }

  /// The conventions that a run may choose.
  func conventions(_ model: PreferenceModel) -> [Convention] { model == .pl ? listConventions : pairConventions }
}

/// How a loss meets responses of different length.
public enum LossNormalisation: Sendable, Equatable {
  /// Part of the loss: `preference.normalise` is refused.
  case fixed(Normalisation)
  /// What holds without `preference.normalise`, and where a convention differs from that.
  case standard(Normalisation, except: [Convention: Normalisation] = [:])

  func resolved(normalise: Normalisation?, convention: Convention?) -> Normalisation {
    switch self {
    case .fixed(let fixed): fixed
    case .standard(let standard, let exceptions): normalise ?? convention.flatMap { exceptions[$0] } ?? standard
    }
  }
}

/// What β does in a loss. The rewards that a run reports are βD in any case.
public enum BetaRole: Sendable, Equatable {
  /// It scales the log-ratio to the implicit reward s = βD, which the formula is written in.
  case impliesReward
  /// It stands in the formula itself.
  case isParameter
  /// The loss does not read it.
  case scalesReportsAlone
}

/// λ·(−l) of the preferred responses, by which SLiC, CPO and PRO keep the likelihood of good answers from falling.
public struct LikelihoodTerm: Sendable {
  public enum Scale: Sendable, Equatable {
    /// l summed over the response's tokens.
    case perSequence
    /// l divided by the response's tokens.
    case perToken
    /// As `perSequence`, times (K − 1)² under model pl, K the number of responses.
    case perSquaredStages
  }

  /// λ; a weight of 0 switches the term off.
  public var weight: LossOption
  public var scale: Scale

  public init(weight: LossOption, scale: Scale) {
    self.weight = weight
    self.scale = scale
  }
}

extension LossOption {
  /// λ of a `LikelihoodTerm`; TRL's `cpo_alpha`.
  public static func nllWeight(standard: Double) -> LossOption {
    .number(
      "nll_weight", .from(0), standard: standard, "weight of the preferred response's negative log-likelihood")
  }
}

/// Options that set the same thing in different ways.
public struct OptionAlternatives: Sendable, Equatable {
  public var first: LossOption
  public var second: LossOption
  /// What they set, as a noun: "margin".
  public var thing: String

  public init(_ first: LossOption, _ second: LossOption, set thing: String) {
    self.first = first
    self.second = second
    self.thing = thing
  }
}
