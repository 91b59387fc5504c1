import Checkpoint

/// Shapes of well-known models, for random weights: speed does not depend on the weights' values.
public struct LlamaShape: Sendable, Equatable {
  public var name: String
  public var hidden: Int
  public var inner: Int
  public var layers: Int
  public var heads: Int
  public var keyValueHeads: Int
  public var vocabulary: Int
  public var tied: Bool
  public var ropeTheta: Double
  public var positions = 8192

  public static let smolLM2_135M = LlamaShape(
    name: "SmolLM2-135M", hidden: 576, inner: 1536, layers: 30, heads: 9, keyValueHeads: 3, vocabulary: 49152,
    tied: true, ropeTheta: 100_000)
  public static let llama32_1B = LlamaShape(
    name: "Llama-3.2-1B", hidden: 2048, inner: 8192, layers: 16, heads: 32, keyValueHeads: 8, vocabulary: 128_256,
    tied: true, ropeTheta: 500_000)
  public static let llama3_8B = LlamaShape(
    name: "Llama-3-8B", hidden: 4096, inner: 14336, layers: 32, heads: 32, keyValueHeads: 8, vocabulary: 128_256,
    tied: false, ropeTheta: 500_000)
  /// For trying a benchmark out.
  public static let tiny = LlamaShape(
    name: "tiny", hidden: 128, inner: 384, layers: 4, heads: 4, keyValueHeads: 2, vocabulary: 2048, tied: true,
    ropeTheta: 10_000)
  public static let all = [smolLM2_135M, llama32_1B, llama3_8B, tiny]

  public var configuration: ModelConfiguration {
    ModelConfiguration(
      hiddenSize: hidden, intermediateSize: inner, layerCount: layers, headCount: heads,
      keyValueHeadCount: keyValueHeads, headDimension: hidden / heads, vocabularySize: vocabulary,
      tiedEmbeddings: tied, maxPositions: positions, bosTokenID: 256, eosTokenIDs: [257],
      rotaries: [RotaryEmbedding(theta: ropeTheta, dimension: hidden / heads)])
  }

  /// Bytes of the weights in bf16.
  public var weightBytes: Int {
    configuration.tensorShapes.reduce(0) { $0 + 2 * $1.shape.reduce(1, *) }
  }
}
