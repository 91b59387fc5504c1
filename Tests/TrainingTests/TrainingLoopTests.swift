import Checkpoint
import Control
import Foundation
import Model
import DeviceCPU
import Preference
import TestSupport
import Testing

@testable import Evaluation
@testable import Training
@testable import TrainingFixture

/// Settings that must not change a run, and the ends a run can come to.
struct TrainingLoopTests {
  // MARK: Equivalences

  @Test(arguments: [Precision.fp32, .bf16])
  func threadsGiveTheSameBits(precision: Precision) throws {
    var fixture = try LoopFixture(hps: .sample)
    fixture.precision = precision
    let runs = try [1, 2, 3].map { threads in
      fixture.threads = threads
      return try fixture.run()
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
    #expect(Set(runs[0].map(\.loss)).count == runs[0].count)
  }

  @Test func oneSeedIsOneRun() throws {
    var fixture = try LoopFixture(hps: .sample)
    let first = try fixture.run()
    #expect(first == (try fixture.run()))
    fixture.seed += 1
    let other = try fixture.run()
    #expect(first.map { $0.visits.map(\.prompt) } != other.map { $0.visits.map(\.prompt) })
  }

  /// The reference never changes: scoring it at every visit differs by the order of sums in other batches at most.
  @Test func liveReferenceIsTheCachedOne() throws {
    var fixture = try LoopFixture(hps: .sample, prompts: 6)
    fixture.totalSteps = 9
    let cached = try fixture.run()
    fixture.liveReference = true
    for (a, b) in zip(cached, try fixture.run()) {
      #expect(abs(a.loss - b.loss) < 1e-6)
      #expect(abs(a.margin - b.margin) < 1e-5)
      #expect(a.visits.map(\.drawn) == b.visits.map(\.drawn))
    }
  }

  /// Micro-batches of 20 rows: one step's gradient in many parts.
  @Test(arguments: [Estimator.sample, .expectation])
  func microBatchesAreOneBatch(estimator: Estimator) throws {
    var fixture = try LoopFixture(hps: estimator)
    fixture.promptsPerStep = 6
    let whole = try fixture.run()
    fixture.tokenBudget = 20
    let parts = try fixture.run()
    for (a, b) in zip(whole, parts) {
      #expect(abs(a.loss - b.loss) < 1e-5)
      #expect(abs(a.gradientNorm / b.gradientNorm - 1) < 1e-4)
      #expect(a.tokens == b.tokens)
    }
  }

  // MARK: Windows

  /// 7 prompts in windows of 3, 3 and 1. With a learning rate of 0 the weights stand still, so each window's gradient is
  /// the mean of its prompts' own, and the last one is not made smaller by the two that are missing.
  @Test func theLastWindowIsScaledByItsRealSize() throws {
    var fixture = LoopFixture(
      try Objective(model: .bt, parameterization: .dpo), set: LoopFixture.ranked(prompts: 7, responses: 3))
    fixture.learningRate = 0
    func gradient(promptsPerStep: Int, step: Int) throws -> (StepRecord, [Float]) {
      fixture.promptsPerStep = promptsPerStep
      fixture.totalSteps = step
      let events = EventLog()
      let loop = try fixture.loop(events)
      _ = try loop.run()
      return (try #require(events.steps.last), loop.gradients.values.array)
    }
    let single = try (1...7).map { try gradient(promptsPerStep: 1, step: $0) }
    #expect(Set(single.map { $0.0.visits[0].prompt }) == Set(0..<7))
    for (window, members) in [0..<3, 3..<6, 6..<7].enumerated() {
      let (record, found) = try gradient(promptsPerStep: 3, step: window + 1)
      #expect(record.visits.map(\.prompt) == members.map { single[$0].0.visits[0].prompt })
      let loss = members.reduce(0) { $0 + single[$1].0.loss } / Double(members.count)
      #expect(abs(record.loss - loss) < 1e-6)
      let expected = found.indices.map { i in
        members.reduce(0) { $0 + Double(single[$1].1[i]) } / Double(members.count)
      }
      let scale = expected.map(abs).max() ?? 0
      #expect(scale > 0)
      #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 * scale })
      #expect(record.epoch == Double(window + 1) / 3)
    }
  }

  @Test func everyPromptIsVisitedOnceAnEpoch() throws {
    var fixture = try LoopFixture(hps: .sample, prompts: 7)
    fixture.promptsPerStep = 3
    fixture.totalSteps = 8
    let steps = try fixture.run()
    let visited = steps.flatMap { $0.visits.map(\.prompt) }
    // 3 + 3 + 1 | 3 + 3 + 1 | 3 + 3
    #expect(steps.map(\.visits.count) == [3, 3, 1, 3, 3, 1, 3, 3])
    #expect(visited[..<7].sorted() == Array(0..<7) && visited[7..<14].sorted() == Array(0..<7))
    #expect(Array(visited[..<7]) != Array(visited[7..<14]))
    #expect(Set(visited[14...]).count == 6)
  }

  /// A prompt's draw is a function of (seed, epoch, prompt): who shares its step has no part in it.
  @Test func drawsDoNotDependOnTheBatch() throws {
    var fixture = try LoopFixture(hps: .sample, prompts: 12)
    fixture.schedule = .constant(0.5)
    func draws(_ promptsPerStep: Int) throws -> [Int: Int?] {
      fixture.promptsPerStep = promptsPerStep
      fixture.totalSteps = 12 / promptsPerStep
      return try Dictionary(
        uniqueKeysWithValues: fixture.run().flatMap { $0.visits.map { ($0.prompt, $0.drawn) } })
    }
    let expected = try draws(4)
    #expect(try draws(1) == expected)
    #expect(try draws(6) == expected)
    #expect(Set(expected.values).count > 1)
  }

  @Test func tokensCountWhatWasScoredOnce() throws {
    var fixture = LoopFixture(
      try Objective(model: .bt, parameterization: .dpo),
      set: LoopFixture.trainingSet([
        ([5, 6, 7], [[8, 1], [9, 10, 1], [11, 1]], [3, 2, 1]),
        ([5], [[8, 9, 10, 1], [1]], [1, 0]),
      ]))
    fixture.promptsPerStep = 2
    fixture.totalSteps = 2
    // Best and worst: 3 + 2 + 2 and 1 + 4 + 1.
    #expect(try fixture.run().map(\.tokens) == [13, 26])
  }

  // MARK: Objectives

  /// `expectation` scores all responses; with two preferred ones the margin is against the third, never the second.
  @Test func theMarginIsAgainstTheBestDispreferredResponse() throws {
    let two = try LoopFixture(hps: .expectation, preferred: 2).run()[0]
    #expect(two.visits[0].scored.map(\.response) == [0, 1, 2, 3, 4])
    for visit in two.visits {
      let s = visit.scored.map { 0.1 * ($0.logProb - $0.referenceLogProb) }
      #expect(visit.drawn == nil)
      #expect(abs(visit.margin - (s[0] - s[2])) < 1e-12)
    }
    let mean = two.visits.reduce(0) { $0 + $1.margin } / Double(two.visits.count)
    #expect(abs(two.margin - mean) < 1e-12)

    // Plackett–Luce on rewards 2, 2, 1: the second ties with the best, so the third is the rejected one.
    var tied = LoopFixture(
      try Objective(model: .pl, parameterization: .dpo),
      set: LoopFixture.trainingSet([([5, 6], [[8, 1], [9, 10, 1], [11, 12, 1]], [2, 2, 1])]))
    tied.totalSteps = 1
    let visit = try #require(try tied.run().first?.visits.first)
    let s = visit.scored.map { 0.1 * ($0.logProb - $0.referenceLogProb) }
    #expect(s[0] - s[1] != s[0] - s[2])
    #expect(abs(visit.margin - (s[0] - s[2])) < 1e-12)
  }

  @Test func aPromptWithoutACandidateIsLeftOut() throws {
    // Two preferred responses of which the second ties with the third: no dispreferred candidate.
    var options = ObjectiveOptions()
    options.preferred = 2
    var fixture = LoopFixture(
      try Objective(model: .hps, parameterization: .dpo, options: options),
      set: LoopFixture.trainingSet([
        ([5, 6], [[8, 1], [9, 1], [11, 12, 1]], [2, 1, 1]), ([7, 6], [[8, 1], [9, 1], [11, 1]], [3, 2, 1]),
      ]))
    fixture.promptsPerStep = 2
    fixture.totalSteps = 2
    #expect(try fixture.run().map { $0.visits.map(\.prompt) } == [[1], [1]])

    // A step with nothing in it updates nothing, not even by AdamW's momentum.
    fixture.promptsPerStep = 1
    fixture.totalSteps = 4
    let loop = try fixture.loop()
    _ = try loop.run()
    #expect(loop.step == 4 && loop.optimizer.updates == 2)
  }

  @Test func essAndSaturationAreThoseOfTheDistribution() throws {
    // q ∝ (e^γr): rewards of the negatives 0 and 1 at γ = 0 give q = ½, ½ and ESS 2; at γ = 5 q ≈ (1, e⁻⁵) and ESS ≈ 1.01.
    var fixture = LoopFixture(
      try Objective(model: .hps, parameterization: .dpo),
      set: LoopFixture.trainingSet([([5, 6], [[8, 1], [9, 1], [11, 1]], [2, 1, 0])]))
    fixture.totalSteps = 2
    fixture.schedule = .linear(start: 0, end: 5)
    let steps = try fixture.run()
    let q = 1 / (1 + exp(-5.0))
    #expect(abs((steps[0].ess ?? 0) - 2) < 1e-12 && steps[0].saturatedShare == 0)
    #expect(abs((steps[1].ess ?? 0) - 1 / (q * q + (1 - q) * (1 - q))) < 1e-12 && steps[1].saturatedShare == 1)
    #expect(steps[0].visits[0].drawnProbability == 0.5)
  }

  @Test(arguments: [Estimator.sample, .sampleN, .expectation])
  func trainingLowersTheLoss(estimator: Estimator) throws {
    var fixture = try LoopFixture(hps: estimator)
    fixture.schedule = .constant(0)
    fixture.promptsPerStep = 12
    fixture.totalSteps = 40
    fixture.learningRate = 5e-3
    fixture.adapterFolder = nil
    let steps = try fixture.run()
    let (first, last) = (try #require(steps.first), try #require(steps.last))
    #expect(last.loss < 0.7 * first.loss, "\(first.loss) → \(last.loss)")
    #expect(last.margin > 0.5)
  }

  // MARK: Ends

  @Test func summaryTellsTheRun() throws {
    let events = EventLog()
    let summary = try LoopFixture(hps: .sample).loop(events).run()
    #expect(summary.steps == 8 && summary.reason == .completed && summary.checkpointPath == nil)
    #expect(abs(summary.trainLoss - events.steps.reduce(0) { $0 + $1.loss } / 8) < 1e-15)
    #expect(summary.trainRuntime > 0)
    #expect(abs(summary.pairsPerSecond * summary.trainRuntime - 32) < 1e-9)
  }

  /// The first step moves every weight by about ±1e30; the second one's numbers are NaN.
  @Test func notFiniteStopsBeforeTheUpdate() throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.learningRate = 1e30
    fixture.saveSteps = 1
    fixture.session = folder.path
    let events = EventLog { event, log in
      if event.endOfStep == 1 { log.send(.inspect(prompt: -1), id: -1) }
      // Taken while the failing step is under way.
      if event.answeredID == -1 {
        log.send(.checkpoint, id: 1)
        log.send(.stop, id: 2)
      }
    }
    let loop = try fixture.loop(events)
    let error = #expect(throws: TrainingError.self) { try loop.run() }
    guard case .notFinite(let step, let loss, let norm, let checkpoint) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(step == 2 && !(loss.isFinite && norm.isFinite))
    #expect(checkpoint == folder.path + "/checkpoint-1")
    #expect(events.all.compactMap(\.endOfStep) == [1, 2])
    #expect(loop.optimizer.updates == 1)
    let model = loop.scorer.model.configuration
    let saved = try LoRAAdapter(
      folder: AdapterFolder.read(path: folder.path + "/checkpoint-1", model: model), model: model)
    #expect(loop.scorer.adapter.parameters.array == saved.parameters.array)
    #expect(!loop.scorer.adapter.parameters.array.contains { !$0.isFinite })
    #expect(CheckpointStore.latest(session: folder.path)?.step == 1)
    for id in 1...2 {
      #expect(events.answer(id)?.refusal?.hasPrefix("the run has failed: training stopped at step 2") == true)
    }
    #expect(
      error?.description.hasSuffix(
        "the update was not applied, and the last good checkpoint is \(folder.path)/checkpoint-1; a lower learning rate "
          + "or a smaller max_grad_norm usually helps") == true)
  }

  /// Memory of a loop stays flat: the reference cache holds one number a response, however many epochs pass.
  @Test func theReferenceCacheIsBounded() throws {
    var fixture = try LoopFixture(hps: .sample, prompts: 4, responses: 3)
    fixture.totalSteps = 30
    let loop = try fixture.loop()
    _ = try loop.run()
    #expect(loop.references.count <= 12)
  }
}
