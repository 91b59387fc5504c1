/// Identity preference optimisation (Azar et al. 2023, Eq. 17).
enum IPOLoss {
  /// (D_w − D_l − 1/(2β))², D per token or summed as `normalise` says; β is the paper's τ.
  static func pair(_ w: Double, _ l: Double, beta: Double) -> PairValue {
    let error = w - l - 1 / (2 * beta)
    return PairValue(loss: error * error, slope: 2 * error)
  }
}
