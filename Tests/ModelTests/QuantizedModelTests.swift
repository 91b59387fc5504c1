import Base
@testable import Checkpoint
import Foundation
import NaiveDevice
import SpeedMeasurement
import Synchronization
import Testing

@testable import Device
@testable import DeviceCPU
@testable import Model

/// Models whose linears are kept in 8 or 4 bits: by the checkpoint, or since they were loaded.
@Suite struct QuantizedModelTests {
  static let kinds = [Quantization.int8, .nf4]
  static let folder = ModelFixture.folder.deletingLastPathComponent().appendingPathComponent("quantized")

  // MARK: Checkpoints of bitsandbytes

  /// Log-probs that transformers computes from what the codes stand for.
  @Test(arguments: ["nf4", "nf4-double", "int8"], TestDevice.allCases)
  func checkpointsOfBitsAndBytesAreRead(name: String, device: TestDevice) throws {
    let url = Self.folder.appendingPathComponent(name)
    let groups = try JSONDecoder().decode(
      [ModelFixture.Group].self, from: Data(contentsOf: url.appendingPathComponent("groups.json")))
    let checkpoint = try CheckpointFolder(path: url.path)
    let model = try LanguageModel(checkpoint: checkpoint, device: device.make(.fp32))
    let scores = try model.score(
      groups.map { PromptGroup(prompt: $0.prompt, responses: $0.responses) }, adapter: nil)
    #expect(largestDifference(scores, groups.map(\.reference)) < 1e-4)
    #expect(throws: ModelError.alreadyQuantized(folder: url.path, asked: "int8")) {
      try LanguageModel(checkpoint: checkpoint, device: device.make(.fp32), quantization: .int8)
    }
  }

  /// The codes and scales that bitsandbytes gives to awkward numbers.
  @Test(arguments: TestDevice.allCases)
  func codesAreThoseOfBitsAndBytes(device: TestDevice) throws {
    let file = try SafetensorsFile(path: Self.folder.appendingPathComponent("codes.safetensors").path)
    let numbers = try file.tensor("numbers").float32()
    let scales = try file.tensor("absmax").float32()
    let codes: [UInt8] = try MappedFile(path: file.path).slice(file.entry("codes")?.range ?? 0..<0).integers()
    let table = StoredQuantizedTensor.nf4Codes
    let expected = numbers.indices.map { place in
      table[Int(place % 2 == 0 ? codes[place / 2] >> 4 : codes[place / 2] & 15)] * scales[place / 64]
    }
    let device = device.make(.fp32)
    let constant = device.constant(numbers, rows: 1, columns: numbers.count)
    let found = try withExtendedLifetime(constant) { try #require(try device.quantize(constant.tensor, to: .nf4)) }
    #expect(device.read(found.tensor) == expected)
    withExtendedLifetime(found) {}
  }

  // MARK: Quantized while loading

  private func model(
    _ fixture: ModelFixture, _ kind: Quantization, _ precision: Precision = .fp32, on device: TestDevice = .cpu,
    threads: Int = 2
  ) throws -> LanguageModel {
    try LanguageModel(
      checkpoint: fixture.checkpoint, device: device.make(precision, threads: threads), quantization: kind)
  }

  /// Log-probs and gradients of plain loops in Double, and not those of the weights as they were.
  @Test(arguments: ModelFixture.names, kinds)
  func scoresAndGradientsAreThoseOfPlainLoops(name: String, kind: Quantization) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let (found, naive) = (try model(fixture, kind), try model(fixture, kind, on: .naive))
    let scores = try naive.score(fixture.promptGroups, adapter: adapter)
    #expect(largestDifference(try found.score(fixture.promptGroups, adapter: adapter), scores) < 1e-4)
    #expect(largestDifference(try fixture.model().score(fixture.promptGroups, adapter: adapter), scores) > 1e-3)
    let gradients = try [found, naive].map { try fixture.accumulated($0, adapter).values.array }
    #expect(relativeError(gradients[0], gradients[1]) < 1e-4)
  }

  @Test(arguments: KernelLevel.available, kinds)
  func levelsAgree(level: KernelLevel, kind: Quantization) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    for precision in Precision.allCases {
      let models = try [KernelLevel.portable, level].map {
        try LanguageModel(
          checkpoint: fixture.checkpoint, device: CPUDevice(threads: 2, precision: precision, kernelLevel: $0),
          quantization: kind)
      }
      let scores = try models.map { try $0.score(fixture.promptGroups, adapter: adapter) }
      #expect(largestDifference(scores[0], scores[1]) < (precision == .bf16 ? 0.1 : 1e-4))
      let gradients = try models.map { try fixture.accumulated($0, adapter).values.array }
      #expect(relativeError(gradients[1], gradients[0]) < (precision == .bf16 ? 0.05 : 1e-4))
      let alone = try fixture.promptGroups.map { try models[1].score([$0], adapter: adapter)[0] }
      #expect(scores[1] == alone, "a prompt's bits depend on the others")
    }
  }

  @Test(arguments: kinds, Precision.allCases)
  func threadsGiveTheSameBits(kind: Quantization, precision: Precision) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    let runs = try [1, 2, 3].map { threads in
      let model = try model(fixture, kind, precision, threads: threads)
      return (
        try model.score(fixture.promptGroups, adapter: adapter), try fixture.accumulated(model, adapter).values.array
      )
    }
    #expect(runs[0].0 == runs[1].0 && runs[0].0 == runs[2].0)
    #expect(runs[0].1 == runs[1].1 && runs[0].1 == runs[2].1)
  }

  /// B = 0: every margin at step 0 is exactly 0.
  @Test(arguments: kinds, TestDevice.allCases)
  func freshAdapterChangesNothing(kind: Quantization, device: TestDevice) throws {
    for precision in Precision.allCases {
      let fixture = try ModelFixture("untied-grouped")
      let model = try model(fixture, kind, precision, on: device)
      let adapter = try LoRAAdapter(
        configuration: LoRAConfiguration(rank: 8, alpha: 16, targetModules: LinearKind.allCases),
        model: model.configuration, seed: 3)
      #expect(
        try model.score(fixture.promptGroups, adapter: adapter) == model.score(fixture.promptGroups, adapter: nil))
    }
  }

  /// Decoding reads the codes themselves; a full pass expands them.
  @Test(arguments: kinds, TestDevice.allCases)
  func greedyAgreesWithScoring(kind: Quantization, device: TestDevice) throws {
    for name in ModelFixture.names {
      let fixture = try ModelFixture(name)
      try expectGreedyAgreesWithScoring(
        model(fixture, kind, on: device), prompt: fixture.groups[1].prompt, adapter: try fixture.adapter())
    }
  }

  /// Rows of whole blocks, which every level decodes with a kernel of its own.
  @Test(arguments: KernelLevel.available, kinds)
  func greedyAgreesWithScoringOnWholeBlocks(level: KernelLevel, kind: Quantization) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("quantized-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var shape = LlamaShape.tiny
    (shape.vocabulary, shape.layers) = (300, 2)
    try RandomCheckpoint.write(shape, to: folder)
    let model = try LanguageModel(
      checkpoint: CheckpointFolder(path: folder.path),
      device: CPUDevice(threads: 2, precision: .fp32, kernelLevel: level), quantization: kind)
    try expectGreedyAgreesWithScoring(model, prompt: [5, 60, 33, 7], adapter: nil)
  }

  // MARK: Memory

  @Test(arguments: kinds, [Precision.fp32, .bf16])
  func thePlanAndTheSteadyState(kind: Quantization, precision: Precision) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    let model = try model(fixture, kind, precision, threads: 1)
    let c = model.configuration
    let shapes = LinearKind.allCases.map { $0.shape(in: c) }
    let count = c.layerCount * shapes.reduce(0) { $0 + $1.outputs * $1.inputs }
    let parts = model.memoryPlan(adapter: adapter.configuration).parts
    let quantized = try #require(parts.first { $0.name == "weights, quantized to \(kind)" })
    let share = Double(quantized.bytes) / Double(count)
    #expect(share > (kind == .int8 ? 1.0 : 0.5) && share < (kind == .int8 ? 1.2 : 0.6))
    #expect(parts[0].bytes == fixture.checkpoint.weightBytes - 4 * count)

    let gradients = LoRAGradients(like: adapter)
    func step(_ groups: [PromptGroup]) throws {
      _ = try model.score(groups, adapter: nil)
      try model.accumulate(groups, adapter: adapter, gradients: gradients) { _, _, sums in sums.map { _ in 1 } }
    }
    try step(fixture.promptGroups)
    let counter = MemoryBlock.Counter()
    try MemoryBlock.$counter.withValue(counter) {
      for count in 1...fixture.promptGroups.count { try step(Array(fixture.promptGroups.suffix(count))) }
    }
    #expect(counter.made.load(ordering: .relaxed) == 0)
  }
}
