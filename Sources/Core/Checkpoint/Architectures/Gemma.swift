/// Gemma 1 (Mesnard et al., 2024): GELU, embeddings times √H, and norms whose stored weight is w − 1.
public struct Gemma: Architecture {
  public let modelType = "gemma"
  public let models = "Gemma (1 to 3)"
  public let defaults = ArchitectureDefaults(
    keyValueHeads: 16, headDimension: 256, maxPositions: 8192, tokenIDs: .init(bos: 2, eos: 1)
  ).with { $0.tiedEmbeddings = true }

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases { try config.biases() }

  /// Its first releases say "gelu" and mean the tanh form.
  public func activation(_ config: FieldReader) throws -> LayerDescription.GateActivation {
    try config.activation(
      ["hidden_activation", "hidden_act"], default: "gelu_pytorch_tanh",
      among: ["gelu": .geluTanh, "gelu_pytorch_tanh": .geluTanh])
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    try config.refuseBothDirections()
    var layer = LayerDescription()
    layer.norm = .init(offset: 1, roundsTwice: false)
    return layer
  }

  public func embeddings(_ config: FieldReader, hiddenSize: Int) throws -> EmbeddingScaling {
    .gemma(hiddenSize: hiddenSize)
  }
}

/// Gemma 2 (Rivière et al., 2024): norms on both sides of every block, windows in every other layer, and soft caps on
/// scores and logits.
public struct Gemma2: Architecture {
  public let modelType = "gemma2"
  public let models = ""
  public let defaults = ArchitectureDefaults(
    keyValueHeads: 4, headDimension: 256, maxPositions: 8192, tokenIDs: .init(bos: 2, eos: 1)
  ).with { $0.tiedEmbeddings = true }

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases { try config.biases() }

  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    config.windows(try config.slidingWindow(), layers: layers, layerTypes: layerTypes) { $0 % 2 == 0 }
  }

  public func activation(_ config: FieldReader) throws -> LayerDescription.GateActivation {
    try config.gemmaActivation()
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    try config.gemmaLayer(attentionCap: 50)
  }

  public func embeddings(_ config: FieldReader, hiddenSize: Int) throws -> EmbeddingScaling {
    var scaling = EmbeddingScaling.gemma(hiddenSize: hiddenSize)
    scaling.logitSoftCap = try config.cap("final_logit_softcapping", default: 30)
    return scaling
  }
}

/// Gemma 3 (Kamath et al., 2025), text: norms on queries and keys instead of the caps, and two rotary embeddings, one for
/// the layers that slide and one for those that do not.
public struct Gemma3Text: Architecture {
  public let modelType: String
  public let models = ""
  public let wrapping: TextWrapping
  public let defaults = ArchitectureDefaults(
    keyValueHeads: 4, headDimension: 256, maxPositions: 131_072, tokenIDs: .init(bos: 2, eos: 1)
  ).with {
    $0.heads = 8
    $0.vocabularySize = 262_208
    $0.ropeTheta = 1_000_000
    $0.tiedEmbeddings = true
  }

  public init() {
    modelType = "gemma3_text"
    wrapping = TextWrapping()
  }

  /// The text decoder of a model that sees pictures as well (4B and larger), as transformers stored it before version 5
  /// and since.
  public static var withPictures: Gemma3Text {
    var wrapping = TextWrapping()
    wrapping.configurationKey = "text_config"
    wrapping.classSuffixes = ["ForConditionalGeneration"]
    wrapping.modulePrefix = "model.language_model"
    wrapping.prefixes = [
      .init("language_model.model.", "model."), .init("model.language_model.", "model."),
      .init("language_model.lm_head.", "lm_head."),
    ]
    wrapping.ignored = [
      "vision_tower.", "model.vision_tower.", "multi_modal_projector.", "model.multi_modal_projector.",
    ]
    return Gemma3Text(modelType: "gemma3", wrapping: wrapping)
  }

  private init(modelType: String, wrapping: TextWrapping) {
    self.modelType = modelType
    self.wrapping = wrapping
  }

  public func biases(_ config: FieldReader) throws -> LinearBiases { try config.biases() }

  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    let pattern = try config.integer("sliding_window_pattern", 1...1 << 20, default: 6)
    return config.windows(try config.slidingWindow(), layers: layers, layerTypes: layerTypes) {
      ($0 + 1) % pattern != 0
    }
  }

  /// `rope_scaling` is about the layers with full attention only.
  public func rotary(_ config: FieldReader, _ reader: RotaryReader, windows: [Int?]) throws -> RotaryLayout {
    let theta = try config.positive("rope_theta", upTo: 1e15, default: defaults.ropeTheta)
    let local = try config.positive("rope_local_base_freq", upTo: 1e15, default: 10_000)
    return RotaryLayout(
      [
        try reader.embedding(layerType: "full_attention", theta: theta, scales: true),
        try reader.embedding(layerType: "sliding_attention", theta: local, scales: false),
      ], ofLayer: windows.map { $0 == nil ? 0 : 1 })
  }

  public func activation(_ config: FieldReader) throws -> LayerDescription.GateActivation {
    try config.gemmaActivation()
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    var layer = try config.gemmaLayer(attentionCap: nil)
    layer.queryKeyNorm = .init()
    return layer
  }

  public func embeddings(_ config: FieldReader, hiddenSize: Int) throws -> EmbeddingScaling {
    var scaling = EmbeddingScaling.gemma(hiddenSize: hiddenSize)
    scaling.logitSoftCap = try config.cap("final_logit_softcapping", default: nil)
    return scaling
  }
}

// MARK: What the Gemmas share

extension EmbeddingScaling {
  /// √H, as a number of the compute type.
  fileprivate static func gemma(hiddenSize: Int) -> EmbeddingScaling {
    var scaling = EmbeddingScaling()
    scaling.factor = Double(hiddenSize).squareRoot()
    scaling.roundsFactor = true
    return scaling
  }
}

extension FieldReader {
  fileprivate func gemmaActivation() throws -> LayerDescription.GateActivation {
    try activation(
      ["hidden_activation"], default: "gelu_pytorch_tanh", among: ["gelu": .gelu, "gelu_pytorch_tanh": .geluTanh])
  }

  /// The layer of Gemma 2 and 3: norms before and behind both blocks.
  fileprivate func gemmaLayer(attentionCap: Double?) throws -> LayerDescription {
    try refuseBothDirections()
    var layer = LayerDescription()
    layer.mlpNorm = "pre_feedforward_layernorm"
    layer.attentionOutputNorm = "post_attention_layernorm"
    layer.mlpOutputNorm = "post_feedforward_layernorm"
    layer.norm = .init(offset: 1, roundsTwice: false)
    layer.attentionScale = 1 / (try positive("query_pre_attn_scalar", upTo: 1e9, default: 256)).squareRoot()
    layer.attentionSoftCap = try cap("attn_logit_softcapping", default: attentionCap)
    return layer
  }

  /// A soft cap; null switches it off.
  fileprivate func cap(_ key: String, default fallback: Double?) throws -> Double? {
    if object[key] == nil { return fallback }
    return try value(key).map { _ in try positive(key, upTo: 1e9) }
  }

  /// Embedding models of the family see what comes after a token too.
  fileprivate func refuseBothDirections() throws {
    guard try !bool("use_bidirectional_attention", default: false) else {
      throw unsupported("attention in both directions (use_bidirectional_attention)", supported: "causal attention")
    }
  }
}
