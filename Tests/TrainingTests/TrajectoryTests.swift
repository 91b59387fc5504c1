import Base
import Checkpoint
import Control
import Foundation
import Model
import DeviceCPU
import Preference
import Testing

@testable import Evaluation
@testable import Training
@testable import TrainingFixture

/// Full-batch runs of the real loop against TRL's DPOTrainer, from the same initial adapter, fp32; the fixtures'
/// README says what each file holds and how far TRL itself is from double precision.
struct TrajectoryTests {
  @Test(arguments: Trajectory.names)
  func everyStepIsTRLs(_ name: String) throws {
    let golden = try Trajectory(name)
    let events = EventLog()
    let loop = try golden.fixture().loop(events)
    let before = try golden.sequences(loop)
    let summary = try loop.run()
    #expect(summary.steps == golden.file.steps && summary.reason == .completed)

    #expect(events.steps.count == golden.file.trajectory.count)
    for (step, expected) in zip(events.steps, golden.file.trajectory) {
      let label: Comment = "\(name) step \(expected.step)"
      #expect(step.step == expected.step)
      // ipo and sppo square D minus 1/(2β) = 5 and lie near 25 and 50: relative above 1.
      RecordedTrajectory.expect(
        step, equals: expected, loss: 1e-4 * max(1, expected.loss), logProb: 1e-4, label)
      #expect(abs(step.learningRate - expected.learningRate) < 1e-12, label)
      #expect(abs(step.margin - expected.margin) < 1e-4, label)
      #expect(step.accuracy == expected.accuracy, label)
    }

    for (found, expected) in [
      (before, golden.file.sequencesBefore), (try golden.sequences(loop), golden.file.sequencesAfter),
    ] {
      for (pair, values) in zip(found, expected).enumerated() {
        let label: Comment = "\(name) pair \(pair)"
        #expect(abs(values.0.policyChosen - values.1.policyChosen) < 1e-4, label)
        #expect(abs(values.0.policyRejected - values.1.policyRejected) < 1e-4, label)
        #expect(abs(values.0.referenceChosen - values.1.referenceChosen) < 1e-4, label)
        #expect(abs(values.0.referenceRejected - values.1.referenceRejected) < 1e-4, label)
      }
    }

    // Some of Gemma's gradients are next to nothing, where AdamW's step is mostly the sign of a rounding error.
    try RecordedTrajectory.expectFinal(loop.scorer.adapter, of: name, within: name == "gemma3" ? 1e-4 : 1e-5)
  }

  /// 20 steps in bf16: every loss within 1 % of the one in fp32.
  @Test(arguments: ["sigmoid", "qwen3", "gemma3"])
  func lossesInBF16AreThoseInFP32(_ name: String) throws {
    func losses(_ precision: Precision) throws -> [Double] {
      var fixture = try Trajectory(name).fixture()
      fixture.precision = precision
      fixture.totalSteps = 20
      let events = EventLog()
      _ = try fixture.loop(events).run()
      return events.steps.map(\.loss)
    }
    let (exact, rounded) = (try losses(.fp32), try losses(.bf16))
    #expect(exact.count == 20)
    for (step, pair) in zip(exact, rounded).enumerated() {
      #expect(abs(pair.1 / pair.0 - 1) < 0.01, "\(name) step \(step + 1): \(pair.0) and \(pair.1)")
    }
  }

  /// The gradient of the first step, before clipping, parameter by parameter.
  @Test(arguments: Trajectory.names)
  func theFirstGradientIsTRLs(_ name: String) throws {
    try RecordedTrajectory.expectFirstGradient(try Trajectory(name).fixture(), of: name)
  }
}

/// One run of TRL's DPOTrainer.
struct Trajectory {
  static let names = [
    "sigmoid", "sigmoid-cosine", "ipo", "exo_pair", "nca_pair", "sppo_hard", "loraplus", "qwen3", "gemma3",
  ]

  struct File: Decodable {
    var beta: Double
    var labelSmoothing: Double
    var steps: Int
    var lrSchedulerType: String
    var learningRate: Double
    var weightDecay: Double
    var maxGradNorm: Double
    var loraplusLrRatio: Double?
    var initialAdapter: String
    var trajectory: [RecordedStep]
    var sequencesBefore: [Sequences]
    var sequencesAfter: [Sequences]
  }

  /// Summed log-probs of one pair.
  struct Sequences: Decodable {
    var policyChosen: Double
    var policyRejected: Double
    var referenceChosen: Double
    var referenceRejected: Double
  }

  private struct Pair: Decodable {
    var promptIds: [Int32]
    var chosenIds: [Int32]
    var rejectedIds: [Int32]
  }

  let name: String
  let file: File

  init(_ name: String) throws {
    self.name = name
    file = try RecordedTrajectory.decode(File.self, name)
  }

  func fixture() throws -> LoopFixture {
    var options = ObjectiveOptions()
    let parameterization: Parameterization
    switch name {
    case "ipo": parameterization = .ipo
    case "exo_pair":
      parameterization = .exo
      options.labelSmoothing = file.labelSmoothing
    case "nca_pair": parameterization = .nca
    case "sppo_hard":
      parameterization = .sppo
      options.convention = .trl
    default: parameterization = .dpo
    }
    let pairs = try RecordedTrajectory.decode([Pair].self, "pairs")
    var fixture = LoopFixture(
      try Objective(model: .bt, parameterization: parameterization, beta: file.beta, options: options),
      set: LoopFixture.trainingSet(pairs.map { ($0.promptIds, [$0.chosenIds, $0.rejectedIds], [1, 0]) }))
    fixture.adapterFolder = file.initialAdapter
    if ["qwen3", "gemma3"].contains(name) { fixture.modelFolder = "model-" + name }
    fixture.promptsPerStep = pairs.count
    fixture.totalSteps = file.steps
    fixture.learningRate = file.learningRate
    fixture.scheduler = try #require(LearningRateSchedule.Kind(rawValue: file.lrSchedulerType))
    fixture.maxGradientNorm = file.maxGradNorm
    fixture.weightDecay = file.weightDecay
    fixture.loraPlusRatio = file.loraplusLrRatio ?? 1
    return fixture
  }

  /// Summed log-probs of every pair with the loop's present adapter.
  func sequences(_ loop: TrainingLoop) throws -> [Sequences] {
    var cache = ReferenceCache()
    return try loop.scorer.score(
      set: loop.set, cache: &cache, wanted: loop.set.items.indices.map { ($0, [0, 1]) }
    ).map {
      Sequences(
        policyChosen: $0[0].logProb, policyRejected: $0[1].logProb, referenceChosen: $0[0].referenceLogProb,
        referenceRejected: $0[1].referenceLogProb)
    }
  }
}
