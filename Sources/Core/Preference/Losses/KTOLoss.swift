/// Kahneman–Tversky optimisation: each response is desirable or not on its own (Ethayarajh et al. 2024, Eq. 7).
public enum KTOLoss {
  /// The reference point: max(0, mean log-ratio of mismatched pairs (x, y')), y' the batch's responses moved on by one
  /// prompt. No gradient flows through it.
  ///
  /// - Parameter mismatchedLogRatios: l − l_ref of each mismatched pair, nats; 0 is returned for none.
  public static func klEstimate(mismatchedLogRatios: [Double]) -> Double {
    guard !mismatchedLogRatios.isEmpty else { return 0 }
    let mean = mismatchedLogRatios.reduce(0, +) / Double(mismatchedLogRatios.count)
    return mean < 0 ? 0 : mean
  }

  /// λ_D(1 − σ(β(D − KL))) for a desirable response, λ_U(1 − σ(β(KL − D))) for another; slope is dL/dD.
  static func single(
    _ u: Double, isDesirable: Bool, beta: Double, kl: Double, weight: Double
  ) -> (loss: Double, slope: Double) {
    let sign = isDesirable ? 1.0 : -1.0
    let z = sign * beta * (u - kl)
    // 1 − σ(z) = σ(−z) without cancellation.
    let miss = StableMath.sigmoid(-z)
    return (weight * miss, -sign * beta * weight * miss * StableMath.sigmoid(z))
  }

  /// Mean of the winner as desirable and the loser as undesirable: rows of a batch count alike, as in TRL.
  static func pair(
    _ w: Double, _ l: Double, beta: Double, kl: Double, desirable: Double, undesirable: Double
  ) -> PairValue {
    let a = single(w, isDesirable: true, beta: beta, kl: kl, weight: desirable)
    let b = single(l, isDesirable: false, beta: beta, kl: kl, weight: undesirable)
    return PairValue(loss: (a.loss + b.loss) / 2, winner: a.slope / 2, loser: b.slope / 2)
  }
}
