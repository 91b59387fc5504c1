import Foundation

extension Parameterization {
  public static let infonca = Parameterization(InfoNCALoss())
}

/// Cross-entropy from the annotated rewards' softmax to the policy's (Chen et al. 2024; "DPO-rw" in Ji et al. 2024). A
/// pair is a list of two.
struct InfoNCALoss: ListLoss {
  static let temperature = LossOption.number(
    "reward_temperature", .above(0), standard: 1, "temperature of the annotated rewards")

  let name = "infonca"
  let traits = LossTraits(readsRewardValues: { _ in true })
  let options = [Self.temperature]

  /// −Σ_i t_i log p_i, p = softmax(s), t = softmax(r/α); dL/ds_j = p_j − t_j.
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    let (beta, temperature) = (context.beta, context[Self.temperature])
    let logP = StableMath.logSoftmax(responses.map { beta * $0.logRatio })
    let t = StableMath.softmax(responses.map { $0.reward / temperature })
    return LossValue(
      loss: -zip(t, logP).reduce(0) { $0 + $1.0 * $1.1 },
      gradient: zip(t, logP).map { beta * (exp($1) - $0) })
  }

  func formula(_ context: LossContext) -> String {
    "−Σ t_i log p_i, p = softmax(s), t = softmax(r/α), α = \(context[Self.temperature])"
  }
}

extension ObjectiveOptions {
  /// Temperature of annotated rewards: β_r of exo under pl, α of nca under pl and of infonca.
  public var rewardTemperature: Double? {
    get { self[InfoNCALoss.temperature] }
    set { self[InfoNCALoss.temperature] = newValue }
  }
}
