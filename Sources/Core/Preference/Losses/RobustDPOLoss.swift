extension Parameterization {
  public static let robust = Parameterization(RobustDPOLoss())
}

/// DPO, unbiased under labels flipped with probability ε (Chowdhury et al. 2024).
struct RobustDPOLoss: PreferenceLoss {
  static let smoothing = CDPOLoss.smoothing

  let name = "robust"
  let traits = LossTraits(pairConventions: [.paper, .trl])
  let options = [Self.smoothing]

  /// [−(1−ε) log σ(z) + ε log σ(−z)]/(1−2ε), unbounded below as z → ∞. dL/dz = −[(1−ε)σ(−z) + εσ(z)]/(1−2ε).
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let (beta, e) = (context.beta, context[Self.smoothing])
    let z = beta * (winner.logRatio - loser.logRatio)
    let loss = (-(1 - e) * StableMath.logSigmoid(z) + e * StableMath.logSigmoid(-z)) / (1 - 2 * e)
    let slope = -((1 - e) * StableMath.sigmoid(-z) + e * StableMath.sigmoid(z)) / (1 - 2 * e)
    return PairValue(loss: loss, slope: beta * slope)
  }

  func formula(_ context: LossContext) -> String {
    "[−(1−ε) log σ(s_w − s_l) + ε log σ(s_l − s_w)]/(1−2ε), ε = \(context[Self.smoothing]), unbounded below"
  }
}
