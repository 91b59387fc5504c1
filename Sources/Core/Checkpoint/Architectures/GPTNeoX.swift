/// GPT-NeoX (Black et al., 2022) and Pythia (Biderman et al., 2023): LayerNorms, an MLP without a gate, attention and MLP
/// side by side, and a rotation of each head's first quarter. Queries, keys and values are stored head by head.
public struct GPTNeoX: Architecture {
  public let modelType = "gpt_neox"
  public let models = "GPT-NeoX and Pythia"
  public let defaults = ArchitectureDefaults(
    maxPositions: 2048, tokenIDs: .init(bos: 0, eos: 2), rmsNormEpsilon: 1e-5
  ).with {
    $0.partialRotary = true
    $0.rotaryFactor = 0.25
    $0.otherNames = [
      "rms_norm_eps": "layer_norm_eps", "rope_theta": "rotary_emb_base", "partial_rotary_factor": "rotary_pct",
    ]
  }

  public init() {}

  public var wrapping: TextWrapping {
    var wrapping = TextWrapping()
    wrapping.prefixes = [
      .init("gpt_neox.embed_in.", "model.embed_tokens."), .init("gpt_neox.final_layer_norm.", "model.norm."),
      .init("embed_out.", "lm_head."),
    ]
    wrapping.ignoredEndings = [".attention.bias", ".attention.masked_bias"]
    return wrapping
  }

  public func biases(_ config: FieldReader) throws -> LinearBiases {
    let attention = try config.bool("attention_bias", default: true)
    return LinearBiases(queryKeyValue: attention, output: attention, mlp: true)
  }

  public func activation(_ config: FieldReader) throws -> LayerDescription.GateActivation {
    try config.activation(
      ["hidden_act"], default: "gelu",
      among: ["gelu": .gelu, "gelu_new": .geluTanh, "gelu_fast": .geluTanh, "gelu_pytorch_tanh": .geluTanh])
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    let heads = try config.integer("num_attention_heads", 1...4096)
    guard try config.integer("num_key_value_heads", 1...4096, default: heads) == heads else {
      throw config.unsupported("grouped heads in a gpt_neox model", supported: "as many keys as queries")
    }
    var layer = LayerDescription()
    layer.list = "gpt_neox.layers"
    layer.norm = .init(roundsTwice: false, isCentered: true)
    layer.isParallel = try config.bool("use_parallel_residual", default: true)
    layer.hasGate = false
    layer.fused = LinearModule.neoX
    return layer
  }
}
