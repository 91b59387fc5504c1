/// Self-play preference optimisation: D is regressed on the response's win probability (Wu et al. 2024, Eq. 4.7).
enum SPPOLoss {
  /// ½[(D_w − 1/(2β))² + (D_l + 1/(2β))²], the hard labels P = 1 and 0; TRL's `sppo_hard` leaves out the ½.
  static func pair(_ w: Double, _ l: Double, beta: Double, halved: Bool) -> PairValue {
    let target = 1 / (2 * beta)
    let factor = halved ? 0.5 : 1
    let (a, b) = (w - target, l + target)
    return PairValue(loss: factor * (a * a + b * b), winner: 2 * factor * a, loser: 2 * factor * b)
  }

  /// Σ_i (D_i − (P_i − ½)/β)², P_i = mean over all n responses j of σ(r_i − r_j), i itself included as in the authors'
  /// code.
  static func list(_ members: [Member], beta: Double) -> LossValue {
    let count = Double(members.count)
    var value = LossValue(loss: 0, gradient: [])
    for i in members {
      let wins = members.reduce(0) { $0 + StableMath.sigmoid(i.reward - $1.reward) } / count
      let error = i.u - (wins - 0.5) / beta
      value.loss += error * error
      value.gradient.append(2 * error)
    }
    return value
  }
}
