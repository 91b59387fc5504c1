import Control
import Foundation
import Model
import DeviceCPU
import Preference
import Testing

@testable import Training
@testable import TrainingFixture

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
    // A live reference is scored with the adapter off; else the first step's references are the policy's own numbers.
    for (tokenBudget, live) in [(1024, true), (24, true), (1024, false), (24, false)] {
      var fixture = LoopFixture(
        try Objective(model: model, parameterization: .dpo, estimator: estimator),
        set: LoopFixture.ranked(prompts: 8, responses: 5))
      fixture.adapterFolder = nil
      fixture.precision = precision
      fixture.promptsPerStep = 8
      fixture.totalSteps = 1
      fixture.tokenBudget = tokenBudget
      fixture.liveReference = live
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

  /// The first step computes no reference beside its policy; a second epoch sees that these were the right numbers.
  @Test(arguments: [Precision.fp32, .bf16])
  func firstReferencesAreThoseOfTheModelAlone(precision: Precision) throws {
    var fixture = try LoopFixture(hps: .sampleN)
    fixture.adapterFolder = nil
    fixture.precision = precision
    fixture.tokenBudget = 48
    fixture.totalSteps = 6
    let cached = try fixture.run()
    fixture.liveReference = true
    #expect(try fixture.run() == cached)
    #expect(cached.count == 6 && cached[5].margin != 0)
    // An adapter that is not new is not the reference, at the first step either.
    fixture.adapterFolder = "adapter-random"
    fixture.liveReference = false
    let trained = try #require(try fixture.run().first)
    #expect(trained.visits.allSatisfy { $0.scored.allSatisfy { $0.logProb != $0.referenceLogProb } })
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
