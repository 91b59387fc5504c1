import Foundation
import JSON

/// Defaults are those of transformers' configuration classes, for each family.
private enum ModelFamily: String, CaseIterable {
  case llama
  case mistral
  case qwen2

  /// Nil: as many as there are heads.
  var defaultKeyValueHeads: Int? {
    switch self {
    case .llama: nil
    case .mistral: 8
    case .qwen2: 32
    }
  }

  var defaultTokenIDs: (bos: Int, eos: Int)? {
    switch self {
    case .llama, .mistral: (1, 2)
    case .qwen2: nil
    }
  }

  var defaultMaxPositions: Int {
    switch self {
    case .llama: 2048
    case .mistral: 131_072
    case .qwen2: 32_768
    }
  }
}

extension ModelConfiguration {
  private static let supportedModels = "Llama (1 to 3, TinyLlama, SmolLM2), Mistral and Qwen2 decoders"

  /// Reads a `config.json`.
  /// - Parameter file: its name, for error messages.
  /// - Throws: `CheckpointError`, naming the key, for anything damaged, out of range or not computed exactly as
  ///   transformers would.
  public static func decode(json: Data, file: String) throws -> ModelConfiguration {
    let top = FieldReader(object: try JSONObject(parsing: [UInt8](json), file: file), file: file)
    let family = try family(top)
    try refuseUnsupported(top)

    let hidden = try top.integer("hidden_size", 1...1 << 17)
    let layers = try top.integer("num_hidden_layers", 1...1024)
    let heads = try top.integer("num_attention_heads", 1...4096)
    // A key set to null means as many as heads; an absent one, the family's default.
    let defaultGroups = top.object["num_key_value_heads"] == nil ? family.defaultKeyValueHeads ?? heads : heads
    let groups = try top.integer("num_key_value_heads", 1...4096, default: defaultGroups)
    guard heads % groups == 0 else {
      throw CheckpointError.invalidValue(
        file: file, key: "num_key_value_heads", value: String(groups),
        allowed: "a divisor of num_attention_heads (\(heads))")
    }
    let headDimension: Int
    if let given = try top.optionalInteger("head_dim", 2...8192) {
      headDimension = given
    } else {
      guard hidden % heads == 0 else {
        throw top.invalid(
          "hidden_size", allowed: "a multiple of num_attention_heads (\(heads)) where head_dim is absent")
      }
      headDimension = hidden / heads
    }
    guard headDimension % 2 == 0 else {
      throw CheckpointError.invalidValue(
        file: file, key: "head_dim", value: String(headDimension), allowed: "even, for rotary embeddings")
    }
    let vocabulary = try top.integer("vocab_size", 1...1 << 24)
    let maxPositions = try top.integer(
      "max_position_embeddings", 1...RopeScaling.maximumPositions, default: family.defaultMaxPositions)
    let rope = try RopeScaling.decode(top, maxPositions: maxPositions)
    let defaultIDs = family.defaultTokenIDs.flatMap { $0.eos < vocabulary ? $0 : nil }
    let attentionBias = try family == .llama && top.bool("attention_bias", default: false)

    return ModelConfiguration(
      modelType: family.rawValue,
      hiddenSize: hidden,
      intermediateSize: try top.integer("intermediate_size", 1...1 << 20),
      layerCount: layers,
      headCount: heads,
      keyValueHeadCount: groups,
      headDimension: headDimension,
      vocabularySize: vocabulary,
      rmsNormEpsilon: try top.positive("rms_norm_eps", upTo: 1, default: 1e-6),
      ropeTheta: rope.theta,
      ropeScaling: rope.scaling,
      tiedEmbeddings: try top.bool("tie_word_embeddings", default: false),
      queryKeyValueBias: family == .qwen2 || attentionBias,
      outputBias: attentionBias,
      mlpBias: try family == .llama && top.bool("mlp_bias", default: false),
      maxPositions: maxPositions,
      slidingWindow: try slidingWindow(top, family: family, layers: layers),
      bosTokenID: try top.optionalInteger("bos_token_id", 0...vocabulary - 1)
        ?? (top.object["bos_token_id"] == nil ? defaultIDs?.bos : nil),
      eosTokenIDs: top.object["eos_token_id"] == nil
        ? defaultIDs.map { [$0.eos] } ?? [] : try eosTokenIDs(top, vocabulary: vocabulary))
  }

