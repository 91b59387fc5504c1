import Foundation

extension Parameterization {
  public static let lipo = Parameterization(LiPOLoss())
}

/// LiPO-λ: a logistic loss over pairs, each weighted by what swapping it changes in DCG (Liu et al. 2024, Eq. 8). A pair
/// is a list of two.
struct LiPOLoss: ListLoss {
  static let labels = LossOption.word(
    "lipo_labels", standard: LabelScale.unit, "rewards scaled to 0 … 1 within the prompt, or as they are")

  let name = "lipo"
  let traits = LossTraits(readsRewardValues: { $0.word(Self.labels) == LabelScale.raw })
  let options = [Self.labels]

  /// Σ_{ψ_i > ψ_j} W_ij log(1 + e^{−(s_i − s_j)}), W_ij = |2^ψ_i − 2^ψ_j| · |1/d(τ_i) − 1/d(τ_j)|, d(τ) = log(1 + τ),
  /// τ the rank (from 1) by the present s. No gradient flows through W.
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    let beta = context.beta
    let s = responses.map { beta * $0.logRatio }
    let gains = labels(responses.map(\.reward), context.word(Self.labels)).map { exp2($0) }
    let discounts = inverseDiscounts(s)
    var value = LossValue(loss: 0, gradient: [Double](repeating: 0, count: s.count))
    for i in s.indices {
      for j in s.indices where responses[i].reward > responses[j].reward {
        let weight = abs(gains[i] - gains[j]) * abs(discounts[i] - discounts[j])
        value.loss -= weight * StableMath.logSigmoid(s[i] - s[j])
        let slope = beta * weight * StableMath.sigmoid(s[j] - s[i])
        value.gradient[i] -= slope
        value.gradient[j] += slope
      }
    }
    return value
  }

  private func labels(_ rewards: [Double], _ scale: LabelScale?) -> [Double] {
    guard scale == .unit, let low = rewards.min(), let high = rewards.max(), high > low else { return rewards }
    return rewards.map { ($0 - low) / (high - low) }
  }

  /// 1/log(1 + τ_i); equal scores rank in list order.
  private func inverseDiscounts(_ s: [Double]) -> [Double] {
    let order = s.indices.sorted { s[$0] != s[$1] ? s[$0] > s[$1] : $0 < $1 }
    var result = [Double](repeating: 0, count: s.count)
    for (rank, i) in order.enumerated() { result[i] = 1 / log(Double(rank) + 2) }
    return result
  }

  func formula(_ context: LossContext) -> String {
    let labels =
      context.word(Self.labels) == LabelScale.raw ? "rewards as they are" : "rewards scaled to 0…1 within the prompt"
    return "Σ W_ij log(1 + e^−(s_i − s_j)) over the pairs with r_i > r_j, "
      + "W_ij = |2^ψ_i − 2^ψ_j|·|1/log(1+τ_i) − 1/log(1+τ_j)|, ψ the \(labels), τ the present rank by s, "
      + "among \(context.listed)"
  }
}

/// How annotated rewards become LiPO's labels ψ, which enter as 2^ψ.
public enum LabelScale: String, CaseIterable, Sendable, Codable {
  /// (r − min)/(max − min) within the prompt.
  case unit
  /// The rewards as they are.
  case raw
}

extension ObjectiveOptions {
  /// lipo: the relevance labels ψ.
  public var lipoLabels: LabelScale? {
    get { word(LiPOLoss.labels.key).flatMap(LabelScale.init) }
    set { values[LiPOLoss.labels.key] = newValue.map { .word($0.rawValue) } }
  }
}
