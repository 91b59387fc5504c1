import Base
import Foundation
import Preference
import Testing

struct HardNegativeDistributionTests {
  @Test func handWorked() {
    // γ = log 2: weights 2^3, 2^1, 2^0 over rewards 3, 1, 0: 8/11, 2/11, 1/11; ESS = 121/(64 + 4 + 1).
    let q = HardNegativeDistribution(rewards: [4, 3, 1, 0], gamma: log(2.0))
    let hard: [Double] = [0, 8 / 11, 2 / 11, 1 / 11]
    #expect(agrees(q.probabilities, hard))
    #expect(agrees(q.effectiveSampleSize, 121.0 / 69))
    #expect(q.candidates == [1, 2, 3])
    let easy = HardNegativeDistribution(rewards: [4, 3, 1, 0], gamma: -log(2.0))
    let turned: [Double] = [0, 1 / 13, 4 / 13, 8 / 13]
    #expect(agrees(easy.probabilities, turned))
    let uniform = HardNegativeDistribution(rewards: [4, 3, 1, 0], gamma: 0)
    #expect(agrees(uniform.effectiveSampleSize, 3))
  }

  @Test func tiesWithTheBestAreNoCandidates() {
    let q = HardNegativeDistribution(rewards: [5, 5, 4, 4], gamma: 3)
    #expect(agrees(q.probabilities, [0, 0, 0.5, 0.5]))
    #expect(HardNegativeDistribution(rewards: [5, 5], gamma: 1).candidates.isEmpty)
    #expect(HardNegativeDistribution(rewards: [5], gamma: 1).candidates.isEmpty)
    #expect(HardNegativeDistribution(rewards: [], gamma: 1).effectiveSampleSize == 0)
    // Two preferred: only what is below the second one.
    #expect(HardNegativeDistribution(rewards: [5, 4, 4, 1], gamma: 1, preferred: 2).candidates == [3])
  }

  @Test func extremesStayProbabilities() {
    for gamma in [-1e300, -50, 0, 50, 1e300] {
      for rewards in [[10.0, 9, -9], [1e300, 5e299, -1e300], [1e-300, 0, -1e-300], [1, 0, 0, 0]] {
        let q = HardNegativeDistribution(rewards: rewards, gamma: gamma)
        #expect(agrees(q.probabilities.reduce(0, +), 1, 1e-12), "γ \(gamma), \(rewards)")
        #expect(q.effectiveSampleSize >= 1 - 1e-12 && q.effectiveSampleSize <= Double(q.candidates.count) + 1e-12)
      }
    }
  }

  /// Pearson's χ² of 30,000 draws, each from its own stream as in training, against q_γ.
  @Test(arguments: [-5.0, 0, 5], [0.1, 0.5, 3])
  func drawsFollowTheDistribution(gamma: Double, spread: Double) {
    let rewards = [1.4, 0.9, 0.5, 0.1, -0.2, -0.9, -1.3].map { $0 * spread }
    let q = HardNegativeDistribution(rewards: rewards, gamma: gamma)
    let draws = 30_000
    var counts = [Int](repeating: 0, count: rewards.count)
    for visit in 0..<draws {
      var stream = RandomStream(seed: 42, purpose: .negativeSampling, epoch: visit / 100, index: visit % 100)
      counts[q.draw(&stream)] += 1
    }
    #expect(counts[0] == 0)
    // Bins expected less than 5 times are put together, as the test's approximation asks for.
    var statistic = 0.0
    var bins = 0
    var rare = (observed: 0.0, expected: 0.0)
    for i in q.candidates {
      let expected = q.probabilities[i] * Double(draws)
      if expected < 5 {
        rare = (rare.observed + Double(counts[i]), rare.expected + expected)
      } else {
        statistic += (Double(counts[i]) - expected) * (Double(counts[i]) - expected) / expected
        bins += 1
      }
    }
    if rare.expected > 1 {
      statistic += (rare.observed - rare.expected) * (rare.observed - rare.expected) / rare.expected
      bins += 1
    }
    // The 99.9 % points of χ² with 1 to 5 degrees of freedom.
    let critical = [10.83, 13.82, 16.27, 18.47, 20.52]
    if bins > 1 { #expect(statistic < critical[bins - 2], "γ \(gamma), spread \(spread): \(counts)") }
  }

  @Test func drawsDependOnTheStreamOnly() {
    let q = HardNegativeDistribution(rewards: [3, 2, 1, 0, -1], gamma: 0.5)
    func draws(_ order: [Int]) -> [Int: Int] {
      var result: [Int: Int] = [:]
      for prompt in order {
        var stream = RandomStream(seed: 9, purpose: .negativeSampling, epoch: 1, index: prompt)
        result[prompt] = q.draw(&stream)
      }
      return result
    }
    #expect(draws(Array(0..<200)) == draws(Array((0..<200).reversed())))
    #expect(Set(draws(Array(0..<200)).values) == [1, 2, 3, 4])
  }

  @Test func summaryAgreesWithTheDistributions() {
    var stream = PreferenceFixture.stream(5)
    var prompts = (0..<301).map { _ in (0..<8).map { _ in 4 * stream.nextUniform() }.sorted(by: >) }
    prompts.append([1, 1, 1])
    prompts.append([])
    for (gamma, preferred) in [(-5.0, 1), (0, 1), (2.5, 1), (1, 2)] {
      let summary = HardNegativeDistribution.summary(rewards: prompts, gamma: gamma, preferred: preferred)
      let all = prompts.map { HardNegativeDistribution(rewards: $0, gamma: gamma, preferred: preferred) }
      let used = zip(prompts, all).filter { !$0.1.candidates.isEmpty }
      let sizes = used.map(\.1.effectiveSampleSize).sorted()
      let gaps = used.map { rewards, q in rewards[0] - zip(rewards, q.probabilities).reduce(0) { $0 + $1.0 * $1.1 } }
      #expect(summary.prompts == 301)
      #expect(summary.skipped == 2)
      #expect(agrees(summary.medianESS, sizes[150]))
      #expect(agrees(summary.saturatedShare, Double(sizes.filter { $0 < 1.5 }.count) / 301))
      #expect(agrees(summary.meanRewardGap, gaps.reduce(0, +) / 301))
    }
    #expect(HardNegativeDistribution.summary(rewards: [], gamma: 1).medianESS.isNaN)
  }
}
