/// What tools that share a loss's name disagree about, and the constants of single losses. A `nil` takes the
/// parameterization's default (shown in each comment); an option that the parameterization does not use is refused.
public struct ObjectiveOptions: Sendable, Equatable, Codable {
  /// HPS: how many responses from the top are preferred (paper, Appendix E).
  public var preferred = 1
  /// HPS: w_k of the preferred ones, adding up to 1; 1/k each by default.
  public var preferredWeights: [Double]?
  /// Length normalisation of log-probs inside the loss. ipo: mean; dpo, cdpo, robust, exo, sppo, nca, infonca, hinge,
  /// lipo: sum; the others are fixed.
  public var normalise: Normalisation?
  /// Whose constants: see `Convention`.
  public var convention: Convention?
  /// ε. exo 1e-3, cdpo 0.1, robust 0.1.
  public var labelSmoothing: Double?
  /// Temperature of annotated rewards: β_r of exo under pl, α of nca under pl and of infonca. 1.
  public var rewardTemperature: Double?
  /// α of rdpo: nats a token. 0.05.
  public var lengthWeight: Double?
  /// SimPO's target margin as the absolute γ (TRL's `simpo_gamma`).
  public var simpoGamma: Double?
  /// SimPO's target margin as γ/β (the authors' `gamma_beta_ratio`). 0.5.
  public var gammaBetaRatio: Double?
  /// δ of slic, nats. 1.
  public var slicDelta: Double?
  /// Weight of the preferred response's negative log-likelihood. slic 0.1 (per sequence), pro 0.05 (times (K − 1)²),
  /// simpo 0 (TRL's `cpo_alpha`, per token).
  public var nllWeight: Double?
  /// lipo: the relevance labels ψ. unit.
  public var lipoLabels: LabelScale?
  /// kto, apo_zero: λ_D and λ_U. 1 and 1.
  public var desirableWeight: Double?
  public var undesirableWeight: Double?
  /// kto, apo_zero: a response that is judged on its own (under pl, or where it comes alone) is desirable if its reward
  /// is above this. 0.
  public var desirableThreshold: Double?

  public init() {}
}

public enum Normalisation: String, CaseIterable, Sendable, Codable {
  /// Log-probs summed over the response's tokens.
  case sum
  /// Divided by the response's tokens.
  case mean
}

/// Whose constants a loss uses where its paper, its authors' code and TRL differ. Without one, ipo is per token and all
/// else as in the paper.
public enum Convention: String, CaseIterable, Sendable, Codable {
  /// ipo: summed log-probs (Eq. 17).
  case paper
  /// TRL 1.16. ipo: per-token means; sppo: without the factor ½.
  case trl
  /// The authors' code. ipo: summed log-probs; exo: the pair's label is (0, −10) in log-probs, not normalised.
  case original
}

/// How annotated rewards become LiPO's labels ψ, which enter as 2^ψ.
public enum LabelScale: String, CaseIterable, Sendable, Codable {
  /// (r − min)/(max − min) within the prompt.
  case unit
  /// The rewards as they are.
  case raw
}
