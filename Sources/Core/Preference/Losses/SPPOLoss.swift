extension Parameterization {
  public static let sppo = Parameterization(SPPOLoss())
}

/// Self-play preference optimisation: D is regressed on the response's win probability (Wu et al. 2024, Eq. 4.7).
struct SPPOLoss: ListLoss {
  let name = "sppo"
  let traits = LossTraits(
    beta: .isParameter, readsRewardValues: { $0.model == .pl }, pairConventions: Convention.allCases,
    listConventions: [.paper, .original])
  let options: [LossOption] = []

  /// ½[(D_w − 1/(2β))² + (D_l + 1/(2β))²], the hard labels P = 1 and 0; TRL's `sppo_hard` leaves out the ½.
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let target = 1 / (2 * context.beta)
    let factor = context.convention != .trl ? 0.5 : 1
    let (a, b) = (winner.logRatio - target, loser.logRatio + target)
    return PairValue(loss: factor * (a * a + b * b), winner: 2 * factor * a, loser: 2 * factor * b)
  }

  /// Σ_i (D_i − (P_i − ½)/β)², P_i = mean over all n responses j of σ(r_i − r_j), i itself included as in the authors'
  /// code.
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    let count = Double(responses.count)
    var value = LossValue(loss: 0, gradient: [])
    for i in responses {
      let wins = responses.reduce(0) { $0 + StableMath.sigmoid(i.reward - $1.reward) } / count
      let error = i.logRatio - (wins - 0.5) / context.beta
      value.loss += error * error
      value.gradient.append(2 * error)
    }
    return value
  }

  func formula(_ context: LossContext) -> String {
    if context.model == .pl { return "Σ_i (D_i − (P_i − ½)/β)², P_i = mean_j σ(r_i − r_j) over all responses" }
    let factor = context.convention == .trl ? "" : "½"
    return "\(factor)[(D_w − 1/(2β))² + (D_l + 1/(2β))²]"
  }
}
