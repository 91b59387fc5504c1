import Checkpoint
import Device
import Foundation
import Testing

@testable import Model

/// Adapters that differ between modules and layers, fused modules, DoRA and other layouts, against PEFT in fp32.
@Suite struct AdapterGoldenTests {
  @Test(arguments: AdapterFixture.all, TestDevice.allCases)
  func logProbsMatchPEFT(name: String, device: TestDevice) throws {
    let fixture = try AdapterFixture(name)
    let model = try fixture.model(on: device)
    let adapter = try fixture.adapter()
    let policy = try model.score(fixture.groups, adapter: adapter)
    #expect(largestDifference(policy, fixture.policy.values) < 2e-5)
    // The reference is still the model without it.
    #expect(largestDifference(try model.score(fixture.groups, adapter: nil), fixture.reference) < 2e-5)
    #expect(largestDifference(policy, fixture.reference) > 0.05)
  }

  @Test(arguments: AdapterFixture.trained, TestDevice.allCases)
  func everyGradientMatchesAutograd(name: String, device: TestDevice) throws {
    let fixture = try AdapterFixture(name)
    let adapter = try fixture.adapter()
    let found = try fixture.gradients(try fixture.model(on: device), adapter)
    let golden = try SafetensorsFile(path: fixture.path + "/gradients.safetensors")
    #expect(golden.names.count == 2 * adapter.layout.linears.count)
    for linear in adapter.layout.linears {
      let name = "base_model.model.\(linear.address).lora_"
      for (part, range) in [("A", linear.down), ("B", linear.up)] {
        let error = relativeError(found[range], try golden.tensor("\(name)\(part).weight").float32())
        #expect(error < 1e-4, "\(name)\(part): \(error)")
      }
    }
  }

  /// Few bits: gradients of these random models agree to a few percent.
  @Test(arguments: ["patterns", "phi3-all"])
  func bf16StaysClose(name: String) throws {
    let fixture = try AdapterFixture(name)
    let adapter = try fixture.adapter()
    let exact = try fixture.gradients(try fixture.model(), adapter)
    let model = try fixture.model(.bf16)
    #expect(relativeError(try fixture.gradients(model, adapter), exact) < 0.05)
    #expect(largestDifference(try model.score(fixture.groups, adapter: adapter), fixture.policy.values) < 0.25)
  }

  /// With little memory, and with as much as it likes: the same bits.
  @Test(arguments: ["some-layers", "one-layer", "phi3-all"], [Precision.fp32, .bf16])
  func recomputedActivationsHaveTheSameBits(name: String, precision: Precision) throws {
    let fixture = try AdapterFixture(name)
    let adapter = try fixture.adapter()
    let (kept, again) = (try fixture.model(precision), try fixture.model(precision))
    again.recomputesActivations = true
    #expect(try fixture.gradients(again, adapter) == fixture.gradients(kept, adapter))
  }

  /// The backward pass ends at the lowest adapted input, and what is above has the bits of a pass through every layer.
  @Test(arguments: [Precision.fp32, .bf16])
  func theBackwardPassStopsBelowTheLowestAdaptedLayer(precision: Precision) throws {
    let fixture = try AdapterFixture("some-layers")
    let configuration = fixture.checkpoint.configuration
    let some = try fixture.adapter()
    #expect(some.layout.reach == BackwardReach(layer: 2, input: .attentionNorm))
    #expect(try AdapterFixture("one-layer").adapter().layout.reach == BackwardReach(layer: 1, input: .mlpNorm))
    // The same adapter in all layers, where B is 0 in those that it is not in.
    var everywhere = some.configuration
    everywhere.layers = nil
    let all = try LoRAAdapter(configuration: everywhere, model: configuration, seed: 3)
    #expect(all.layout.reach == BackwardReach(layer: 0, input: .attentionNorm))
    let places = some.layout.linears.map { linear in
      (linear, all.layout.linears.first { $0.address == linear.address } ?? linear)
    }
    for (own, other) in places {
      all.parameters.copy(from: some.parameters.array(in: own.down), at: other.downOffset)
      all.parameters.copy(from: some.parameters.array(in: own.up), at: other.upOffset)
    }
    let model = try fixture.model(precision)
    let (short, long) = (try fixture.gradients(model, some), try fixture.gradients(model, all))
    for (own, other) in places {
      #expect(short[own.down] == long[other.down] && short[own.up] == long[other.up], "\(own.address)")
    }
    // Fewer instructions, and activations of fewer layers.
    let (few, many) = (try backwardPass(model, some), try backwardPass(model, all))
    #expect(few.steps * 2 < many.steps + 8)
    #expect(few.kept * 2 == many.kept)
  }

