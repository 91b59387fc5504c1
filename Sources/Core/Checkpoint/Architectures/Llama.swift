/// Llama 1 to 3 and what is built like them (Touvron et al., 2023): the plain decoder, with biases where the file asks.
public struct Llama: Architecture {
  public let modelType = "llama"
  public let models = "Llama (1 to 3, TinyLlama, SmolLM2)"
  public let defaults = ArchitectureDefaults(maxPositions: 2048, tokenIDs: .init(bos: 1, eos: 2))

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases {
    let attention = try config.bool("attention_bias", default: false)
    return LinearBiases(
      queryKeyValue: attention, output: attention, mlp: try config.bool("mlp_bias", default: false))
  }
}
