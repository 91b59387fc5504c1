import Foundation

/// Cross-entropy from the annotated rewards' softmax to the policy's (Chen et al. 2024; "DPO-rw" in Ji et al. 2024).
enum InfoNCALoss {
  /// −Σ_i t_i log p_i, p = softmax(s), t = softmax(r/α); dL/ds_j = p_j − t_j.
  static func list(_ members: [Member], beta: Double, temperature: Double) -> LossValue {
    let logP = StableMath.logSoftmax(members.map { beta * $0.u })
    let t = StableMath.softmax(members.map { $0.reward / temperature })
    return LossValue(
      loss: -zip(t, logP).reduce(0) { $0 + $1.0 * $1.1 },
      gradient: zip(t, logP).map { beta * (exp($1) - $0) })
  }

  static func pair(_ w: Member, _ l: Member, beta: Double, temperature: Double) -> PairValue {
    let value = list([w, l], beta: beta, temperature: temperature)
    return PairValue(loss: value.loss, winner: value.gradient[0], loser: value.gradient[1])
  }
}
