/// Granite 3 and 4.1 (IBM, 2024), dense: a Llama with four fixed factors, on embeddings, scores, residuals and logits.
public struct Granite: Architecture {
  public let modelType = "granite"
  public let models = "Granite"
  public let defaults = ArchitectureDefaults(maxPositions: 2048, tokenIDs: .init(bos: 1, eos: 2))

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases {
    try config.biases(ofMLP: true)
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    var layer = LayerDescription()
    layer.residualFactor = try config.positive("residual_multiplier", upTo: 1e6, default: 1)
    layer.attentionScale = try config.positive("attention_multiplier", upTo: 1e6, default: 1)
    return layer
  }

  public func embeddings(_ config: FieldReader, hiddenSize: Int) throws -> EmbeddingScaling {
    var scaling = EmbeddingScaling()
    scaling.factor = try config.positive("embedding_multiplier", upTo: 1e6, default: 1)
    scaling.logitDivisor = try config.positive("logits_scaling", upTo: 1e6, default: 1)
    return scaling
  }
}
