import Foundation

/// The full Plackett–Luce likelihood of a ranking (HPS paper, Eq. 4 and 5).
enum PlackettLuceLoss {
  /// L = Σ_k [logsumexp over {k} and all ranked below k of s, − s_k], s = βD.
  /// dL/ds_j = Σ_{factors k that hold j} softmax_k(s)_j − [j has a factor].
  ///
  /// "Below" is a strictly lower reward: responses that tie make no statement about each other. Without ties this is
  /// Σ_{k<n} [logsumexp_{j≥k} s_j − s_k].
  static func list(_ members: [Member], beta: Double) -> LossValue {
    let s = members.map { beta * $0.u }
    var value = LossValue(loss: 0, gradient: [Double](repeating: 0, count: s.count))
    for k in s.indices {
      let below = s.indices.filter { members[$0].reward < members[k].reward }
      guard !below.isEmpty else { continue }
      // Relative to s_k: L_k = log(1 + Σ e^{s_j − s_k}).
      let terms = below.map { s[$0] - s[k] }
      let loss = -StableMath.logSigmoid(-StableMath.logSumExp(terms))
      value.loss += loss
      for (j, term) in zip(below, terms) {
        let share = beta * exp(term - loss)
        value.gradient[j] += share
        value.gradient[k] -= share
      }
    }
    return value
  }
}
