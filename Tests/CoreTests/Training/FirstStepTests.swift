import Control
import Foundation
import Model
import Numerics
import Preference
import Testing

@testable import Training

/// With B = 0 the policy is the reference: every log-ratio of the first step is exactly 0, whatever the precision, and
/// the losses are the closed forms of the HPS paper at s = 0.
struct FirstStepTests {
  /// n = 5 responses, N = 4 dispreferred ones.
  static let closedForms: [(PreferenceModel, Estimator?, Double)] = [
    (.bt, nil, log(2)),
    (.hps, .sample, log(2)),
    // −log σ(−log N) = log(1 + N)
    (.hps, .sampleN, log(5)),
    // log(e⁰ + N Σ q e⁰) − 0 = log(1 + N) = log n
    (.hps, .expectation, log(5)),
    // Σ_{k<n} log(n − k + 1) = log 5 + log 4 + log 3 + log 2
    (.pl, nil, log(120)),
  ]

  @Test(arguments: [Precision.fp32, .bf16], closedForms.indices)
  func lossIsTheClosedForm(precision: Precision, index: Int) throws {
    let (model, estimator, expected) = Self.closedForms[index]
    for tokenBudget in [1024, 24] {
      var fixture = LoopFixture(
        try Objective(model: model, parameterization: .dpo, estimator: estimator),
        set: LoopFixture.ranked(prompts: 8, responses: 5))
      fixture.adapterFolder = nil
      fixture.precision = precision
      fixture.promptsPerStep = 8
      fixture.totalSteps = 1
      fixture.tokenBudget = tokenBudget
      let step = try #require(try fixture.run().first)
      #expect(step.visits.count == 8)
      for visit in step.visits {
        #expect(visit.margin == 0)
        for scored in visit.scored { #expect(scored.logProb == scored.referenceLogProb) }
        #expect(abs(visit.loss - expected) < 1e-12)
      }
      #expect(step.margin == 0 && step.chosenReward == 0 && step.rejectedReward == 0 && step.accuracy == 0)
      #expect(abs(step.loss - expected) < 1e-12)
      // The mean of eight equal numbers is that number, so a pair's ln 2 is exact.
      if expected == log(2) { #expect(step.loss == log(2)) }
      #expect(step.gradientNorm > 0)
    }
  }

  /// A look at a prompt before training must not make its reference come from another batch than its policy.
  @Test(arguments: [Precision.fp32, .bf16])
  func inspectionBeforeTheFirstStepKeepsMarginsZero(precision: Precision) throws {
    var fixture = try LoopFixture(hps: .sample)
    fixture.adapterFolder = nil
    fixture.precision = precision
    fixture.promptsPerStep = 12
    fixture.totalSteps = 2
    let events = EventLog()
    for prompt in [0, 7] { events.send(.inspect(prompt: prompt), id: prompt) }
    let loop = try fixture.loop(events)
    _ = try loop.run()
    let steps = events.steps
    #expect(events.inspections.map(\.step) == [0])
    #expect(events.inspections[0].scored.count == 5)
    #expect(events.inspections[0].scored.allSatisfy { $0.logProb == $0.referenceLogProb })
    #expect(steps[0].visits.allSatisfy { $0.margin == 0 })
    #expect(steps[0].loss == steps[0].visits[0].loss)
    let plain = EventLog()
    let undisturbed = try fixture.loop(plain)
    _ = try undisturbed.run()
    #expect(steps == plain.steps)
    #expect(loop.references.count == undisturbed.references.count)
  }
}
