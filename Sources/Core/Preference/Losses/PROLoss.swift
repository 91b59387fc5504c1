import Foundation

/// Preference ranking optimisation (Song et al. 2023): Plackett–Luce over per-token log-probs of the policy, each
/// comparison tempered by its gap of annotated reward. The likelihood term is added by `Objective`.
enum PROLoss {
  /// Σ_k {logsumexp(T_k l'_k, T_kj l'_j for all j below k) − T_k l'_k}, l' = l/|y|, T_kj = r_k − r_j, T_k = max_j T_kj.
  /// "Below" is a strictly lower reward.
  static func list(_ members: [Member]) -> LossValue {
    var value = LossValue(loss: 0, gradient: [Double](repeating: 0, count: members.count))
    for (k, best) in members.enumerated() {
      let below = members.indices.filter { members[$0].reward < best.reward }
      guard let lowest = below.map({ members[$0].reward }).min() else { continue }
      let own = best.reward - lowest
      let terms = below.map { (best.reward - members[$0].reward) * members[$0].u - own * best.u }
      let loss = -StableMath.logSigmoid(-StableMath.logSumExp(terms))
      value.loss += loss
      for (j, term) in zip(below, terms) {
        let share = exp(term - loss)
        value.gradient[j] += (best.reward - members[j].reward) * share
        value.gradient[k] -= own * share
      }
    }
    return value
  }
}
