import Foundation

/// The shape of a decoder, from a Hugging Face `config.json`: RMSNorm, rotary embeddings (rotate-half), grouped-query
/// attention and a gated MLP, with what its family changes of that.
///
/// Dropout settings (`attention_dropout`) are not read: policy and reference always run without dropout.
public struct ModelConfiguration: Sendable, Equatable {
  /// config.json's `model_type`, such as "llama".
  public let modelType: String
  public let hiddenSize: Int
  /// Width of the MLP.
  public let intermediateSize: Int
  public let layerCount: Int
  public let headCount: Int
  /// Divides `headCount`.
  public let keyValueHeadCount: Int
  /// Even. Not always `hiddenSize / headCount`.
  public let headDimension: Int
  public let vocabularySize: Int
  public let rmsNormEpsilon: Double
  /// The output head is the embedding matrix.
  public let tiedEmbeddings: Bool
  public let queryKeyValueBias: Bool
  /// Bias of o_proj.
  public let outputBias: Bool
  /// Biases of gate_proj, up_proj and down_proj.
  public let mlpBias: Bool
  /// Longest sequence that the model was trained for.
  public let maxPositions: Int
  public let bosTokenID: Int?
  /// Every id that ends a generation, each once.
  public private(set) var eosTokenIDs: [Int]
  /// What a family's layers add to or change in the plain one.
  public let layer: LayerDescription
  /// The rotary embeddings that layers refer to.
  public let rotaries: [RotaryEmbedding]
  /// One a layer.
  public let attention: [LayerAttention]
  public let embeddings: EmbeddingScaling
  /// What reads the final hidden state.
  public let head: ModelHead
  /// What the checkpoint holds beside the decoder.
  public let wrapping: TextWrapping

  /// - Parameters:
  ///   - rotaries: nil: one plain one over whole heads.
  ///   - attention: nil: full attention with the first rotary embedding in every layer.
  public init(
    modelType: String = "llama", hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int, headDimension: Int, vocabularySize: Int, rmsNormEpsilon: Double = 1e-5,
    tiedEmbeddings: Bool = false, queryKeyValueBias: Bool = false, outputBias: Bool = false, mlpBias: Bool = false,
    maxPositions: Int = 2048, bosTokenID: Int? = nil, eosTokenIDs: [Int] = [],
    layer: LayerDescription = LayerDescription(), rotaries: [RotaryEmbedding]? = nil,
    attention: [LayerAttention]? = nil, embeddings: EmbeddingScaling = EmbeddingScaling(),
    head: ModelHead = .logits, wrapping: TextWrapping = TextWrapping()
  ) {
    self.modelType = modelType
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
    self.vocabularySize = vocabularySize
    self.rmsNormEpsilon = rmsNormEpsilon
    self.tiedEmbeddings = tiedEmbeddings
    self.queryKeyValueBias = queryKeyValueBias
    self.outputBias = outputBias
    self.mlpBias = mlpBias
    self.maxPositions = maxPositions
    self.bosTokenID = bosTokenID
    self.eosTokenIDs = eosTokenIDs
    self.layer = layer
    self.rotaries = rotaries ?? [RotaryEmbedding(dimension: headDimension)]
    self.attention = attention ?? Array(repeating: LayerAttention(), count: layerCount)
    self.embeddings = embeddings
    self.head = head
    self.wrapping = wrapping
    precondition(self.attention.count == layerCount, "one attention a layer")
  }

  /// The longest sequence that the model computes as it was trained: its positions, or what its rotary embeddings hold
  /// for.
  public var longestSequence: Int {
    rotaries.compactMap(\.scaling.longestSequence).reduce(maxPositions, min)
  }

  /// The window of the first layer that has one.
  public var slidingWindow: Int? { attention.lazy.compactMap(\.window).first }

  /// Every tensor that the model computes with, and its shape, in the order of use, under the names of a plain decoder.
  public var tensorShapes: [(name: String, shape: [Int])] {
    var result: [(name: String, shape: [Int])] = [("model.embed_tokens.weight", [vocabularySize, hiddenSize])]
    for index in 0..<layerCount {
      let names = [layer.attentionNorm, layer.attentionOutputNorm, layer.mlpNorm, layer.mlpOutputNorm]
      for name in names.compactMap({ $0 }) { result += normShapes("\(layer.list).\(index).\(name)") }
      if let norms = layer.queryKeyNorm {
        let (query, key) = queryKeyNormSizes(norms)
        result.append(("\(layer.list).\(index).\(norms.query).weight", [query]))
        result.append(("\(layer.list).\(index).\(norms.key).weight", [key]))
      }
      for module in layer.modules {
        let (outputs, inputs) = module.shape(in: self)
        result.append((module.fullName(layer: index) + ".weight", [outputs, inputs]))
        if module.hasBias(in: self) { result.append((module.fullName(layer: index) + ".bias", [outputs])) }
      }
    }
    result += normShapes("model.norm")
    return result + head.tensorShapes(hiddenSize: hiddenSize, vocabularySize: vocabularySize, tied: tiedEmbeddings)
  }

  private func normShapes(_ name: String) -> [(name: String, shape: [Int])] {
    [(name + ".weight", [hiddenSize])] + (layer.norm.isCentered ? [(name + ".bias", [hiddenSize])] : [])
  }

  /// The sizes of the weights of the norms on queries and on keys.
  public func queryKeyNormSizes(_ norms: LayerDescription.QueryKeyNorm) -> (query: Int, key: Int) {
    switch norms.span {
    case .head: (headDimension, headDimension)
    case .row: (headCount * headDimension, keyValueHeadCount * headDimension)
    }
  }

  /// The same model with more ids that end a generation (from `generation_config.json`).
  func addingEOS(_ ids: [Int]) -> ModelConfiguration {
    var more = self
    for id in ids where !more.eosTokenIDs.contains(id) { more.eosTokenIDs.append(id) }
    return more
  }
}
