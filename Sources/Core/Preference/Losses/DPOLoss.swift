import Foundation

/// DPO on a pair and its variants that change the label or add a length term. z = β(D_w − D_l).
enum DPOLoss {
  /// −log σ(z) (Rafailov et al. 2023, Eq. 7); dL/dz = −σ(−z).
  static func pair(_ w: Double, _ l: Double, beta: Double) -> PairValue {
    logistic(beta * (w - l), beta: beta)
  }

  /// −(1−ε) log σ(z) − ε log σ(−z) (Mitchell 2023); dL/dz = σ(z) − (1−ε), so the minimum is at log((1−ε)/ε).
  static func conservative(_ w: Double, _ l: Double, beta: Double, smoothing e: Double) -> PairValue {
    let z = beta * (w - l)
    let loss = -(1 - e) * StableMath.logSigmoid(z) - e * StableMath.logSigmoid(-z)
    return PairValue(loss: loss, slope: beta * (e * StableMath.sigmoid(z) - (1 - e) * StableMath.sigmoid(-z)))
  }

  /// [−(1−ε) log σ(z) + ε log σ(−z)]/(1−2ε) (Chowdhury et al. 2024): unbiased if labels are flipped with probability
  /// ε, and unbounded below as z → ∞. dL/dz = −[(1−ε)σ(−z) + εσ(z)]/(1−2ε).
  static func robust(_ w: Double, _ l: Double, beta: Double, smoothing e: Double) -> PairValue {
    let z = beta * (w - l)
    let loss = (-(1 - e) * StableMath.logSigmoid(z) + e * StableMath.logSigmoid(-z)) / (1 - 2 * e)
    let slope = -((1 - e) * StableMath.sigmoid(-z) + e * StableMath.sigmoid(z)) / (1 - 2 * e)
    return PairValue(loss: loss, slope: beta * slope)
  }

  /// R-DPO: −log σ(z + α(|y_w| − |y_l|)) (Park et al. 2024): a longer winner is pushed less.
  static func lengthRegularised(_ w: Member, _ l: Member, beta: Double, alpha: Double) -> PairValue {
    logistic(beta * (w.u - l.u) + alpha * (w.length - l.length), beta: beta)
  }

  /// −log σ(z) where dz/du = β.
  static func logistic(_ z: Double, beta: Double) -> PairValue {
    PairValue(loss: -StableMath.logSigmoid(z), slope: -beta * StableMath.sigmoid(-z))
  }
}
