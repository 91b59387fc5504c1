extension Parameterization {
  public static let hinge = Parameterization(HingeLoss())
}

/// RSO's hinge on the margin of log-ratios (Liu et al. 2023; TRL's `hinge`).
struct HingeLoss: PreferenceLoss {
  let name = "hinge"
  let traits = LossTraits(pairConventions: [.paper, .trl])
  let options: [LossOption] = []

  /// max(0, 1 − z).
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    Self.value(winner.logRatio, loser.logRatio, beta: context.beta, delta: 1)
  }

  /// max(0, δ − β(D_w − D_l)). At the kink the derivative is 0, as in TRL.
  static func value(_ w: Double, _ l: Double, beta: Double, delta: Double) -> PairValue {
    let slack = delta - beta * (w - l)
    if slack.isNaN { return PairValue(loss: .nan, slope: .nan) }
    return slack > 0 ? PairValue(loss: slack, slope: -beta) : PairValue(loss: 0, slope: 0)
  }

  func formula(_ context: LossContext) -> String { "max(0, 1 − (s_w − s_l))" }
}