  /// Steps of a backward pass, and the bytes of the activations that are kept for it.
  private func backwardPass(_ model: LanguageModel, _ adapter: LoRAAdapter) throws -> (steps: Int, kept: Int) {
    let batch = try #require(model.split(try AdapterFixture("some-layers").groups, budget: 1024).first)
    let factors = AdapterWeights(shapes: adapter.layout, type: .fp32)
    let shape = model.shape(batch, adapter: adapter.layout, training: true)
    let plan = PassPlan(model.decoder, shape)
    let pass = model.pass(batch, adapter: factors, shape, plan.memory(in: nil))
    let kept = plan.tensors.parts.first { $0.name == "activations kept for the backward pass" }?.bytes ?? 0
    return (model.trainingPrograms(pass, batch, factors.gradientShapes).backward.steps.count, kept)
  }

  /// Every kind is written back as PEFT's files, and reads back to the same numbers under the same names.
  @Test(arguments: AdapterFixture.all)
  func writesWhatItReads(name: String) throws {
    let fixture = try AdapterFixture(name)
    let read = try fixture.read()
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("adapter-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try AdapterFolder.write(
      configuration: read.configuration, tensors: read.tensors, baseModelName: "b", to: url)
    let again = try AdapterFolder.read(path: url.path, model: fixture.checkpoint.configuration)
    #expect(again.configuration == read.configuration)
    #expect(again.tensors == read.tensors)
    guard !name.hasPrefix("mlx") else { return }
    let mine = try SafetensorsFile(path: url.path + "/adapter_model.safetensors")
    let theirs = try SafetensorsFile(path: fixture.path + "/adapter_model.safetensors")
    #expect(Set(mine.names) == Set(theirs.names))
  }

  @Test(arguments: ["dora", "phi3-dora", "mlx-dora"])
  func doraIsNotTrained(name: String) throws {
    let fixture = try AdapterFixture(name)
    let adapter = try fixture.adapter()
    let model = try fixture.model()
    #expect(throws: ModelError.doraTraining) { try fixture.gradients(model, adapter) }
    #expect(throws: ModelError.doraTraining) {
      try LoRAAdapter(configuration: adapter.configuration, model: fixture.checkpoint.configuration, seed: 1)
    }
    #expect(!adapter.addsNothing)
    // The plan counts the weights that stand beside the model's own.
    let plan = model.memoryPlan(tokens: 64, adapter: adapter.configuration, training: false)
    let folded = adapter.layout.linears.reduce(0) { $0 + 4 * $1.inputs * $1.outputs }
    #expect(plan.parts.contains { $0.name == "weights with their DoRA adapters in them" && $0.bytes == folded })
  }

  /// Samples drawn token by token are those of passes over whole sequences.
  @Test(arguments: ["phi3-all", "dora", "patterns"], TestDevice.allCases)
  func greedyAgreesWithScoring(name: String, device: TestDevice) throws {
    let fixture = try AdapterFixture(name)
    try expectGreedyAgreesWithScoring(
      fixture.model(on: device), prompt: fixture.groups[0].prompt, adapter: fixture.adapter())
  }
}
