extension Parameterization {
  public static let slic = Parameterization(SLiCLoss())
}

/// SLiC-HF: a hinge on log-probs without reference, and the likelihood of the best response (Zhao et al. 2023).
struct SLiCLoss: PreferenceLoss {
  static let delta = LossOption.number("slic_delta", .from(0), standard: 1, "δ, nats")
  static let nllWeight = LossOption.nllWeight(standard: 0.1)

  let name = "slic"
  let traits = LossTraits(
    normalisation: .fixed(.sum), usesReference: false, beta: .scalesReportsAlone,
    likelihood: LikelihoodTerm(weight: Self.nllWeight, scale: .perSequence))
  let options = [Self.delta, Self.nllWeight]

  /// max(0, δ − l_w + l_l).
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    HingeLoss.value(winner.logRatio, loser.logRatio, beta: 1, delta: context[Self.delta])
  }

  func formula(_ context: LossContext) -> String { "max(0, \(context[Self.delta]) − l_w + l_l)" }
}

extension ObjectiveOptions {
  /// δ of slic, nats.
  public var slicDelta: Double? {
    get { self[SLiCLoss.delta] }
    set { self[SLiCLoss.delta] = newValue }
  }

  /// Weight of the preferred response's negative log-likelihood in slic, pro and simpo.
  public var nllWeight: Double? {
    get { self[SLiCLoss.nllWeight] }
    set { self[SLiCLoss.nllWeight] = newValue }
  }
}
