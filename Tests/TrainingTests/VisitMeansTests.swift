import Control
import Preference
import Testing

@testable import Evaluation
@testable import Training

/// Means over a step's visits, worked by hand with β = 0.5.
struct VisitMeansTests {
  private func visit(
    _ logProbs: [Double], _ references: [Double], drawn: Int? = nil, preferred: Int = 1, rewards: [Double]? = nil,
    ess: Double? = nil
  ) -> Visit {
    var cache = ReferenceCache()
    for (index, value) in references.enumerated() { cache[0, index] = value }
    let responses = Array(logProbs.indices)
    return Visit(
      prompt: 0,
      selection: Selection(
        responses: responses, preferred: preferred, drawn: drawn, candidates: responses.count - preferred, ess: ess),
      rewards: rewards ?? responses.map { -Double($0) }, logProbs: logProbs, references: cache,
      lengths: responses.map { $0 + 1 })
  }

  @Test func meansOfTwoPairs() {
    var means = VisitMeans()
    // s = 0.5·(−1 + 3) = 1 and 0.5·(−4 + 2) = −1
    means.add(visit([-1, -4], [-3, -2], drawn: 1, ess: 1.2), loss: 0.25, beta: 0.5)
    // s = 0.5·(−6 + 6) = 0 and 0.5·(−2 + 8) = 3
    means.add(visit([-6, -2], [-6, -8], drawn: 1, ess: 2), loss: 0.75, beta: 0.5)
    let mean = means.means
    #expect(means.count == 2)
    #expect(mean.loss == 0.5)
    #expect(mean.chosenReward == 0.5 && mean.rejectedReward == 1)
    #expect(mean.accuracy == 0.5)
    #expect(mean.chosenLogProb == -3.5 && mean.rejectedLogProb == -3)
    #expect(mean.ess == 1.6 && mean.saturatedShare == 0.5)
  }

  /// A tie is no success: TRL counts chosen > rejected.
  @Test func equalRewardsAreNotAccurate() {
    var means = VisitMeans()
    means.add(visit([-1, -2], [-1, -2], drawn: 1), loss: 0, beta: 0.5)
    #expect(means.means.accuracy == 0)
  }

  @Test func nothingAddedIsZero() {
    let mean = VisitMeans().means
    #expect(mean.loss == 0 && mean.accuracy == 0 && mean.ess == 0)
  }

  /// A response that comes alone has a loss and nothing to be compared with.
  @Test func aSingleResponseCountsForTheLossAlone() {
    var means = VisitMeans()
    means.add(visit([-1, -4], [-3, -2], drawn: 1), loss: 1, beta: 0.5)
    means.add(visit([-1], [-2]), loss: 3, beta: 0.5)
    #expect(means.means.loss == 2 && means.means.chosenReward == 1 && means.means.chosenLogProb == -1)
    #expect(visit([-1], [-2]).record(loss: 3, beta: 0.5).margin.isNaN)
  }

  @Test func whoIsRejected() {
    #expect(visit([0, 0, 0], [0, 0, 0], drawn: 2).rejected?.response == 2)
    #expect(visit([0, 0, 0], [0, 0, 0]).rejected?.response == 1)
    #expect(visit([0, 0, 0], [0, 0, 0], preferred: 2).rejected?.response == 2)
    #expect(visit([0, 0, 0], [0, 0, 0], rewards: [2, 2, 1]).rejected?.response == 2)
    #expect(visit([0, 0], [0, 0], rewards: [2, 2]).rejected == nil)
  }

  @Test func theRecordShowsWhatWasScored() {
    let record = visit([-1, -4], [-3, -2], drawn: 1, ess: 1.5).record(loss: 0.25, beta: 0.5)
    #expect(record.margin == 2 && record.loss == 0.25 && record.ess == 1.5 && record.drawnProbability == nil)
    #expect(
      record.scored == [
        ScoredResponse(response: 0, logProb: -1, referenceLogProb: -3, tokens: 1),
        ScoredResponse(response: 1, logProb: -4, referenceLogProb: -2, tokens: 2),
      ])
  }

  /// `torch.nn.utils.clip_grad_norm_`: max_norm / (norm + 1e-6), at most 1; 0 switches it off.
  @Test func clipping() {
    func factor(_ limit: Double, _ norm: Double) -> Double {
      Optimizer(count: 1, weightDecay: 0, maxGradientNorm: limit).clipFactor(norm: norm)
    }
    #expect(factor(1, 0.5) == 1)
    #expect(abs(factor(1, 4) - 0.2499999375) < 1e-12)
    #expect(factor(0, 4) == 1 && factor(-1, 4) == 1)
    #expect(factor(1, 0) == 1)
  }
}
