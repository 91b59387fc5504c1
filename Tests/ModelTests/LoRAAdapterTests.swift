import Checkpoint
import Foundation
import Model
import DeviceCPU
import Testing

@Suite struct LoRAAdapterTests {
  let model = ModelConfiguration(
    hiddenSize: 32, intermediateSize: 48, layerCount: 3, headCount: 4, keyValueHeadCount: 2, headDimension: 8,
    vocabularySize: 64)

  /// A is uniform in ±1/√in, so its standard deviation is 1/√(3 in); B is zero.
  @Test func freshAdapterIsInitialisedAsPEFTDoes() throws {
    let configuration = LoRAConfiguration(rank: 16, alpha: 32, targetModules: [.q_proj, .down_proj])
    let adapter = try LoRAAdapter(configuration: configuration, model: model, seed: 9)
    #expect(adapter.layout.linears.count == 6)
    #expect(adapter.parameters.count == 3 * (16 * 32 + 32 * 16 + 16 * 48 + 32 * 16))
    for tensors in adapter.tensors.values { #expect(tensors.up.allSatisfy { $0 == 0 }) }
    for (address, tensors) in adapter.tensors {
      let bound = 1 / Float(address.module.name == "q_proj" ? 32 : 48).squareRoot()
      #expect(tensors.down.allSatisfy { abs($0) <= bound })
      let variance = tensors.down.reduce(0) { $0 + $1 * $1 } / Float(tensors.down.count)
      #expect(abs(variance / (bound * bound / 3) - 1) < 0.2)
    }
    let same = try LoRAAdapter(configuration: configuration, model: model, seed: 9)
    let other = try LoRAAdapter(configuration: configuration, model: model, seed: 10)
    #expect(same.parameters.array == adapter.parameters.array)
    #expect(other.parameters.array != adapter.parameters.array)
  }

  @Test func writesWhatItReads() throws {
    let adapter = try LoRAAdapter(
      configuration: LoRAConfiguration(rank: 4, alpha: 8, targetModules: LinearKind.allCases), model: model, seed: 1)
    for index in 0..<adapter.parameters.count { adapter.parameters[index] = Float(index) }
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("adapter-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try adapter.write(to: url, baseModelName: "tiny")
    let read = try LoRAAdapter(folder: AdapterFolder.read(path: url.path, model: model), model: model)
    #expect(read.parameters.array == adapter.parameters.array)
    #expect(read.configuration == adapter.configuration)
  }

  @Test func refusesWhatDoesNotFit() {
    func make(_ rank: Int, _ alpha: Double, _ targets: [LinearKind]) throws {
      _ = try LoRAAdapter(
        configuration: LoRAConfiguration(rank: rank, alpha: alpha, targetModules: targets), model: model, seed: 1)
    }
    #expect(throws: ModelError.adapterDoesNotFit(reason: "it adapts no linear")) { try make(8, 16, []) }
    #expect(throws: ModelError.adapterDoesNotFit(reason: "rank 0 is not between 1 and 4096")) {
      try make(0, 16, [.q_proj])
    }
    #expect(throws: ModelError.self) { try make(8, .infinity, [.q_proj]) }
  }

  @Test(arguments: TestDevice.allCases)
  func memoryPlanNamesItsParts(device: TestDevice) throws {
    let fixture = try ModelFixture("untied-grouped")
    let model = try fixture.model(on: device)
    let lora = LoRAConfiguration(rank: 8, alpha: 16, targetModules: LinearKind.allCases)
    let short = model.memoryPlan(tokens: 512, adapter: lora)
    let long = model.memoryPlan(tokens: 1024, adapter: lora)
    #expect(short.totalBytes < long.totalBytes)
    #expect(long.totalBytes == long.parts.reduce(0) { $0 + $1.bytes })
    let scoring = model.memoryPlan(tokens: 1024, adapter: nil, training: false)
    #expect(scoring.totalBytes < long.totalBytes)
    #expect(scoring.description.contains("weights, mapped from the checkpoint"))
    // A model of few layers needs more to score many rows than to train on fewer.
    let passes = { (plan: MemoryPlan) in plan.parts.filter { !$0.name.contains("adapter") }.reduce(0) { $0 + $1.bytes }
    }
    #expect(
      passes(model.memoryPlan(adapter: lora)) >= passes(model.memoryPlan(adapter: lora, training: false)))
  }
}
