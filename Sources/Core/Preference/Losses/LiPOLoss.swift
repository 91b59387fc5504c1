import Foundation

/// LiPO-λ: a logistic loss over pairs, each weighted by what swapping it changes in DCG (Liu et al. 2024, Eq. 8).
enum LiPOLoss {
  /// Σ_{ψ_i > ψ_j} W_ij log(1 + e^{−(s_i − s_j)}), W_ij = |2^ψ_i − 2^ψ_j| · |1/d(τ_i) − 1/d(τ_j)|, d(τ) = log(1 + τ),
  /// τ the rank (from 1) by the present s. No gradient flows through W.
  static func list(_ members: [Member], beta: Double, labels: LabelScale) -> LossValue {
    let s = members.map { beta * $0.u }
    let gains = self.labels(members.map(\.reward), labels).map { exp2($0) }
    let discounts = inverseDiscounts(s)
    var value = LossValue(loss: 0, gradient: [Double](repeating: 0, count: s.count))
    for i in s.indices {
      for j in s.indices where members[i].reward > members[j].reward {
        let weight = abs(gains[i] - gains[j]) * abs(discounts[i] - discounts[j])
        value.loss -= weight * StableMath.logSigmoid(s[i] - s[j])
        let slope = beta * weight * StableMath.sigmoid(s[j] - s[i])
        value.gradient[i] -= slope
        value.gradient[j] += slope
      }
    }
    return value
  }

  private static func labels(_ rewards: [Double], _ scale: LabelScale) -> [Double] {
    guard scale == .unit, let low = rewards.min(), let high = rewards.max(), high > low else { return rewards }
    return rewards.map { ($0 - low) / (high - low) }
  }

  /// 1/log(1 + τ_i); equal scores rank in list order.
  private static func inverseDiscounts(_ s: [Double]) -> [Double] {
    let order = s.indices.sorted { s[$0] != s[$1] ? s[$0] > s[$1] : $0 < $1 }
    var result = [Double](repeating: 0, count: s.count)
    for (rank, i) in order.enumerated() { result[i] = 1 / log(Double(rank) + 2) }
    return result
  }
}
