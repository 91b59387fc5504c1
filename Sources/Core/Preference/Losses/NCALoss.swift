extension Parameterization {
  public static let nca = Parameterization(NCALoss())
}

/// Noise-contrastive alignment (Chen et al. 2024): each response's reward is pushed on its own, so the best one's
/// likelihood does not fall along with the others'.
struct NCALoss: ListLoss {
  /// α of the list's label.
  static let temperature = InfoNCALoss.temperature.under([.pl])

  let name = "nca"
  let traits = LossTraits(
    readsRewardValues: { $0.model == .pl }, pairConventions: Convention.allCases, listConventions: [.paper, .original])
  let options = [Self.temperature]

  /// −log σ(s_w) − ½ log σ(−s_w) − ½ log σ(−s_l); dL/ds_w = ½σ(s_w) − σ(−s_w), dL/ds_l = ½σ(s_l).
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let beta = context.beta
    let (s, t) = (beta * winner.logRatio, beta * loser.logRatio)
    let loss =
      -StableMath.logSigmoid(s) - 0.5 * StableMath.logSigmoid(-s) - 0.5 * StableMath.logSigmoid(-t)
    return PairValue(
      loss: loss, winner: beta * (0.5 * StableMath.sigmoid(s) - StableMath.sigmoid(-s)),
      loser: beta * 0.5 * StableMath.sigmoid(t))
  }

  /// mean_i[−log σ(−s_i)] − Σ_i t_i log σ(s_i), t = softmax(r/α); dL/ds_j = σ(s_j)/n − t_j σ(−s_j).
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    let (beta, temperature) = (context.beta, context[Self.temperature])
    let t = StableMath.softmax(responses.map { $0.reward / temperature })
    let count = Double(responses.count)
    var value = LossValue(loss: 0, gradient: [])
    for (response, label) in zip(responses, t) {
      let s = beta * response.logRatio
      value.loss += -StableMath.logSigmoid(-s) / count - label * StableMath.logSigmoid(s)
      value.gradient.append(beta * (StableMath.sigmoid(s) / count - label * StableMath.sigmoid(-s)))
    }
    return value
  }

  func formula(_ context: LossContext) -> String {
    if context.model == .pl {
      return "mean_i[−log σ(−s_i)] − Σ t_i log σ(s_i), t = softmax(r/α), α = \(context[Self.temperature])"
    }
    return "−log σ(s_w) − ½ log σ(−s_w) − ½ log σ(−s_l)"
  }
}
