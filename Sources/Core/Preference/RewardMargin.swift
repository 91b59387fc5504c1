/// The reward margins of the HPS paper (Table 1), always from summed log-probs and with the reference, whatever the
/// objective was trained with.
public enum RewardMargin {
  /// RM_DPO = β[(l_w − l_w^ref) − (l_l − l_l^ref)], nats.
  public static func dpo(
    beta: Double, chosen: Double, chosenReference: Double, rejected: Double, rejectedReference: Double
  ) -> Double {
    beta * ((chosen - chosenReference) - (rejected - rejectedReference))
  }

  /// RM_R-DPO = RM_DPO + α(|y_w| − |y_l|).
  ///
  /// - Parameter lengths: tokens of chosen and rejected.
  public static func rdpo(
    beta: Double, chosen: Double, chosenReference: Double, rejected: Double, rejectedReference: Double,
    lengths: (chosen: Int, rejected: Int), alpha: Double = 0.05
  ) -> Double {
    dpo(
      beta: beta, chosen: chosen, chosenReference: chosenReference, rejected: rejected,
      rejectedReference: rejectedReference) + alpha * (Double(lengths.chosen) - Double(lengths.rejected))
  }

  /// The margins of one prompt, best response against two opponents.
  public struct Margins: Sendable, Equatable {
    /// RM_DPO against the dispreferred response with the highest annotated reward (Theorem 3 is about this one).
    public var hardest: Double
    /// RM_DPO against the mean of all dispreferred responses.
    public var mean: Double
    /// RM_R-DPO against the same two.
    public var lengthHardest: Double
    public var lengthMean: Double

    public init(hardest: Double, mean: Double, lengthHardest: Double, lengthMean: Double) {
      self.hardest = hardest
      self.mean = mean
      self.lengthHardest = lengthHardest
      self.lengthMean = lengthMean
    }
  }

  /// - Parameter group: all responses of a prompt, best first.
  /// - Returns: nil if no response has a reward strictly below the best one.
  public static func margins(of group: ScoredGroup, beta: Double, alpha: Double = 0.05) -> Margins? {
    guard group.isConsistent else { return nil }
    let candidates = HardNegativeDistribution.candidates(rewards: group.rewards, preferred: 1)
    guard let hardest = candidates.first else { return nil }
    func margin(_ i: Int, _ alpha: Double) -> Double {
      rdpo(
        beta: beta, chosen: group.logProbs[0], chosenReference: group.referenceLogProbs[0],
        rejected: group.logProbs[i], rejectedReference: group.referenceLogProbs[i],
        lengths: (group.lengths[0], group.lengths[i]), alpha: alpha)
    }
    let count = Double(candidates.count)
    return Margins(
      hardest: margin(hardest, 0), mean: candidates.reduce(0) { $0 + margin($1, 0) } / count,
      lengthHardest: margin(hardest, alpha), lengthMean: candidates.reduce(0) { $0 + margin($1, alpha) } / count)
  }
}
