/// Simple preference optimisation: per-token mean log-probs, no reference (Meng et al. 2024).
enum SimPOLoss {
  /// −log σ(β(l'_w − l'_l) − γ), l' = l/|y|, γ the target margin.
  static func pair(_ w: Double, _ l: Double, beta: Double, margin: Double) -> PairValue {
    DPOLoss.logistic(beta * (w - l) - margin, beta: beta)
  }
}
