/// Llama 1 to 3 and what is built like them (Touvron et al., 2023): the plain decoder, with biases where the file asks.
public struct Llama: Architecture {
  public let modelType = "llama"
  public let models = "Llama (1 to 3, TinyLlama, SmolLM2, Falcon 3)"
  public let defaults = ArchitectureDefaults(maxPositions: 2048, tokenIDs: .init(bos: 1, eos: 2))

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases {
    try config.biases(ofMLP: true)
  }
}

/// InternLM 3 (Shanghai AI Laboratory, 2025): a Llama with other names for its biases.
public struct InternLM3: Architecture {
  public let modelType = "internlm3"
  public let models = "InternLM3"
  public let defaults = ArchitectureDefaults(
    keyValueHeads: 2, headDimension: 128, maxPositions: 32_768, tokenIDs: .init(bos: 1, eos: 2)
  ).with { $0.rmsNormEpsilon = 1e-5 }

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases {
    let attention = try config.bool(
      config.value("qkv_bias") == nil ? "attention_bias" : "qkv_bias", default: false)
    let mlp = try config.bool(config.value("bias") == nil ? "mlp_bias" : "bias", default: false)
    // Its own code has no bias on o_proj where the two differ; transformers refuses that too.
    guard attention == mlp else {
      throw config.unsupported("an InternLM3 with qkv_bias different from bias", supported: "the same for both")
    }
    return LinearBiases(queryKeyValue: attention, output: attention, mlp: mlp)
  }
}
