import Base
import Checkpoint
import Device
import DeviceCPU
import Foundation
import NaiveDevice
import Testing

@testable import Model

/// All that a model does, for an architecture that these tests define.
@Suite struct HeadNormLlamaTests {
  private let fixture: HeadNormCheckpoint

  init() throws { fixture = try HeadNormCheckpoint() }

  private func model(
    _ precision: Precision = .fp32, on device: TestDevice, threads: Int = 2
  ) throws -> LanguageModel {
    try LanguageModel(checkpoint: fixture.checkpoint, device: device.make(precision, threads: threads))
  }

  /// The program itself knows no such family, and says which ones it knows.
  @Test func isReadByItsOwnRegistryAlone() throws {
    #expect(fixture.checkpoint.configuration.modelType == "llama_qk_norm")
    #expect(fixture.checkpoint.configuration.layer.queryKeyNorm != nil)
    do {
      _ = try CheckpointFolder(path: fixture.folder.path)
      Issue.record("an unknown family was read")
    } catch let error as CheckpointError {
      #expect("\(error)".contains("model_type \"llama_qk_norm\" is not supported; supported: Llama (1 to 3"))
    }
  }

  @Test func devicesAgree() throws {
    let adapter = try fixture.adapter()
    let models = try TestDevice.allCases.map { try model(on: $0) }
    for adapter in [nil, adapter] {
      let scores = try models.map { try $0.score(HeadNormCheckpoint.groups, adapter: adapter) }
      #expect(largestDifference(scores[0], scores[1]) < 1e-5)
    }
    let gradients = try models.map { try fixture.gradients($0, adapter) }
    #expect(relativeError(gradients[0], gradients[1]) < 1e-5)
  }

  /// bf16 on both devices, rounded at the same places: closer to each other than bf16 is to fp32.
  @Test func devicesAgreeInBF16() throws {
    let adapter = try fixture.adapter()
    let models = try TestDevice.allCases.map { try model(.bf16, on: $0) }
    let scores = try models.map { try $0.score(HeadNormCheckpoint.groups, adapter: adapter) }
    #expect(largestDifference(scores[0], scores[1]) < 0.1)
    let gradients = try models.map { try fixture.gradients($0, adapter) }
    #expect(relativeError(gradients[0], gradients[1]) < 0.05)
  }

