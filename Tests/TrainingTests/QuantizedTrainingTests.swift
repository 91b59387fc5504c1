import Base
import Checkpoint
import Control
import DeviceCPU
import Foundation
import Model
import Preference
import RunFile
import TestSupport
import Testing

@testable import Training
@testable import TrainingFixture

/// Runs whose frozen weights are in 8 or 4 bits.
@Suite struct QuantizedTrainingTests {
  static let kinds = [Quantization.int8, .nf4]

  /// The policy starts at its reference, exactly, and learns.
  @Test(arguments: kinds, Precision.allCases)
  func twentySteps(kind: Quantization, precision: Precision) throws {
    var fixture = LoopFixture(
      try Objective(model: .bt, parameterization: .dpo), set: LoopFixture.ranked(prompts: 8, responses: 2))
    fixture.adapterFolder = nil
    fixture.quantization = kind
    fixture.precision = precision
    fixture.promptsPerStep = 8
    fixture.totalSteps = 20
    fixture.learningRate = 1e-2
    fixture.threads = 2
    let steps = try fixture.run()
    #expect(steps.count == 20)
    #expect(steps[0].loss == log(2) && steps[0].margin == 0 && steps[0].visits.allSatisfy { $0.margin == 0 })
    #expect(steps.allSatisfy { $0.loss.isFinite && $0.gradientNorm.isFinite && $0.gradientNorm > 0 })
    #expect(steps[19].loss < 0.6 * log(2) && steps[19].loss < steps[9].loss, "\(steps.map(\.loss))")
    // Other weights, other numbers.
    fixture.quantization = .none
    #expect(try fixture.run()[0].chosenLogProb != steps[0].chosenLogProb)
  }

  /// What a merge adds the adapter to is what the model computes with.
  @Test(arguments: kinds)
  func trainedWeightsAreWhatTheCodesStandFor(kind: Quantization) throws {
    let checkpoint = try CheckpointFolder(path: LoopFixture.modelPath)
    #expect(TrainedWeights(checkpoint, quantization: .none) == nil)
    let weights = try #require(TrainedWeights(checkpoint, quantization: kind))
    let type = try #require(kind.elementType)
    #expect(weights.name == kind.rawValue)
    let device = CPUDevice(threads: 2, precision: .fp32)
    for kindOfLinear in LinearKind.allCases {
      let address = LinearAddress(layer: 1, kind: kindOfLinear)
      let tensor = try checkpoint.tensor("\(address).weight")
      let source = device.constant(tensor.float32(), rows: tensor.shape[0], columns: tensor.shape[1])
      let expected = try withExtendedLifetime(source) {
        let memory = try #require(try device.quantize(source.tensor, to: type))
        return withExtendedLifetime(memory) { device.read(memory.tensor) }
      }
      let expanded = try weights.expanded(address)
      let middle = expected.count / 3
      #expect(expanded(0..<middle) + expanded(middle..<expected.count) == expected)
      #expect(expected != tensor.float32())
    }
  }

  /// Rows that a file has in another order are quantized in the model's, where blocks of NF4 reach over two of them.
  @Test(arguments: kinds)
  func trainedWeightsWhoseRowsGoByHead(kind: Quantization) throws {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let checkpoint = try CheckpointFolder(
      path: fixtures.appendingPathComponent("Fixtures/model/neox-sequential").path)
    let weights = try #require(TrainedWeights(checkpoint, quantization: kind))
    let address = LinearAddress(layer: 1, module: checkpoint.configuration.layer.modules[0])
    let order = try #require(address.module.storedRows(in: checkpoint.configuration))
    let tensor = try checkpoint.tensor("\(address).weight")
    let device = CPUDevice(threads: 2, precision: .fp32)
    let source = device.constant(order.used(tensor.float32()), rows: tensor.shape[0], columns: tensor.shape[1])
    let type = try #require(kind.elementType)
    let memory = try #require(try device.quantize(source.tensor, to: type))
    let expected = withExtendedLifetime((source, memory)) { order.stored(device.read(memory.tensor)) }
    let expanded = try weights.expanded(address)
    let middle = expected.count / 3
    #expect(expanded(0..<middle) + expanded(middle..<expected.count) == expected)
  }

  /// Reference log-probs are shared, and a run goes on, with the same weights only.
  @Test func quantizationIsPartOfTheModelsName() {
    var file = RunFile(model: "m", train: ["d.jsonl"])
    #expect(file.modelKey("ab") == "ab")
    file.quantize = .nf4
    #expect(file.modelKey("ab") == "ab-nf4")
  }
}