  /// The ids that end a generation, each once.
  static func eosTokenIDs(_ top: FieldReader, vocabulary: Int) throws -> [Int] {
    var seen: Set<Int> = []
    return try top.integers("eos_token_id", 0...vocabulary - 1).filter { seen.insert($0).inserted }
  }

  private static func family(_ top: FieldReader) throws -> ModelFamily {
    guard let name = try top.string("model_type") else {
      throw top.invalid("model_type", allowed: "one of " + ModelFamily.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard let family = ModelFamily(rawValue: name) else {
      throw CheckpointError.unsupported(
        file: top.file, feature: "model_type \(CheckpointError.quoted(name))", supported: supportedModels)
    }
    return family
  }

  private static func refuseUnsupported(_ top: FieldReader) throws {
    func refuse(_ feature: String, supported: String) -> CheckpointError {
      .unsupported(file: top.file, feature: feature, supported: supported)
    }
    if let architectures = try top.strings("architectures"), let first = architectures.first,
      !architectures.contains(where: { $0.hasSuffix("ForCausalLM") })
    {
      throw refuse(
        "the architecture \(CheckpointError.quoted(first))", supported: "language models with their head (…ForCausalLM)"
      )
    }
    guard top.value("quantization_config") == nil else {
      throw refuse("a quantized checkpoint (quantization_config)", supported: "weights in bf16, fp16 or fp32")
    }
    let activation = try top.string("hidden_act") ?? "silu"
    guard activation == "silu" || activation == "swish" else {
      throw refuse("hidden_act \(CheckpointError.quoted(activation))", supported: "silu")
    }
    for key in ["num_local_experts", "num_experts", "n_routed_experts"] where top.value(key) != nil {
      throw refuse("a mixture of experts (\(key))", supported: supportedModels)
    }
    for key in ["use_qk_norm", "qk_layernorm"] where try top.bool(key, default: false) {
      throw refuse("normalised queries and keys (\(key))", supported: supportedModels)
    }
  }

  /// Mistral slides everywhere, Qwen2 only where asked, and from `max_window_layers` on.
  private static func slidingWindow(_ top: FieldReader, family: ModelFamily, layers: Int) throws -> Int? {
    let layerTypes = try top.strings("layer_types")
    let known: Set = ["full_attention", "sliding_attention"]
    if let unknown = layerTypes?.first(where: { !known.contains($0) }) {
      throw CheckpointError.unsupported(
        file: top.file, feature: "the layer type \(CheckpointError.quoted(unknown))",
        supported: "full_attention and sliding_attention")
    }
    switch family {
    case .llama:
      guard layerTypes?.contains("sliding_attention") != true else {
        throw CheckpointError.unsupported(
          file: top.file, feature: "sliding_attention in a llama model", supported: "full_attention")
      }
      return nil
    case .mistral: return try window(top)
    case .qwen2:
      guard try top.bool("use_sliding_window", default: false), let window = try window(top) else { return nil }
      if let layerTypes { return layerTypes.contains("sliding_attention") ? window : nil }
      return try top.integer("max_window_layers", 0...1 << 20, default: 28) < layers ? window : nil
    }
  }

  /// Where the key is absent, both families' classes set 4,096; null switches the window off.
  private static func window(_ top: FieldReader) throws -> Int? {
    if top.object["sliding_window"] == nil { return 4096 }
    return try top.optionalInteger("sliding_window", 1...RopeScaling.maximumPositions)
  }
}
