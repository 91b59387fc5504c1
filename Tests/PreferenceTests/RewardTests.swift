import Foundation
import Preference
import Testing

/// Reward scaling, margins and diagnostics.
struct RewardTests {
  @Test func scales() {
    let rewards = [[3.0, 1], [7, 5, 3], [2, 2]]
    #expect(RewardScale.none.apply(to: rewards) == rewards)
    // (3, 1): mean 2, sd 1. (7, 5, 3): mean 5, sd √(8/3) = 1.6329931619. (2, 2) does not vary.
    let prompt = RewardScale.promptZscore.apply(to: rewards)
    #expect(agrees(prompt[0], [1, -1]))
    #expect(agrees(prompt[1], [1.224744871391589, 0, -1.224744871391589]))
    #expect(prompt[2] == [0, 0])
    // All seven: mean 23/7, squares 9+1+49+25+9+4+4 = 101, so the variance is (101 − 529/7)/7.
    let deviation = ((101 - 529.0 / 7) / 7).squareRoot()
    let dataset = RewardScale.datasetZscore.apply(to: rewards)
    #expect(agrees(dataset[1][0], (7 - 23.0 / 7) / deviation))
    #expect(agrees(dataset.joined().reduce(0, +), 0))
    #expect(agrees(dataset.joined().reduce(0) { $0 + $1 * $1 } / 7, 1))
    #expect(RewardScale.datasetZscore.apply(to: []) == [])
    #expect(RewardScale.promptZscore.apply(to: [[]]) == [[]])
    #expect(RewardScale(rawValue: "prompt_zscore") == .promptZscore)
    #expect(Estimator(rawValue: "sample_n") == .sampleN)
  }

  /// D = (2, 7, −1, 0) for rewards (4, 4, 2, 1): the second ties with the best, the hardest is the third.
  let group = ScoredGroup(
    logProbs: [-8, -3, -11, -10], referenceLogProbs: [-10, -10, -10, -10], lengths: [5, 9, 3, 11],
    rewards: [4, 4, 2, 1])

  @Test func margins() throws {
    let margins = try #require(RewardMargin.margins(of: group, beta: 0.1))
    #expect(agrees(margins.hardest, 0.3))
    #expect(agrees(margins.mean, 0.25))
    // 0.05·(5 − 3) = 0.1 and 0.05·(5 − 11) = −0.3: 0.4; mean of 0.4 and −0.1.
    #expect(agrees(margins.lengthHardest, 0.4))
    #expect(agrees(margins.lengthMean, 0.15))
    #expect(
      agrees(
        RewardMargin.rdpo(
          beta: 0.1, chosen: -8, chosenReference: -10, rejected: -11, rejectedReference: -10, lengths: (5, 3),
          alpha: 1), 2.3))
    var tied = group
    tied.rewards = [1, 1, 1, 1]
    #expect(RewardMargin.margins(of: tied, beta: 0.1) == nil)
    tied.lengths = []
    #expect(RewardMargin.margins(of: tied, beta: 0.1) == nil)
  }

  @Test func diagnostics() {
    // Ordered pairs: (0,2) 2 > −1, (0,3) 2 > 0, (1,2), (1,3) agree; (2,3) −1 > 0 does not.
    let ranking = PolicyDiagnostics.ranking(of: group)
    #expect(ranking == .init(pairs: 5, agreeing: 4))
    #expect((ranking + .init(pairs: 5, agreeing: 0)).accuracy == 0.4)
    // One token a response: (e^−½ − 1 + ½ + e^½ − 1 − ½)/2 = cosh ½ − 1
    #expect(agrees(PolicyDiagnostics.kl(tokenLogRatios: [[0.5], [-0.5]]), 0.1276259652063807))
    #expect(agrees(PolicyDiagnostics.correlation([1, 2, 3], [2, 4, 6]), 1))
    #expect(agrees(PolicyDiagnostics.correlation([1, 2, 3], [1, 0, 1]), 0))
    #expect(PolicyDiagnostics.correlation([1, 1], [1, 2]).isNaN)
    #expect(PolicyDiagnostics.correlation([1], [1, 2]).isNaN)
  }
}
