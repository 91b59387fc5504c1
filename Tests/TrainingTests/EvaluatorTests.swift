import Control
import Foundation
import Model
import DeviceCPU
import Preference
import RunFile
import Session
import Text
import Testing

@testable import Evaluation
@testable import Training
@testable import TrainingFixture

/// What an evaluation measures beside the loss.
struct EvaluatorTests {
  /// Token ids are their own words.
  private struct Ids: TextEncoding {
    let hasChatTemplate = false
    let bosTokenID: Int32? = nil
    let eosTokenID: Int32? = 1
    func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
      text.split(separator: " ").compactMap { Int32($0) }
    }
    func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String { ids.map(String.init).joined(separator: " ") }
    func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String { "" }
  }

  private func record(
    _ fixture: LoopFixture, trained: Bool, _ edit: (inout EvaluationOptions) -> Void = { _ in }
  ) throws -> (record: EvaluationRecord, loop: TrainingLoop) {
    var fixture = fixture
    if !trained { fixture.adapterFolder = nil }
    let loop = try fixture.loop()
    var options = EvaluationOptions()
    options.generations = 0
    options.maxNewTokens = 12
    edit(&options)
    let events = EventLog()
    try Evaluator(
      set: fixture.set, scorer: loop.scorer, text: Ids(), stopTokens: [1], seed: 3, options: options
    ).run(step: 4, epoch: 1, objective: fixture.objective, gamma: 0) { events.take($0) }
    let found = events.all.compactMap { if case .evaluation(let record) = $0 { record } else { nil } }
    return (try #require(found.first), loop)
  }

  /// B = 0: policy and reference are one, so every log-ratio is exactly 0.
  @Test func anUntrainedPolicyIsItsReference() throws {
    let fixture = try LoopFixture(hps: .sample)
    let (record, _) = try record(fixture, trained: false)
    let diagnostics = try #require(record.diagnostics)
    #expect(record.hardestMargin == 0 && record.meanMargin == 0)
    #expect(diagnostics.rankingAccuracy == 0)
    #expect(diagnostics.policyKL == 0)
    #expect(diagnostics.lengthCorrelation.isNaN)
    #expect(diagnostics.kl == nil)
    // What is left of RM_R-DPO is the length term: 0.05 nats for each token that the best answer is longer.
    let lengths = try fixture.set.items.indices.map { try fixture.set.items[$0].responses.map { Double($0.count) } }
    let hardest = lengths.reduce(0) { $0 + 0.05 * ($1[0] - $1[1]) } / Double(lengths.count)
    #expect(abs(diagnostics.lengthHardestMargin - hardest) < 1e-12)
    let mean = lengths.reduce(0) { sum, l in
      sum + 0.05 * (l[0] - l.dropFirst().reduce(0, +) / Double(l.count - 1))
    }
    #expect(abs(diagnostics.lengthMeanMargin - mean / Double(lengths.count)) < 1e-12)
  }

  /// Against plain sums over the same log-probs.
  @Test func aTrainedPolicyIsMeasured() throws {
    let fixture = try LoopFixture(hps: .sample)
    let (record, loop) = try record(fixture, trained: true) { $0.lengthWeight = 0.2 }
    let diagnostics = try #require(record.diagnostics)
    var cache = ReferenceCache()
    let scored = try loop.scorer.score(
      set: fixture.set, cache: &cache, wanted: fixture.set.items.indices.map { ($0, Array(0..<5)) })
    let s = scored.map { $0.map { 0.1 * ($0.logProb - $0.referenceLogProb) } }
    let tokens = scored.map { $0.map { Double($0.tokens) } }
    let count = Double(s.count)
    #expect(abs(record.hardestMargin - s.reduce(0) { $0 + $1[0] - $1[1] } / count) < 1e-9)
    #expect(
      abs(record.meanMargin - s.reduce(0) { $0 + $1[0] - $1.dropFirst().reduce(0, +) / 4 } / count) < 1e-9)
    let long = zip(s, tokens).reduce(0) { $0 + $1.0[0] - $1.0[1] + 0.2 * ($1.1[0] - $1.1[1]) } / count
    #expect(abs(diagnostics.lengthHardestMargin - long) < 1e-9)
    // Five responses without ties: ten ordered pairs a prompt.
    var agreeing = 0
    for list in s { for i in 0..<5 { for j in (i + 1)..<5 where list[i] > list[j] { agreeing += 1 } } }
    #expect(diagnostics.rankingAccuracy == Double(agreeing) / (10 * count))
    let correlation = PolicyDiagnostics.correlation(Array(s.joined()), Array(tokens.joined()))
    #expect(abs(diagnostics.lengthCorrelation - correlation) < 1e-12)
    #expect(try #require(diagnostics.policyKL) > 0)
  }

  /// The estimate from 1,000 sampled answers of one token against the KL summed over the whole vocabulary.
  @Test func theKLEstimateIsTheKL() throws {
    let fixture = try LoopFixture(hps: .sample, prompts: 1)
    let (record, loop) = try record(fixture, trained: true) {
      $0.maxNewTokens = 1
      $0.divergencePrompts = 1
      $0.divergenceSamples = 1000
    }
    let vocabulary = PromptGroup(prompt: try fixture.set.items[0].prompt, responses: (0..<96).map { [Int32($0)] })
    let policy = try loop.scorer.model.score([vocabulary], adapter: loop.scorer.adapter)[0].map { Double($0[0]) }
    let reference = try loop.scorer.model.score([vocabulary], adapter: nil)[0].map { Double($0[0]) }
    let exact = zip(policy, reference).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    let estimate = try #require(record.diagnostics?.policyKL)
    // Four standard errors of the estimator, from its exact variance.
    let second = zip(policy, reference).reduce(0) { sum, pair in
      let value = exp(pair.1 - pair.0) - 1 + pair.0 - pair.1
      return sum + exp(pair.0) * value * value
    }
    let error = ((second - exact * exact) / 1000).squareRoot()
    #expect(exact > 0.001)
    #expect(abs(estimate - exact) < 4 * error, "\(estimate) and \(exact) ± \(error)")
  }

  @Test func unpairedPromptsHaveNoMargins() throws {
    var fixture = LoopFixture(
      try Objective(model: .pl, parameterization: .kto),
      set: LoopFixture.trainingSet([([3, 4], [[7, 1]], [1]), ([5, 6], [[8, 9, 1]], [0]), ([7], [[9, 1]], [0])]))
    fixture.promptsPerStep = 3
    let (record, _) = try record(fixture, trained: true) { $0.divergenceSamples = 0 }
    #expect(record.hardestMargin.isNaN && record.prompts == 3 && record.loss.isFinite)
    #expect(record.chosenReward.isFinite && record.rejectedReward.isFinite && record.accuracy.isNaN)
    let diagnostics = try #require(record.diagnostics)
    #expect(diagnostics.policyKL == nil && diagnostics.rankingAccuracy.isNaN && diagnostics.lengthCorrelation.isFinite)
    #expect(try #require(diagnostics.kl) >= 0)
    let line = record.line
    #expect(line.contains("\"eval_margins/hardest\": null") && line.contains("\"eval_kl\": "))
    #expect(!line.contains("eval_policy_kl"))
  }

  /// A loss that only this test target knows, from the run file through training to the evaluation.
  @Test func aLossOfTheTestsOwnTrains() throws {
    struct SquaredHingeLoss: PreferenceLoss {
      static let delta = LossOption.number("squared_hinge_delta", .above(0), standard: 1, "δ")
      let name = "squared_hinge"
      let traits = LossTraits()
      let options = [Self.delta]

      func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
        let slack = max(0, context[Self.delta] - context.beta * (winner.logRatio - loser.logRatio))
        return PairValue(loss: slack * slack, slope: -2 * context.beta * slack)
      }

      func formula(_ context: LossContext) -> String { "max(0, \(context[Self.delta]) − (s_w − s_l))²" }
    }
    let file = try RunFile.decode(
      yaml: """
        model: m
        data: {train: d.jsonl}
        preference: {model: pl, parameterization: squared_hinge, squared_hinge_delta: 2}
        """, name: "run", losses: LossRegistry.standard.adding(SquaredHingeLoss()))
    var fixture = LoopFixture(try file.objective(), set: LoopFixture.ranked(prompts: 4, responses: 4))
    fixture.totalSteps = 6
    fixture.learningRate = 5e-3
    // δ² for every pair while policy and reference are one.
    let (untrained, _) = try record(fixture, trained: false)
    #expect(abs(untrained.loss - 4) < 1e-9)
    let steps = try fixture.run()
    #expect(steps.count == 6 && steps[0].gradientNorm > 0)
    #expect(steps[5].loss < steps[0].loss)
  }

  /// Every objective takes a few steps of the real loop: finite numbers, a gradient, and a lower loss on what it saw.
  @Test func everyObjectiveTrains() throws {
    var objectives: [Objective] = []
    for parameterization in Parameterization.allCases {
      let traits = parameterization.loss.traits
      for model in traits.models {
        objectives.append(try Objective(model: model, parameterization: parameterization))
      }
      guard traits.models.contains(.hps), traits.estimators.contains(.expectation) else { continue }
      objectives.append(try Objective(model: .hps, parameterization: parameterization, estimator: .expectation))
    }
    #expect(objectives.count >= 16 * 4)
    for objective in objectives {
      var fixture = LoopFixture(objective, set: LoopFixture.ranked(prompts: 4, responses: 4))
      fixture.schedule = .constant(0)
      fixture.totalSteps = 6
      fixture.learningRate = 5e-3
      let name = objective.describe()
      let steps = try fixture.run()
      #expect(steps.count == 6)
      #expect(steps.allSatisfy { $0.loss.isFinite && $0.gradientNorm.isFinite }, "\(name)")
      #expect(steps[0].gradientNorm > 0, "\(name)")
      // A drawn negative changes from step to step; the others see the same numbers each time.
      let isDrawn = objective.estimator == .sample
      if !isDrawn, !objective.needsKL { #expect(steps[5].loss < steps[0].loss, "\(name)") }
    }
  }
}
