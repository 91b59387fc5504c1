extension Parameterization {
  public static let cdpo = Parameterization(CDPOLoss())
}

/// Conservative DPO: DPO with label smoothing ε (Mitchell 2023).
struct CDPOLoss: PreferenceLoss {
  static let smoothing = LossOption.number(
    "label_smoothing", .from(0).below(0.5), standard: 0.1, "label smoothing ε")

  let name = "cdpo"
  let traits = LossTraits(saturatesWithMargin: true)
  let options = [Self.smoothing]

  /// −(1−ε) log σ(z) − ε log σ(−z); dL/dz = σ(z) − (1−ε), so the minimum is at log((1−ε)/ε).
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let (beta, e) = (context.beta, context[Self.smoothing])
    let z = beta * (winner.logRatio - loser.logRatio)
    let loss = -(1 - e) * StableMath.logSigmoid(z) - e * StableMath.logSigmoid(-z)
    return PairValue(loss: loss, slope: beta * (e * StableMath.sigmoid(z) - (1 - e) * StableMath.sigmoid(-z)))
  }

  func formula(_ context: LossContext) -> String {
    "−(1−ε) log σ(s_w − s_l) − ε log σ(s_l − s_w), ε = \(context[Self.smoothing])"
  }
}

extension ObjectiveOptions {
  /// ε of cdpo, robust and exo.
  public var labelSmoothing: Double? {
    get { self[CDPOLoss.smoothing] }
    set { self[CDPOLoss.smoothing] = newValue }
  }
}
