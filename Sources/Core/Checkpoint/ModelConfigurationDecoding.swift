import Foundation
import JSON

extension ModelConfiguration {
  /// Reads a `config.json`.
  /// - Parameters:
  ///   - file: its name, for error messages.
  ///   - architectures: the families that it may be of.
  /// - Throws: `CheckpointError`, naming the key, for anything damaged, out of range or not computed exactly as
  ///   transformers would.
  public static func decode(
    json: Data, file: String, architectures: ArchitectureRegistry = .standard
  ) throws -> ModelConfiguration {
    let top = FieldReader(object: try JSONObject(parsing: [UInt8](json), file: file), file: file)
    let family = try architectures.architecture(of: top)
    let defaults = family.defaults
    let layer = try family.layer(top)
    try refuseUnsupported(top, layer: layer, supportedModels: architectures.models)

    let hidden = try top.integer("hidden_size", 1...1 << 17)
    let layers = try top.integer("num_hidden_layers", 1...1024)
    let heads = try top.integer("num_attention_heads", 1...4096)
    // A key set to null means as many as heads; an absent one, the family's default.
    let defaultGroups = top.object["num_key_value_heads"] == nil ? defaults.keyValueHeads ?? heads : heads
    let groups = try top.integer("num_key_value_heads", 1...4096, default: defaultGroups)
    guard heads % groups == 0 else {
      throw CheckpointError.invalidValue(
        file: file, key: "num_key_value_heads", value: String(groups),
        allowed: "a divisor of num_attention_heads (\(heads))")
    }
    let headDimension = try headDimension(top, default: defaults.headDimension, hidden: hidden, heads: heads)
    let vocabulary = try top.integer("vocab_size", 1...1 << 24)
    let maxPositions = try top.integer(
      "max_position_embeddings", 1...RopeScaling.maximumPositions, default: defaults.maxPositions)
    let rope = try RopeScaling.decode(top, maxPositions: maxPositions)
    let defaultIDs = defaults.tokenIDs.flatMap { $0.eos < vocabulary ? $0 : nil }
    let biases = try family.biases(top)

    return ModelConfiguration(
      modelType: family.modelType,
      hiddenSize: hidden,
      intermediateSize: try top.integer("intermediate_size", 1...1 << 20),
      layerCount: layers,
      headCount: heads,
      keyValueHeadCount: groups,
      headDimension: headDimension,
      vocabularySize: vocabulary,
      rmsNormEpsilon: try top.positive("rms_norm_eps", upTo: 1, default: defaults.rmsNormEpsilon),
      ropeTheta: rope.theta,
      ropeScaling: rope.scaling,
      tiedEmbeddings: try top.bool("tie_word_embeddings", default: false),
      queryKeyValueBias: biases.queryKeyValue,
      outputBias: biases.output,
      mlpBias: biases.mlp,
      maxPositions: maxPositions,
      slidingWindow: try family.slidingWindow(top, layers: layers, layerTypes: try layerTypes(top)),
      bosTokenID: try top.optionalInteger("bos_token_id", 0...vocabulary - 1)
        ?? (top.object["bos_token_id"] == nil ? defaultIDs?.bos : nil),
      eosTokenIDs: top.object["eos_token_id"] == nil
        ? defaultIDs.map { [$0.eos] } ?? [] : try eosTokenIDs(top, vocabulary: vocabulary),
      layer: layer)
  }

  private static func headDimension(
    _ top: FieldReader, default fallback: Int?, hidden: Int, heads: Int
  ) throws -> Int {
    // A key set to null means hidden / heads; an absent one, the family's default.
    let absent = top.object["head_dim"] == nil ? fallback : nil
    let given = try top.optionalInteger("head_dim", 2...8192) ?? absent
    guard given != nil || hidden % heads == 0 else {
      throw top.invalid(
        "hidden_size", allowed: "a multiple of num_attention_heads (\(heads)) where head_dim is absent")
    }
    let result = given ?? hidden / heads
    guard result % 2 == 0 else {
      throw CheckpointError.invalidValue(
        file: top.file, key: "head_dim", value: String(result), allowed: "even, for rotary embeddings")
    }
    return result
  }

  /// The ids that end a generation, each once.
  static func eosTokenIDs(_ top: FieldReader, vocabulary: Int) throws -> [Int] {
    var seen: Set<Int> = []
    return try top.integers("eos_token_id", 0...vocabulary - 1).filter { seen.insert($0).inserted }
  }

  private static func refuseUnsupported(
    _ top: FieldReader, layer: LayerDescription, supportedModels: String
  ) throws {
    if let architectures = try top.strings("architectures"), let first = architectures.first,
      !architectures.contains(where: { $0.hasSuffix("ForCausalLM") })
    {
      throw top.unsupported(
        "the architecture \(CheckpointError.quoted(first))", supported: "language models with their head (…ForCausalLM)"
      )
    }
    guard top.value("quantization_config") == nil else {
      throw top.unsupported("a quantized checkpoint (quantization_config)", supported: "weights in bf16, fp16 or fp32")
    }
    let activation = try top.string("hidden_act") ?? "silu"
    guard activation == "silu" || activation == "swish" else {
      throw top.unsupported("hidden_act \(CheckpointError.quoted(activation))", supported: "silu")
    }
    for key in ["num_local_experts", "num_experts", "n_routed_experts"] where top.value(key) != nil {
      throw top.unsupported("a mixture of experts (\(key))", supported: supportedModels)
    }
    for key in ["use_qk_norm", "qk_layernorm"] where try layer.queryKeyNorm == nil && top.bool(key, default: false) {
      throw top.unsupported("normalised queries and keys (\(key))", supported: supportedModels)
    }
  }

  private static func layerTypes(_ top: FieldReader) throws -> [String]? {
    let types = try top.strings("layer_types")
    let known: Set = ["full_attention", "sliding_attention"]
    if let unknown = types?.first(where: { !known.contains($0) }) {
      throw top.unsupported(
        "the layer type \(CheckpointError.quoted(unknown))", supported: "full_attention and sliding_attention")
    }
    return types
  }
}
