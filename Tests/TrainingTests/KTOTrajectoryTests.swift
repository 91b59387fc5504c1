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

/// Full-batch runs of the real loop against TRL's KTOTrainer: loss, KL estimate, gradient and adapter.
struct KTOTrajectoryTests {
  struct File: Decodable {
    struct Row: Decodable {
      var prompt: [Int32]
      var completion: [Int32]
      var isDesirable: Bool

      enum CodingKeys: String, CodingKey {
        case prompt = "prompt_ids"
        case completion = "completion_ids"
        case isDesirable = "label"
      }
    }

    struct Step: Decodable {
      var loss: Double
      var kl: Double
      var gradientNorm: Double
      var chosenReward: Double
      var rejectedReward: Double
      var chosenLogProb: Double
      var rejectedLogProb: Double

      enum CodingKeys: String, CodingKey {
        case loss, kl
        case gradientNorm = "grad_norm"
        case chosenReward = "rewards/chosen"
        case rejectedReward = "rewards/rejected"
        case chosenLogProb = "logps/chosen"
        case rejectedLogProb = "logps/rejected"
      }
    }

    var lossType: String
    var beta: Double
    var desirableWeight: Double
    var undesirableWeight: Double
    var rows: [Row]
    var trajectory: [Step]

    enum CodingKeys: String, CodingKey {
      case beta, rows, trajectory
      case lossType = "loss_type"
      case desirableWeight = "desirable_weight"
      case undesirableWeight = "undesirable_weight"
    }
  }

  /// Rows of one prompt become one list, as the data's reader makes them.
  private func fixture(_ file: File, model: PreferenceModel) throws -> LoopFixture {
    var items: [(prompt: [Int32], responses: [[Int32]], rewards: [Double])] = []
    for row in file.rows {
      if let known = items.firstIndex(where: { $0.prompt == row.prompt }) {
        items[known].responses.append(row.completion)
        items[known].rewards.append(row.isDesirable ? 1 : 0)
      } else {
        items.append((row.prompt, [row.completion], [row.isDesirable ? 1 : 0]))
      }
    }
    var options = ObjectiveOptions()
    options.desirableWeight = file.desirableWeight
    options.undesirableWeight = file.undesirableWeight
    var fixture = LoopFixture(
      try Objective(
        model: model, parameterization: file.lossType == "kto" ? .kto : .apoZero, beta: file.beta, options: options),
      set: LoopFixture.trainingSet(items))
    fixture.promptsPerStep = items.count
    fixture.totalSteps = file.trajectory.count
    return fixture
  }

  /// Pairs as a best and a worst response and as two that stand alone are the same rows.
  @Test(arguments: [
    ("kto-pairs", PreferenceModel.bt), ("kto-pairs", .pl), ("kto-pairs", .hps), ("kto-unpaired", .bt),
    ("kto-unpaired", .pl), ("kto-apo", .pl),
  ])
  func everyStepIsTRLs(_ name: String, _ model: PreferenceModel) throws {
    let file = try JSONDecoder().decode(
      File.self, from: Data(contentsOf: LoopFixture.folder.appendingPathComponent(name + ".json")))
    let events = EventLog()
    let loop = try fixture(file, model: model).loop(events)
    _ = try loop.run()
    #expect(events.steps.count == file.trajectory.count)
    for (step, expected) in zip(events.steps, file.trajectory) {
      let label: Comment = "\(name) step \(step.step)"
      #expect(abs(step.loss - expected.loss) < 1e-5, label)
      #expect(abs((step.kl ?? 0) - expected.kl) < 1e-4, label)
      #expect((step.kl == nil) == (file.lossType != "kto"))
      #expect(abs(step.gradientNorm / expected.gradientNorm - 1) < 1e-4, label)
      #expect(abs(step.chosenReward - expected.chosenReward) < 1e-4, label)
      #expect(abs(step.rejectedReward - expected.rejectedReward) < 1e-4, label)
      #expect(abs(step.chosenLogProb - expected.chosenLogProb) < 1e-3, label)
      #expect(abs(step.rejectedLogProb - expected.rejectedLogProb) < 1e-3, label)
    }
    // The estimate is at work: above 0 for TRL as well.
    if name == "kto-unpaired" { #expect(file.trajectory.allSatisfy { $0.kl > 0.01 }) }

    let adapter = loop.scorer.adapter
    let final = try tensors("\(name).final", adapter)
    #expect(zip(adapter.parameters.array, final).allSatisfy { abs($0 - $1) < 1e-5 })

    var single = try fixture(file, model: model)
    single.totalSteps = 1
    let first = try single.loop()
    _ = try first.run()
    let gradient = try tensors("\(name).gradients", adapter)
    let scale = gradient.map(abs).max() ?? 0
    #expect(scale > 0)
    #expect(zip(first.gradients.values.array, gradient).allSatisfy { abs($0 - $1) < 1e-5 * scale })
  }

  private func tensors(_ name: String, _ adapter: LoRAAdapter) throws -> [Float] {
    let file = try SafetensorsFile(path: LoopFixture.folder.appendingPathComponent(name + ".safetensors").path)
    let flat = FloatBuffer(count: adapter.parameters.count)
    for linear in adapter.layout.linears {
      let key = "base_model.model.\(linear.address)"
      flat.copy(from: try file.tensor("\(key).lora_A.weight").float32(), at: linear.downOffset)
      flat.copy(from: try file.tensor("\(key).lora_B.weight").float32(), at: linear.upOffset)
    }
    return flat.array
  }

  /// A prompt longer than its own answers allow: the mismatched response loses its end, and never the run.
  @Test func mismatchedPairsStayWithinTheLength() throws {
    let long = Array(repeating: Int32(5), count: 60)
    var fixture = LoopFixture(
      try Objective(model: .pl, parameterization: .kto),
      set: LoopFixture.trainingSet([(long, [[7, 1]], [1]), ([3, 4], [Array(repeating: 9, count: 70)], [0])]))
    fixture.totalSteps = 2
    let loop = try fixture.loop()
    let wanted = [(prompt: 0, responses: [0]), (prompt: 1, responses: [0])]
    // 60 + 70 tokens are more than the model's 128 positions.
    #expect(throws: ModelError.self) {
      try loop.scorer.klEstimate(set: loop.set, wanted: wanted, maxLength: .max)
    }
    let cut = try loop.scorer.klEstimate(set: loop.set, wanted: wanted, maxLength: 128)
    #expect(cut.isFinite && cut >= 0)
    #expect(try loop.scorer.klEstimate(set: loop.set, wanted: wanted.reversed(), maxLength: 128) == cut)
    #expect(try loop.scorer.klEstimate(set: loop.set, wanted: [wanted[0]], maxLength: 128) == 0)
  }
}
