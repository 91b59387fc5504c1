import Preference

/// The hard-negative distribution q (HPS Eq. 7) and what a γ would do to a whole data set, as the panes need it.
enum NegativeDistribution {
  /// q_i over a best-first list, 0 for the `preferred` best (HPS, Appendix E) and for what ties with them; empty where no
  /// response is dispreferred.
  static func probabilities(rewards: [Double], gamma: Double, preferred: Int = 1) -> [Double] {
    let distribution = HardNegativeDistribution(rewards: rewards, gamma: gamma, preferred: preferred)
    return distribution.candidates.isEmpty ? [] : distribution.probabilities
  }

  /// Effective sample size 1/Σq²; 0 without candidates.
  static func effectiveSampleSize(_ q: [Double]) -> Double {
    let sum = q.reduce(0) { $0 + $1 * $1 }
    return sum > 0 ? 1 / sum : 0
  }

  struct Summary: Equatable, Sendable {
    var medianEffectiveSampleSize: Double
    /// Share of prompts with ESS < 1.5.
    var saturatedShare: Double
    /// Mean over prompts of r_best − E_q[r].
    var meanRewardGap: Double
    var prompts: Int
  }

  /// Over many prompts; nil where none has a dispreferred response.
  static func summary(_ rewards: [[Double]], gamma: Double, preferred: Int = 1) -> Summary? {
    let summary = HardNegativeDistribution.summary(rewards: rewards, gamma: gamma, preferred: preferred)
    guard summary.prompts > 0 else { return nil }
    return Summary(
      medianEffectiveSampleSize: summary.medianESS, saturatedShare: summary.saturatedShare,
      meanRewardGap: summary.meanRewardGap, prompts: summary.prompts)
  }

  /// Mean q by rank over many prompts, index 0 the best response; empty where none has a dispreferred response.
  static func byRank(_ rewards: [[Double]], gamma: Double, preferred: Int = 1) -> [Double] {
    var sum: [Double] = []
    var count = 0.0
    for list in rewards {
      let q = probabilities(rewards: list, gamma: gamma, preferred: preferred)
      guard !q.isEmpty else { continue }
      count += 1
      if sum.count < q.count { sum.append(contentsOf: repeatElement(0, count: q.count - sum.count)) }
      for index in q.indices { sum[index] += q[index] }
    }
    return sum.map { $0 / count }
  }
}
