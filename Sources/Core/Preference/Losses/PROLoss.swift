import Foundation

extension Parameterization {
  public static let pro = Parameterization(PROLoss())
}

/// Preference ranking optimisation (Song et al. 2023): Plackett–Luce over per-token log-probs of the policy, each
/// comparison tempered by its gap of annotated reward. A pair is a list of two.
struct PROLoss: ListLoss {
  static let nllWeight = LossOption.nllWeight(standard: 0.05)

  let name = "pro"
  let traits = LossTraits(
    normalisation: .fixed(.mean), usesReference: false, beta: .scalesReportsAlone, readsRewardValues: { _ in true },
    likelihood: LikelihoodTerm(weight: Self.nllWeight, scale: .perSquaredStages))
  let options = [Self.nllWeight]

  /// Σ_k {logsumexp(T_k l'_k, T_kj l'_j for all j below k) − T_k l'_k}, l' = l/|y|, T_kj = r_k − r_j, T_k = max_j T_kj.
  /// "Below" is a strictly lower reward.
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    var value = LossValue(loss: 0, gradient: [Double](repeating: 0, count: responses.count))
    for (k, best) in responses.enumerated() {
      let below = responses.indices.filter { responses[$0].reward < best.reward }
      guard let lowest = below.map({ responses[$0].reward }).min() else { continue }
      let own = best.reward - lowest
      let terms = below.map { (best.reward - responses[$0].reward) * responses[$0].logRatio - own * best.logRatio }
      let loss = -StableMath.logSigmoid(-StableMath.logSumExp(terms))
      value.loss += loss
      for (j, term) in zip(below, terms) {
        let share = exp(term - loss)
        value.gradient[j] += (best.reward - responses[j].reward) * share
        value.gradient[k] -= own * share
      }
    }
    return value
  }

  func formula(_ context: LossContext) -> String {
    "Σ_k {logsumexp(T_k l'_k, T_kj l'_j) − T_k l'_k}, T_kj = r_k − r_j, T_k = max_j T_kj, l' per token, "
      + "among \(context.listed)"
  }
}
