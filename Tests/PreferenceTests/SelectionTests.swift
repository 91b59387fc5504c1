import Base
import Preference
import Testing

/// Which responses each preference model asks for.
struct SelectionTests {
  let rewards = [5.0, 5, 3, 1, 1]

  func select(
    _ model: PreferenceModel, _ estimator: Estimator? = nil, rewards: [Double], preferred: Int = 1
  ) throws -> Selection? {
    var options = ObjectiveOptions()
    options.preferred = preferred
    let objective = try Objective(model: model, parameterization: .dpo, estimator: estimator, options: options)
    var stream = RandomStream(seed: 1, purpose: .negativeSampling)
    return objective.select(rewards: rewards, gamma: 0, stream: &stream)
  }

  @Test func responses() throws {
    let bt = try #require(try select(.bt, rewards: rewards))
    #expect(bt.responses == [0, 4] && bt.drawn == 4 && bt.ess == nil && bt.probabilities.isEmpty)
    let pl = try #require(try select(.pl, rewards: rewards))
    #expect(pl.responses == [0, 1, 2, 3, 4] && pl.drawn == nil)
    let all = try #require(try select(.hps, .expectation, rewards: rewards))
    #expect(all.responses == [0, 2, 3, 4] && all.drawn == nil && all.candidates == 3)
    #expect(agrees(try #require(all.ess), 3))
    let one = try #require(try select(.hps, .sample, rewards: rewards))
    #expect(one.responses.count == 2 && one.drawn == one.responses[1])
    let two = try #require(try select(.hps, .expectation, rewards: rewards, preferred: 2))
    #expect(two.responses == [0, 1, 2, 3, 4] && two.preferred == 2)
  }

  @Test(arguments: [[], [1], [2, 2, 2], [.nan, 1], [1, .nan]])
  func promptsWithoutCandidateAreSkipped(rewards: [Double]) throws {
    #expect(try select(.bt, rewards: rewards) == nil)
    #expect(try select(.pl, rewards: rewards) == nil)
    for estimator in Estimator.allCases {
      #expect(try select(.hps, estimator, rewards: rewards) == nil)
    }
    #expect(try select(.hps, rewards: rewards, preferred: 9) == nil)
  }

  /// Every draw takes one number from its stream, none where nothing is drawn.
  @Test func onlySamplingDraws() throws {
    for (estimator, used) in [(Estimator.sample, true), (.sampleN, true), (.expectation, false)] {
      let objective = try Objective(model: .hps, parameterization: .dpo, estimator: estimator)
      var stream = RandomStream(seed: 1, purpose: .negativeSampling)
      var fresh = stream
      _ = objective.select(rewards: rewards, gamma: 1, stream: &stream)
      if used { _ = fresh.nextUniform() }
      #expect(stream.nextUniform() == fresh.nextUniform())
    }
  }

  @Test func inputsThatDoNotFitGiveNaN() throws {
    let nan = ScoredGroup(
      logProbs: [.nan, 1, 2], referenceLogProbs: [0, .infinity, 0], lengths: [0, -5, 3], rewards: [2, 1, 0])
    let short = ScoredGroup(logProbs: [1], referenceLogProbs: [], lengths: [], rewards: [])
    for objective in Objective.all(beta: 0.1) {
      let value = try #require(objective.visit(nan, gamma: 1)).value
      #expect(value.loss.isNaN || value.loss.isInfinite, "\(objective.describe())")
      var stream = RandomStream(seed: 1, purpose: .negativeSampling)
      for selection in [
        objective.select(rewards: rewards, gamma: .nan, stream: &stream),
        Selection(responses: [0, 99], preferred: -3, candidates: -1), Selection(responses: [], candidates: 0),
        Selection(responses: [-7], preferred: 0, logProbabilities: [0], candidates: 0),
      ] {
        let value = objective.evaluate(short, selection: try #require(selection))
        #expect(value.loss.isNaN && value.gradient.count == 1)
      }
    }
  }

  @Test func liveBeta() throws {
    var objective = try Objective(model: .bt, parameterization: .dpo, beta: 0.1)
    let group = PreferenceFixture.group(scores: [1, -1], beta: 1)
    objective.beta = 0.5
    // z = 0.5·2 = 1
    #expect(agrees(try #require(objective.visit(group)).value.loss, 0.3132616875182228))
  }
}
