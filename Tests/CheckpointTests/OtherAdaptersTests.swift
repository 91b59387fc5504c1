import Foundation
import Testing

@testable import Checkpoint

/// Adapters that are more, or written otherwise, than PEFT's of a language model.
@Suite struct OtherAdaptersTests {
  @Test func readsTheHeadOfARewardModel() throws {
    let model = try CheckpointFolder(path: CheckpointFixtures.path("../adapter/llama")).configuration
    let path = CheckpointFixtures.path("../adapter/reward")
    let adapter = try AdapterFolder.read(path: path, model: model)
    let golden = try SafetensorsFile(path: path + "/adapter_model.safetensors")
    let head = try golden.tensor("base_model.model.score.weight").float32()
    #expect(adapter.task == .sequenceClassification)
    #expect(adapter.scoreHead == ScoreHead(labels: 1, weight: head))
    #expect(head.count == 16)
    #expect(
      checkpointRefusal { try adapter.requireLanguageModel() }
        .contains("an adapter of a reward model (task_type SEQ_CLS) where a language model is needed"))
    let scratch = try CheckpointScratch()
    try AdapterFolder.write(
      configuration: adapter.configuration, tensors: adapter.tensors, scoreHead: adapter.scoreHead, baseModelName: "b",
      to: scratch.url)
    let again = try AdapterFolder.read(path: scratch.url.path, model: model)
    #expect(again.scoreHead == adapter.scoreHead && again.task == adapter.task && again.tensors == adapter.tensors)
    #expect(try scratch.text("adapter_config.json").contains("\"classifier\",\n    \"score\""))
    #expect(try Set(SafetensorsFile(path: scratch["adapter_model.safetensors"].path).names) == Set(golden.names))
    // A language model's adapter needs nothing of that.
    try AdapterFolder.read(path: CheckpointFixtures.path("../adapter/regex"), model: model).requireLanguageModel()
    let other = try CheckpointFolder(path: CheckpointFixtures.path("../adapter/phi3")).configuration
    #expect(checkpointRefusal { try AdapterFolder.read(path: path, model: other) }.contains("of no module"))
  }

  @Test func readsTheNamesOfWrappers() throws {
    let model = try CheckpointFolder(path: CheckpointFixtures.path("../adapter/llama")).configuration
    func read(_ name: String) throws -> AdapterFolder {
      try AdapterFolder.read(path: CheckpointFixtures.path("../adapter/\(name)"), model: model)
    }
    let plain = try read("some-layers")
    for (name, prefix) in [("wrapped", "model.language_model"), ("wrapped-before", "language_model.model")] {
      let wrapped = try read(name)
      #expect(wrapped.configuration.namePrefix == prefix)
      #expect(wrapped.tensors == plain.tensors)
    }
  }

  @Test func readsAnAdapterOfMLX() throws {
    let model = try CheckpointFolder(path: CheckpointFixtures.path("../adapter/llama")).configuration
    let path = CheckpointFixtures.path("../adapter/mlx")
    let adapter = try AdapterFolder.read(path: path, model: model)
    #expect(adapter.configuration.targets == .names(["q_proj", "down_proj"]))
    #expect(adapter.configuration.layers == LayerSelection([2, 3]))
    #expect(adapter.configuration.scale == 2.5 && adapter.configuration.rank == 2)
    // A [in, rank] there, [rank, in] here.
    let file = try SafetensorsFile(path: path + "/adapters.safetensors")
    let stored = try file.tensor("model.layers.2.mlp.down_proj.lora_a").float32()
    let down = try #require(adapter.tensors[LinearAddress(layer: 2, kind: .down_proj)]).down
    #expect(down[1] == stored[2] && down[24] == stored[1])

    func refusal(_ old: String, _ new: String) throws -> String {
      let scratch = try CheckpointScratch(copying: "../adapter/mlx")
      try scratch.replace(old, with: new, in: "adapter_config.json")
      return checkpointRefusal { try AdapterFolder.read(path: scratch.url.path, model: model) }
    }
    #expect(try refusal("\"fine_tune_type\": \"lora\"", "\"fine_tune_type\": \"full\"").contains("(fine_tune_type)"))
    #expect(try refusal("\"num_layers\": 2", "\"num_layers\": 1").contains("names the last 1 layers only"))
    #expect(try refusal("\"num_layers\": 2", "\"num_layers\": -1") == "(accepted)")
    #expect(try refusal("\"rank\": 2", "\"rank\": 3").contains("has shape [16, 2]"))
    #expect(try refusal("\"scale\": 2.5", "\"scale\": \"x\"").contains("lora_parameters.scale is \"x\""))
    #expect(try refusal("\"fine_tune_type\": \"lora\"", "\"fine_tune_type\": \"dora\"").contains("no tensor"))
  }
}
