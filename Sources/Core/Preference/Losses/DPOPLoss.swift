extension Parameterization {
  public static let dpop = Parameterization(DPOPLoss())
}

/// DPO-Positive: DPO with a penalty inside the sigmoid on a preferred response that the policy makes less likely than the
/// reference does (Pal et al. 2024, Eq. 3). The key and its default are PaddleNLP's.
struct DPOPLoss: PreferenceLoss {
  static let lambda = LossOption.number(
    "dpop_lambda", .above(0), standard: 50, "weight λ of the preferred response's fall below the reference")

  let name = "dpop"
  // Not `saturatesWithMargin`: with the preferred response below the reference, the gradient stays whatever the margin.
  let traits = LossTraits()
  let options = [Self.lambda]

  /// −log σ(z), z = β(D_w − D_l − λ max(0, −D_w)). dz/dD_w is β, and β(1 + λ) below D_w = 0. There the loss has a kink,
  /// and an adapter's first step stands on it, as the policy is the reference still. The derivative taken there is the one
  /// from above, DPO's, because nothing has fallen yet.
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let (beta, lambda) = (context.beta, context[Self.lambda])
    let hasFallen = winner.logRatio < 0
    let z = beta * (winner.logRatio - loser.logRatio + (hasFallen ? lambda * winner.logRatio : 0))
    let slope = -beta * StableMath.sigmoid(-z)
    return PairValue(
      loss: -StableMath.logSigmoid(z), winner: hasFallen ? (1 + lambda) * slope : slope, loser: -slope)
  }

  func formula(_ context: LossContext) -> String {
    "−log σ(s_w − s_l − λ max(0, −s_w)), λ = \(context[Self.lambda])"
  }
}

extension ObjectiveOptions {
  /// λ of dpop.
  public var dpopLambda: Double? {
    get { self[DPOPLoss.lambda] }
    set { self[DPOPLoss.lambda] = newValue }
  }
}
