import Base
import Checkpoint
import Control
import Foundation
import Model
import Testing

@testable import Training
@testable import TrainingFixture

/// A step as TRL's trainers noted it in the fixtures of Tests/Fixtures/trajectory.
struct RecordedStep: Decodable {
  var step: Int
  var loss: Double
  var learningRate: Double
  var gradientNorm: Double
  var chosenLogProb: Double
  var rejectedLogProb: Double
  var chosenReward: Double
  var rejectedReward: Double
  var margin: Double
  /// Of the DPOTrainer alone.
  var accuracy: Double?
  /// Of the KTOTrainer alone.
  var kl: Double?

  enum CodingKeys: String, CodingKey {
    case step, loss, kl, learningRate
    case gradientNorm = "gradNorm"
    case chosenLogProb = "logps/chosen"
    case rejectedLogProb = "logps/rejected"
    case chosenReward = "rewards/chosen"
    case rejectedReward = "rewards/rejected"
    case margin = "rewards/margins"
    case accuracy = "rewards/accuracies"
  }
}

/// What TRL recorded of one run, by the run's name, and what our own run must share with it.
enum RecordedTrajectory {
  static func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: LoopFixture.folder.appendingPathComponent(name + ".json")))
  }

  /// `NAME.kind.safetensors` in the order of the adapter's flat buffer.
  private static func tensors(_ name: String, _ kind: String, _ adapter: LoRAAdapter) throws -> [Float] {
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

  /// The numbers that both trainers note; the norm of the gradient relatively.
  /// - Parameters:
  ///   - loss: how far the loss may be off.
  ///   - logProb: the same for the summed log-probs.
  static func expect(
    _ step: StepRecord, equals expected: RecordedStep, loss: Double, logProb: Double, _ label: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(abs(step.loss - expected.loss) < loss, label, sourceLocation: sourceLocation)
    #expect(abs(step.gradientNorm / expected.gradientNorm - 1) < 1e-4, label, sourceLocation: sourceLocation)
    #expect(abs(step.chosenReward - expected.chosenReward) < 1e-4, label, sourceLocation: sourceLocation)
    #expect(abs(step.rejectedReward - expected.rejectedReward) < 1e-4, label, sourceLocation: sourceLocation)
    #expect(abs(step.chosenLogProb - expected.chosenLogProb) < logProb, label, sourceLocation: sourceLocation)
    #expect(abs(step.rejectedLogProb - expected.rejectedLogProb) < logProb, label, sourceLocation: sourceLocation)
  }

  /// The adapter behind the last step.
  static func expectFinal(
    _ adapter: LoRAAdapter, of name: String, within tolerance: Float = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let final = try tensors(name, "final", adapter)
    let largest = largestDifference(adapter.parameters.array, final)
    #expect(largest < tolerance, "\(name): an adapter weight is off by \(largest)", sourceLocation: sourceLocation)
  }

  /// The gradient of the first step, before clipping, parameter by parameter.
  static func expectFirstGradient(
    _ fixture: LoopFixture, of name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var fixture = fixture
    fixture.totalSteps = 1
    let loop = try fixture.loop()
    _ = try loop.run()
    let expected = try tensors(name, "gradients", loop.scorer.adapter)
    let scale = expected.map(abs).max() ?? 0
    let largest = largestDifference(loop.gradients.values.array, expected)
    #expect(scale > 0, sourceLocation: sourceLocation)
    #expect(largest < 1e-5 * scale, "\(name): off by \(largest) of \(scale)", sourceLocation: sourceLocation)
  }

  /// Infinite where there is nothing to compare or a number is none.
  private static func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
    let differences = zip(found, expected).map { abs($0 - $1) }
    return differences.contains(where: \.isNaN) ? .infinity : differences.max() ?? .infinity
  }
}