  /// Central differences of the summed log-probs in Double, along a direction of signs in each factor of each linear.
  /// A step is what the fp32 parameters made of it.
  @Test(arguments: TestDevice.allCases)
  func gradientsAreFiniteDifferences(device: TestDevice) throws {
    let adapter = try fixture.adapter()
    let found = try fixture.gradients(model(on: device), adapter)
    let exact = NaiveDevice(precision: .fp32, rounds: false)
    let twin = try LanguageModel(checkpoint: fixture.checkpoint, device: exact)
    var stream = RandomStream(seed: 6, purpose: .test)
    for linear in adapter.layout.linears {
      for (name, range) in [("A", linear.down), ("B", linear.up)] {
        let signs = range.map { _ in stream.nextUniform() < 0.5 ? Float(-1) : 1 }
        let start = adapter.parameters.array(in: range)
        func move(_ step: Float) throws -> (place: [Double], value: Double) {
          adapter.parameters.copy(from: zip(start, signs).map { $0 + step * $1 }, at: range.lowerBound)
          defer { adapter.parameters.copy(from: start, at: range.lowerBound) }
          return (adapter.parameters.array(in: range).map { Double($0) }, try objective(twin, exact, adapter))
        }
        let (up, down) = (try move(0x1p-13), try move(-0x1p-13))
        var (expected, size) = (0.0, 0.0)
        for (index, gradient) in found[range].enumerated() {
          let change = Double(gradient) * (up.place[index] - down.place[index])
          expected += change
          size += abs(change)
        }
        #expect(size > 0)
        #expect(
          abs(up.value - down.value - expected) < (device == .naive ? 1e-6 : 1e-5) * size,
          "\(linear.address) \(name): \(up.value - down.value) for \(expected)")
      }
    }
  }

  /// L = Σ c · l in Double.
  private func objective(_ model: LanguageModel, _ device: NaiveDevice, _ adapter: LoRAAdapter) throws -> Double {
    let weights = try model.refreshed(adapter)
    let batch = MicroBatch(HeadNormCheckpoint.groups[...], everyRow: false, sharing: true)
    let shape = model.shape(batch, adapter: weights.layout, training: false)
    let plan = PassPlan(model.decoder, shape)
    let pass = model.pass(batch, adapter: weights, shape, plan.memory(in: model.arena))
    let ready = try model.reserve(pass, plan, all: { $0 }) { model.decoder.forward($0, batch) }
    device.run(ready.programs, in: model.arena)
    let values = device.exact(ready.pass[.logProbs])
    return zip(batch.targets, values).reduce(0) { sum, item in
      sum + HeadNormCheckpoint.coefficients[item.0.group][item.0.response] * item.1
    }
  }

  /// A step of generation goes through the same norms.
  @Test(arguments: TestDevice.allCases)
  func greedyAgreesWithScoring(device: TestDevice) throws {
    try expectGreedyAgreesWithScoring(
      model(on: device), prompt: HeadNormCheckpoint.groups[1].prompt, adapter: fixture.adapter())
  }

  @Test(arguments: TestDevice.allCases, Precision.allCases)
  func settingsThatChangeNoBit(device: TestDevice, precision: Precision) throws {
    let adapter = try fixture.adapter()
    let kept = try model(precision, on: device)
    let again = try model(precision, on: device, threads: 3)
    again.recomputesActivations = true
    let expected = try fixture.gradients(kept, adapter)
    #expect(expected.contains { $0 != 0 } && expected.allSatisfy { $0.isFinite })
    #expect(try fixture.gradients(again, adapter) == expected)
    let apart = try model(precision, on: device)
    apart.sharesPrefixes = false
    #expect(
      try apart.score(HeadNormCheckpoint.groups, adapter: adapter)
        == kept.score(HeadNormCheckpoint.groups, adapter: adapter))
  }

  /// The plan holds what passes reserve, with the head norms' own tensors in it.
  @Test(arguments: TestDevice.allCases, Precision.allCases)
  func thePlanCoversItsPasses(device: TestDevice, precision: Precision) throws {
    let adapter = try fixture.adapter()
    for length in [1, 8, 33, 65, 130] {
      for recomputes in [false, true] {
        let model = try model(precision, on: device)
        model.recomputesActivations = recomputes
        let group = PromptGroup(prompt: (0..<Int32(length)).map { $0 % 37 }, responses: [[1, 2, 3], [4]])
        let gradients = LoRAGradients(like: adapter)
        try model.accumulate([group], adapter: adapter, gradients: gradients) { _, _, sums in sums.map { _ in 1 } }
        #expect(gradients.values.array.allSatisfy { $0.isFinite })
        let plan = model.memoryPlan(
          tokens: group.rowCount, responseTokens: 4, longestGroup: group.rowCount, adapter: adapter.configuration)
        let passes = plan.parts.filter { !$0.name.contains("weights") && !$0.name.contains("adapter") }
        let reserved = model.arena.planned + model.arena.workspace.reduce(0, +)
        #expect(passes.reduce(0) { $0 + $1.bytes } >= reserved, "\(length) rows")
      }
    }
  }

  /// x̂ and 1/rms of queries and keys in each layer, and the sums before them, are all that the norms add.
  @Test func theNormsAddTheirTensors() throws {
    let plain = fixture.checkpoint.configuration
    let rows = 64
    let shape = PassShape(rows: rows, headRows: 8, targets: 8, adapterColumns: 21, training: true, type: .bf16)
    let bare = ModelConfiguration(
      hiddenSize: plain.hiddenSize, intermediateSize: plain.intermediateSize, layerCount: plain.layerCount,
      headCount: plain.headCount, keyValueHeadCount: plain.keyValueHeadCount, headDimension: plain.headDimension,
      vocabularySize: plain.vocabularySize)
    let bytes = [plain, bare].map { PassPlan(Decoder($0), shape).tensors.byteCount }
    let heads = plain.headCount + plain.keyValueHeadCount
    let (layer, shared) = (rows * heads * (plain.headDimension * 2 + 4), rows * heads * plain.headDimension * 4)
    // Every tensor lies on a cache line of its own.
    let lines = (plain.layerCount * 4 + 2) * 64
    #expect(bytes[0] - bytes[1] == plain.layerCount * layer + shared + lines)
  }
}
