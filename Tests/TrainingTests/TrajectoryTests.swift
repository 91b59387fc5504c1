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
    #expect(summary.steps == golden.file.steps && summary.reason == "completed")

    #expect(events.steps.count == golden.file.trajectory.count)
    for (step, expected) in zip(events.steps, golden.file.trajectory) {
      let label: Comment = "\(name) step \(expected.step)"
      #expect(step.step == expected.step)
      // ipo and sppo square D minus 1/(2β) = 5 and lie near 25 and 50: relative above 1.
      #expect(abs(step.loss - expected.loss) < 1e-4 * max(1, expected.loss), label)
      #expect(abs(step.learningRate - expected.learningRate) < 1e-12, label)
      #expect(abs(step.gradientNorm / expected.gradientNorm - 1) < 1e-4, label)
      #expect(abs(step.chosenLogProb - expected.chosenLogProb) < 1e-4, label)
      #expect(abs(step.rejectedLogProb - expected.rejectedLogProb) < 1e-4, label)
      #expect(abs(step.chosenReward - expected.chosenReward) < 1e-4, label)
      #expect(abs(step.rejectedReward - expected.rejectedReward) < 1e-4, label)
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

    let adapter = loop.scorer.adapter
    let final = try golden.tensors("final", adapter)
    let largest = zip(adapter.parameters.array, final).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest < 1e-5, "\(name): an adapter weight is off by \(largest)")
  }

  /// The gradient of the first step, before clipping, parameter by parameter.
  @Test(arguments: Trajectory.names)
  func theFirstGradientIsTRLs(_ name: String) throws {
    let golden = try Trajectory(name)
    var fixture = try golden.fixture()
    fixture.totalSteps = 1
    let loop = try fixture.loop()
    _ = try loop.run()
    let expected = try golden.tensors("gradients", loop.scorer.adapter)
    let scale = expected.map(abs).max() ?? 0
    let largest = zip(loop.gradients.values.array, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(scale > 0)
    #expect(largest < 1e-5 * scale, "\(name): off by \(largest) of \(scale)")
  }
}

/// One run of TRL's DPOTrainer.
struct Trajectory {
  static let names = ["sigmoid", "sigmoid-cosine", "ipo", "exo_pair", "nca_pair", "sppo_hard"]

  struct File: Decodable {
    var beta: Double
    var labelSmoothing: Double
    var steps: Int
    var scheduler: String
    var learningRate: Double
    var weightDecay: Double
    var maxGradientNorm: Double
    var initialAdapter: String
    var trajectory: [Step]
    var sequencesBefore: [Sequences]
    var sequencesAfter: [Sequences]

    enum CodingKeys: String, CodingKey {
      case beta, steps, trajectory
      case labelSmoothing = "label_smoothing"
      case scheduler = "lr_scheduler_type"
      case learningRate = "learning_rate"
      case weightDecay = "weight_decay"
      case maxGradientNorm = "max_grad_norm"
      case initialAdapter = "initial_adapter"
      case sequencesBefore = "sequences_before"
      case sequencesAfter = "sequences_after"
    }
  }

  struct Step: Decodable {
    var step: Int
    var loss: Double
    var learningRate: Double
    var gradientNorm: Double
    var chosenLogProb: Double
    var rejectedLogProb: Double
    var chosenReward: Double
    var rejectedReward: Double
    var margin: Double
    var accuracy: Double

    enum CodingKeys: String, CodingKey {
      case step, loss
      case learningRate = "learning_rate"
      case gradientNorm = "grad_norm"
      case chosenLogProb = "logps/chosen"
      case rejectedLogProb = "logps/rejected"
      case chosenReward = "rewards/chosen"
      case rejectedReward = "rewards/rejected"
      case margin = "rewards/margins"
      case accuracy = "rewards/accuracies"
    }
  }

  /// Summed log-probs of one pair.
  struct Sequences: Decodable {
    var policyChosen: Double
    var policyRejected: Double
    var referenceChosen: Double
    var referenceRejected: Double

    enum CodingKeys: String, CodingKey {
      case policyChosen = "policy_chosen"
      case policyRejected = "policy_rejected"
      case referenceChosen = "reference_chosen"
      case referenceRejected = "reference_rejected"
    }
  }

  private struct Pair: Decodable {
    var prompt: [Int32]
    var chosen: [Int32]
    var rejected: [Int32]

    enum CodingKeys: String, CodingKey {
      case prompt = "prompt_ids"
      case chosen = "chosen_ids"
      case rejected = "rejected_ids"
    }
  }

  let name: String
  let file: File

  init(_ name: String) throws {
    self.name = name
    file = try Self.decode(File.self, name + ".json")
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: LoopFixture.folder.appendingPathComponent(name)))
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
    let pairs = try Self.decode([Pair].self, "pairs.json")
    var fixture = LoopFixture(
      try Objective(model: .bt, parameterization: parameterization, beta: file.beta, options: options),
      set: LoopFixture.trainingSet(pairs.map { ($0.prompt, [$0.chosen, $0.rejected], [1, 0]) }))
    fixture.adapterFolder = file.initialAdapter
    fixture.promptsPerStep = pairs.count
    fixture.totalSteps = file.steps
    fixture.learningRate = file.learningRate
    fixture.scheduler = try #require(LearningRateSchedule.Kind(rawValue: file.scheduler))
    fixture.maxGradientNorm = file.maxGradientNorm
    fixture.weightDecay = file.weightDecay
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

  /// `NAME.kind.safetensors` in the order of the adapter's flat buffer.
  func tensors(_ kind: String, _ adapter: LoRAAdapter) throws -> [Float] {
    let file = try SafetensorsFile(
      path: LoopFixture.folder.appendingPathComponent("\(name).\(kind).safetensors").path)
    let flat = FloatBuffer(count: adapter.parameters.count)
    for linear in adapter.layout.linears {
      let key = "base_model.model.\(linear.address)"
      flat.copy(from: try file.tensor("\(key).lora_A.weight").float32(), at: linear.downOffset)
      flat.copy(from: try file.tensor("\(key).lora_B.weight").float32(), at: linear.upOffset)
    }
    return flat.array
  }
}
