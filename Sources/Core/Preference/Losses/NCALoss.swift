/// Noise-contrastive alignment (Chen et al. 2024): each response's reward is pushed on its own, so the best one's
/// likelihood does not fall along with the others'.
enum NCALoss {
  /// −log σ(s_w) − ½ log σ(−s_w) − ½ log σ(−s_l); dL/ds_w = ½σ(s_w) − σ(−s_w), dL/ds_l = ½σ(s_l).
  static func pair(_ w: Double, _ l: Double, beta: Double) -> PairValue {
    let (s, t) = (beta * w, beta * l)
    let loss =
      -StableMath.logSigmoid(s) - 0.5 * StableMath.logSigmoid(-s) - 0.5 * StableMath.logSigmoid(-t)
    return PairValue(
      loss: loss, winner: beta * (0.5 * StableMath.sigmoid(s) - StableMath.sigmoid(-s)),
      loser: beta * 0.5 * StableMath.sigmoid(t))
  }

  /// mean_i[−log σ(−s_i)] − Σ_i t_i log σ(s_i), t = softmax(r/α); dL/ds_j = σ(s_j)/n − t_j σ(−s_j).
  static func list(_ members: [Member], beta: Double, temperature: Double) -> LossValue {
    let t = StableMath.softmax(members.map { $0.reward / temperature })
    let count = Double(members.count)
    var value = LossValue(loss: 0, gradient: [])
    for (member, label) in zip(members, t) {
      let s = beta * member.u
      value.loss += -StableMath.logSigmoid(-s) / count - label * StableMath.logSigmoid(s)
      value.gradient.append(beta * (StableMath.sigmoid(s) / count - label * StableMath.sigmoid(-s)))
    }
    return value
  }
}
