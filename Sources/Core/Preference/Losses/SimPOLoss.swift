extension Parameterization {
  public static let simpo = Parameterization(SimPOLoss())
}

/// Simple preference optimisation: per-token mean log-probs, no reference, a target margin (Meng et al. 2024). With
/// `nll_weight` it is TRL's CPO-SimPO, whose `cpo_alpha` that is.
struct SimPOLoss: PreferenceLoss {
  /// TRL's `simpo_gamma`.
  static let gamma = LossOption.number("simpo_gamma", .from(0), standard: nil, "target margin as the absolute γ")
  /// The authors' `gamma_beta_ratio`; the margin follows β.
  static let ratio = LossOption.number("gamma_beta_ratio", .from(0), standard: 0.5, "target margin as γ/β")
  static let nllWeight = LossOption.nllWeight(standard: 0)

  let name = "simpo"
  let traits = LossTraits(
    normalisation: .fixed(.mean), usesReference: false, beta: .isParameter,
    likelihood: LikelihoodTerm(weight: Self.nllWeight, scale: .perToken),
    alternatives: [OptionAlternatives(Self.gamma, Self.ratio, set: "margin")])
  let options = [Self.gamma, Self.ratio, Self.nllWeight]

  private func margin(_ context: LossContext) -> Double {
    context.given(Self.gamma) ?? context.beta * context[Self.ratio]
  }

  /// −log σ(β(l'_w − l'_l) − γ), l' = l/|y|, γ the target margin.
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    DPOLoss.logistic(
      context.beta * (winner.logRatio - loser.logRatio) - margin(context), beta: context.beta)
  }

  func formula(_ context: LossContext) -> String {
    let margin = margin(context)
    let ratio = margin / context.beta
    return "−log σ(β(l'_w − l'_l) − γ_m), γ_m = \(margin) (gamma_beta_ratio \(ratio)), l' per token"
  }
}

extension ObjectiveOptions {
  /// SimPO's target margin as the absolute γ.
  public var simpoGamma: Double? {
    get { self[SimPOLoss.gamma] }
    set { self[SimPOLoss.gamma] = newValue }
  }

  /// SimPO's target margin as γ/β.
  public var gammaBetaRatio: Double? {
    get { self[SimPOLoss.ratio] }
    set { self[SimPOLoss.ratio] = newValue }
  }
}
