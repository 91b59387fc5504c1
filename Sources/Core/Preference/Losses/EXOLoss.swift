import Foundation

extension Parameterization {
  public static let exo = Parameterization(EXOLoss())
}

/// Efficient exact optimisation: reverse KL from the policy's softmax to a target (Ji et al. 2024).
struct EXOLoss: ListLoss {
  /// Of the pair's label. Without it the target of the loser would be −∞.
  static let smoothing = LossOption.number(
    "label_smoothing", .above(0).below(0.5).noting("for exo (1e-3 is usual)"), standard: 1e-3, models: [.bt, .hps],
    fixedBy: [.original], "label smoothing ε")
  /// β_r of the list's label.
  static let rewardTemperature = InfoNCALoss.temperature.under([.pl])

  let name = "exo"
  let traits = LossTraits(readsRewardValues: { $0.model == .pl }, pairConventions: Convention.allCases)
  let options = [Self.smoothing, Self.rewardTemperature]

  /// Target log-probs of winner and loser: (log(1−ε), log ε); in the authors' code (0, −10), which does not sum to one.
  private func label(_ context: LossContext) -> (winner: Double, loser: Double) {
    guard context.convention != .original else { return (0, -10) }
    let smoothing = context[Self.smoothing]
    return (log1p(-smoothing), log(smoothing))
  }

  /// q(log q − t_w) + (1−q)(log(1−q) − t_l), q = σ(z) (Eq. 16); dL/dz = q(1−q)(z − t_w + t_l).
  /// The gradient vanishes at both ends: a badly mis-ranked pair is hardly moved.
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let (beta, label) = (context.beta, label(context))
    let z = beta * (winner.logRatio - loser.logRatio)
    let q = StableMath.sigmoid(z)
    let rest = StableMath.sigmoid(-z)
    let loss =
      q * (StableMath.logSigmoid(z) - label.winner) + rest * (StableMath.logSigmoid(-z) - label.loser)
    return PairValue(loss: loss, slope: beta * q * rest * (z - label.winner + label.loser))
  }

  /// Σ_i p_i (log p_i − t_i), p = softmax(s), t = log softmax(r/β_r); dL/ds_j = p_j (log p_j − t_j − L).
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    let (beta, temperature) = (context.beta, context[Self.rewardTemperature])
    let logP = StableMath.logSoftmax(responses.map { beta * $0.logRatio })
    let t = StableMath.logSoftmax(responses.map { $0.reward / temperature })
    let p = logP.map { exp($0) }
    let loss = p.indices.reduce(0) { $0 + p[$1] * (logP[$1] - t[$1]) }
    return LossValue(loss: loss, gradient: p.indices.map { beta * p[$0] * (logP[$0] - t[$0] - loss) })
  }

  func formula(_ context: LossContext) -> String {
    if context.model == .pl {
      return "Σ p_i (log p_i − t_i), p = softmax(s), t = log softmax(r/β_r), β_r = \(context[Self.rewardTemperature])"
    }
    let label =
      context.convention == .original
      ? "label log-probs (0, −10) as in the authors' code" : "label (1−ε, ε), ε = \(context[Self.smoothing])"
    return "KL(softmax(s_w, s_l) ‖ label), \(label)"
  }
}
