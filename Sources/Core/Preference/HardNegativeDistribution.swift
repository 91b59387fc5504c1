import Base
import Foundation

/// q_i = exp(γ r_i) / Σ_j exp(γ r_j) over the dispreferred responses of one prompt (HPS paper, Eq. 7 and 9).
///
/// Candidates are the responses whose reward is strictly below that of every preferred one: a response that ties with
/// the best says nothing about preference and is never drawn.
public struct HardNegativeDistribution: Sendable, Equatable {
  /// q over the whole list, 0 for non-candidates; adds up to 1, or is all 0 without a candidate.
  public let probabilities: [Double]
  /// log q, −∞ for non-candidates.
  public let logProbabilities: [Double]
  /// Indices of the candidates, ascending.
  public let candidates: [Int]
  /// 1/Σ q_i²: how many negatives the distribution really uses, from 1 to `candidates.count`; 0 without a candidate.
  public let effectiveSampleSize: Double

  /// - Parameters:
  ///   - rewards: annotated rewards, best first.
  ///   - gamma: hardness; > 0 prefers high rewards (hard negatives), 0 is uniform.
  ///   - preferred: how many responses from the front are preferred (Appendix E).
  public init(rewards: [Double], gamma: Double, preferred: Int = 1) {
    let candidates = Self.candidates(rewards: rewards, preferred: preferred)
    var logits = [Double](repeating: -.infinity, count: rewards.count)
    // γ(r − r_anchor) ≤ 0 with the anchor at the most probable candidate: no overflow, whatever γ and r are.
    let hard = gamma >= 0
    var anchor = hard ? -Double.infinity : Double.infinity
    for i in candidates { anchor = hard ? max(anchor, rewards[i]) : min(anchor, rewards[i]) }
    for i in candidates { logits[i] = gamma * (rewards[i] - anchor) }
    let total = StableMath.logSumExp(candidates.map { logits[$0] })
    for i in candidates { logits[i] -= total }
    let probabilities = logits.map { exp($0) }
    let squares = probabilities.reduce(0) { $0 + $1 * $1 }
    self.candidates = candidates
    self.logProbabilities = logits
    self.probabilities = probabilities
    self.effectiveSampleSize = candidates.isEmpty ? 0 : 1 / squares
  }

  /// One candidate, drawn with probability q, from a single uniform number (inverse of the cumulative sum). Returns 0,
  /// the best response, if there is no candidate: ask `candidates.isEmpty` first.
  public func draw(_ stream: inout RandomStream) -> Int {
    let u = stream.nextUniform()
    var sum = 0.0
    // The last candidate with any mass also takes what rounding leaves of the cumulative sum below 1.
    var last = candidates.last ?? 0
    for i in candidates where !(probabilities[i] <= 0) {
      sum += probabilities[i]
      last = i
      if u < sum { return i }
    }
    return last
  }

  /// Indices of a best-first list whose reward is strictly below all preferred ones. NaN is never a candidate.
  static func candidates(rewards: [Double], preferred: Int) -> [Int] {
    guard preferred >= 1, preferred < rewards.count else { return [] }
    let bar = rewards[preferred - 1]
    return (preferred..<rewards.count).filter { rewards[$0] < bar }
  }
}

extension HardNegativeDistribution {
  /// What one γ does to many prompts at once, for a what-if display.
  public struct Summary: Sendable, Equatable {
    public var gamma: Double
    /// Prompts with at least one candidate; the other numbers are over these.
    public var prompts: Int
    /// Prompts without a candidate.
    public var skipped: Int
    /// Median over prompts of 1/Σq²; NaN without prompts.
    public var medianESS: Double
    /// Share of prompts with ESS < 1.5: the same negative is drawn nearly always; NaN without prompts.
    public var saturatedShare: Double
    /// Mean over prompts of r_best − E_q[r], in units of reward; NaN without prompts.
    public var meanRewardGap: Double
  }

  /// A prompt is called saturated below this effective sample size.
  public static let saturationESS = 1.5

  /// One pass over all prompts without building a distribution for each, fast enough to run at a key-press.
  ///
  /// - Parameters:
  ///   - rewards: [prompts][responses], each best first.
  ///   - preferred: as in `init`.
  public static func summary(rewards: [[Double]], gamma: Double, preferred: Int = 1) -> Summary {
    var sizes: [Double] = []
    sizes.reserveCapacity(rewards.count)
    var saturated = 0
    var gaps = 0.0
    let hard = gamma >= 0
    for list in rewards where preferred >= 1 && preferred < list.count {
      let bar = list[preferred - 1]
      let negatives = list[preferred...]
      var anchor = hard ? -Double.infinity : Double.infinity
      var any = false
      for r in negatives where r < bar {
        any = true
        anchor = hard ? max(anchor, r) : min(anchor, r)
      }
      guard any else { continue }
      var sum = 0.0
      var squares = 0.0
      var rewardSum = 0.0
      for r in negatives where r < bar {
        let weight = exp(gamma * (r - anchor))
        sum += weight
        squares += weight * weight
        rewardSum += weight * r
      }
      let size = sum * sum / squares
      sizes.append(size)
      if size < saturationESS { saturated += 1 }
      gaps += list[0] - rewardSum / sum
    }
    sizes.sort()
    let count = sizes.count
    return Summary(
      gamma: gamma, prompts: count, skipped: rewards.count - count, medianESS: median(ofSorted: sizes),
      saturatedShare: Double(saturated) / Double(count), meanRewardGap: gaps / Double(count))
  }

  private static func median(ofSorted values: [Double]) -> Double {
    let middle = values.count / 2
    if values.isEmpty { return .nan }
    return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
  }
}
