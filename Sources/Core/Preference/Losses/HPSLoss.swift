import Foundation

/// Hard Preference Sampling in closed form (HPS paper, Eq. 8 and 10).
enum HPSLoss {
  /// L = log(e^{s_1} + N Σ_i q_i e^{s_i}) − s_1, s = βu.
  /// With a_i = N q_i e^{s_i} / (e^{s_1} + N Σ_j q_j e^{s_j}): dL/ds_1 = −Σ a_i, dL/ds_i = a_i.
  ///
  /// One negative of weight 1 gives −log σ(s_1 − s_j − log N), and with N = 1 plain DPO.
  ///
  /// - Parameters:
  ///   - negatives: u of the negatives.
  ///   - logWeights: log q_i.
  ///   - candidates: N.
  /// - Returns: gradient by u, the best first.
  static func closedForm(
    best: Double, negatives: [Double], logWeights: [Double], candidates: Int, beta: Double
  ) -> LossValue {
    let logN = log(Double(candidates))
    // Relative to s_1, so that L is small numbers' difference nowhere: L = log(1 + Σ e^{t_i}).
    let terms = zip(negatives, logWeights).map { beta * ($0 - best) + logN + $1 }
    let top = StableMath.logSumExp(terms)
    let loss = -StableMath.logSigmoid(-top)
    let shares = terms.map { exp($0 - loss) }
    return LossValue(loss: loss, gradient: [-beta * shares.reduce(0, +)] + shares.map { beta * $0 })
  }
}
