import Base
import Checkpoint
import Foundation
import TestSupport

@testable import Model

/// A family that the program does not know: a Llama with norms on every head's queries and keys. What a new
/// architecture takes is this declaration.
struct HeadNormLlama: Architecture {
  let modelType = "llama_qk_norm"
  let models = "Llama with norms on queries and keys"
  let defaults = ArchitectureDefaults(maxPositions: 2048)

  func layer(_ config: FieldReader) throws -> LayerDescription {
    var layer = LayerDescription()
    layer.queryKeyNorm = .init()
    return layer
  }
}

/// A tiny random checkpoint of it, with an adapter on every linear: odd sizes, grouped heads that are wider than
/// hidden / heads, and every stored type.
struct HeadNormCheckpoint {
  static let configuration = #"""
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama_qk_norm", "hidden_size": 15, "intermediate_size": 21,
     "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 6, "vocab_size": 37,
     "max_position_embeddings": 1024, "rms_norm_eps": 1e-05, "hidden_act": "silu", "tie_word_embeddings": false}
    """#
  static let architectures = ArchitectureRegistry.standard.adding(HeadNormLlama())

  /// Two prompts that begin alike, with responses of several lengths.
  static let groups = [
    PromptGroup(prompt: [1, 5, 9, 12], responses: [[3, 4, 2], [7]]),
    PromptGroup(prompt: [1, 5, 9, 20, 8], responses: [[11, 36, 30, 2], [4, 4], []]),
  ]
  static let coefficients = [[0.75, -1.25], [0.5, 1.5, 1]]

  let folder: TemporaryFolder
  let checkpoint: CheckpointFolder

  init() throws {
    folder = try TemporaryFolder()
    let url = URL(fileURLWithPath: folder.path)
    let json = Data(Self.configuration.utf8)
    let shapes = try ModelConfiguration.decode(json: json, file: "config.json", architectures: Self.architectures)
      .tensorShapes
    var stream = RandomStream(seed: 4, purpose: .test)
    let entries = shapes.enumerated().map { index, tensor in
      // Norm weights far from 1, so that one in the wrong place shows.
      let isNorm = tensor.shape.count == 1
      let values = (0..<tensor.shape.reduce(1, *)).map { _ in
        (Float(stream.nextUniform()) - 0.5) * (isNorm ? 1.4 : 0.9) + (isNorm ? 1 : 0)
      }
      let types: [StoredType] = [.fp16, .bf16, .fp32]
      return SafetensorsEntry(name: tensor.name, shape: tensor.shape, values: values, type: types[index % 3])
    }
    try SafetensorsFile.write(
      entries, metadata: ["format": "pt"], to: url.appendingPathComponent("model.safetensors"))
    try json.write(to: url.appendingPathComponent("config.json"))
    checkpoint = try CheckpointFolder(path: folder.path, architectures: Self.architectures)
  }

  /// Rank 3 on all linears, with a B that is not zero.
  func adapter() throws -> LoRAAdapter {
    let adapter = try LoRAAdapter(
      configuration: LoRAConfiguration(rank: 3, alpha: 5, targetModules: LinearKind.allCases),
      model: checkpoint.configuration, seed: 3)
    var stream = RandomStream(seed: 5, purpose: .test)
    for linear in adapter.layout.linears {
      for index in linear.up {
        adapter.parameters[index] = Float(stream.nextUniform()) - 0.5
      }
    }
    return adapter
  }

  /// dL/dparameters of L = Σ c · l.
  func gradients(_ model: LanguageModel, _ adapter: LoRAAdapter) throws -> [Float] {
    let gradients = LoRAGradients(like: adapter)
    try model.accumulate(Self.groups, adapter: adapter, gradients: gradients) { group, _, _ in
      Self.coefficients[group]
    }
    return gradients.values.array
  }
}
