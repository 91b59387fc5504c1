import Foundation

/// The shape of a Llama-family decoder, from a Hugging Face `config.json`: RMSNorm, rotary embeddings (rotate-half),
/// grouped-query attention and a SiLU-gated MLP.
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
  public let ropeTheta: Double
  public let ropeScaling: RopeScaling
  /// The output head is the embedding matrix.
  public let tiedEmbeddings: Bool
  public let queryKeyValueBias: Bool
  /// Bias of o_proj.
  public let outputBias: Bool
  /// Biases of gate_proj, up_proj and down_proj.
  public let mlpBias: Bool
  /// Longest sequence that the model was trained for.
  public let maxPositions: Int
  /// Attention is full for sequences up to this length; longer ones would need a sliding window, in some layer at
  /// least. Nil: full at any length.
  public let slidingWindow: Int?
  public let bosTokenID: Int?
  /// Every id that ends a generation, each once.
  public let eosTokenIDs: [Int]
  /// What a family's layers add to or change in the plain one.
  public let layer: LayerDescription

  public init(
    modelType: String = "llama", hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int, headDimension: Int, vocabularySize: Int, rmsNormEpsilon: Double = 1e-5,
    ropeTheta: Double = 10_000, ropeScaling: RopeScaling = .none, tiedEmbeddings: Bool = false,
    queryKeyValueBias: Bool = false, outputBias: Bool = false, mlpBias: Bool = false, maxPositions: Int = 2048,
    slidingWindow: Int? = nil, bosTokenID: Int? = nil, eosTokenIDs: [Int] = [],
    layer: LayerDescription = LayerDescription()
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
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.tiedEmbeddings = tiedEmbeddings
    self.queryKeyValueBias = queryKeyValueBias
    self.outputBias = outputBias
    self.mlpBias = mlpBias
    self.maxPositions = maxPositions
    self.slidingWindow = slidingWindow
    self.bosTokenID = bosTokenID
    self.eosTokenIDs = eosTokenIDs
    self.layer = layer
  }

  /// Every tensor that the model computes with, and its shape, in the order of use.
  public var tensorShapes: [(name: String, shape: [Int])] {
    var result: [(name: String, shape: [Int])] = [("model.embed_tokens.weight", [vocabularySize, hiddenSize])]
    for layer in 0..<layerCount {
      for name in [self.layer.attentionNorm, self.layer.mlpNorm] {
        result.append(("model.layers.\(layer).\(name).weight", [hiddenSize]))
      }
      for name in self.layer.queryKeyNorm.map({ [$0.query, $0.key] }) ?? [] {
        result.append(("model.layers.\(layer).\(name).weight", [headDimension]))
      }
      for module in self.layer.modules {
        let (outputs, inputs) = module.shape(in: self)
        result.append((module.fullName(layer: layer) + ".weight", [outputs, inputs]))
        if module.hasBias(in: self) { result.append((module.fullName(layer: layer) + ".bias", [outputs])) }
      }
    }
    result.append(("model.norm.weight", [hiddenSize]))
    if !tiedEmbeddings { result.append(("lm_head.weight", [vocabularySize, hiddenSize])) }
    return result
  }

  /// The same model with more ids that end a generation (from `generation_config.json`).
  func addingEOS(_ ids: [Int]) -> ModelConfiguration {
    var all = eosTokenIDs
    for id in ids where !all.contains(id) { all.append(id) }
    return ModelConfiguration(
      modelType: modelType, hiddenSize: hiddenSize, intermediateSize: intermediateSize, layerCount: layerCount,
      headCount: headCount, keyValueHeadCount: keyValueHeadCount, headDimension: headDimension,
      vocabularySize: vocabularySize, rmsNormEpsilon: rmsNormEpsilon, ropeTheta: ropeTheta, ropeScaling: ropeScaling,
      tiedEmbeddings: tiedEmbeddings, queryKeyValueBias: queryKeyValueBias, outputBias: outputBias, mlpBias: mlpBias,
      maxPositions: maxPositions, slidingWindow: slidingWindow, bosTokenID: bosTokenID, eosTokenIDs: all, layer: layer)
  }
}
