import Foundation
import JSON

extension ModelConfiguration {
  /// Reads a `config.json`.
  /// - Parameters:
  ///   - file: its name, for error messages.
  ///   - architectures: the families that it may be of.
  ///   - use: decides which heads it may have.
  /// - Throws: `CheckpointError`, naming the key, for anything damaged, out of range or not computed exactly as
  ///   transformers would.
  public static func decode(
    json: Data, file: String, architectures: ArchitectureRegistry = .standard, use: CheckpointUse = .languageModel
  ) throws -> ModelConfiguration {
    let top = FieldReader(object: try JSONObject(parsing: [UInt8](json), file: file), file: file)
    let family = try architectures.architecture(of: top)
    let head = try ModelHead.decode(top, wrapping: family.wrapping, use: use)
    _ = try StoredQuantization.decode(top)
    let text = try family.wrapping.configurationKey.map { key in
      guard let text = try top.object(key) else { throw top.invalid(key, allowed: "an object") }
      return text
    }
    var decoder = text ?? top
    decoder.otherNames = family.defaults.otherNames
    return try decode(decoder, outer: top, family: family, head: head, supportedModels: architectures.models)
  }

  /// - Parameters:
  ///   - top: what describes the decoder.
  ///   - outer: the whole file, which may hold the decoder's description in one of its keys.
  private static func decode(
    _ top: FieldReader, outer: FieldReader, family: any Architecture, head: ModelHead, supportedModels: String
  ) throws -> ModelConfiguration {
    let defaults = family.defaults
    var layer = try family.layer(top)
    layer.activation = try family.activation(top)
    try refuseUnsupported(top, layer: layer, supportedModels: supportedModels)

    let hidden = try top.integer("hidden_size", 1...1 << 17)
    let layers = try top.integer("num_hidden_layers", 1...1024)
    let heads = try top.integer("num_attention_heads", 1...4096, default: defaults.heads)
    let groups = try keyValueHeads(top, heads: heads, default: defaults.keyValueHeads)
    let headDimension = try headDimension(top, default: defaults.headDimension, hidden: hidden, heads: heads)
    let vocabulary = try top.integer("vocab_size", 1...1 << 24, default: defaults.vocabularySize)
    let maxPositions = try top.integer(
      "max_position_embeddings", 1...RopeScaling.maximumPositions, default: defaults.maxPositions)
    let windows = try family.windows(top, layers: layers, layerTypes: try layerTypes(top, layers: layers))
    let rotary = try family.rotary(
      top,
      RotaryReader(
        top: top, layers: layers, headDimension: headDimension, maxPositions: maxPositions,
        defaults: defaults), windows: windows)
    let biases = try family.biases(top)
    let ids = try tokenIDs(top, outer: outer, defaults.tokenIDs, vocabulary: vocabulary)

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
      tiedEmbeddings: try top.bool(
        "tie_word_embeddings", default: try outer.bool("tie_word_embeddings", default: defaults.tiedEmbeddings)),
      queryKeyValueBias: biases.queryKeyValue,
      outputBias: biases.output,
      mlpBias: biases.mlp,
      maxPositions: maxPositions,
      bosTokenID: ids.bos,
      eosTokenIDs: ids.eos,
      layer: layer,
      rotaries: rotary.embeddings,
      attention: zip(windows, rotary.ofLayer).map { LayerAttention(window: $0, rotary: $1) },
      embeddings: try family.embeddings(top, hiddenSize: hidden),
      head: head,
      wrapping: family.wrapping)
  }

  private static func keyValueHeads(_ top: FieldReader, heads: Int, default fallback: Int?) throws -> Int {
    // A key set to null means as many as heads; an absent one, the family's default.
    let defaultGroups = top.object["num_key_value_heads"] == nil ? fallback ?? heads : heads
    let groups = try top.integer("num_key_value_heads", 1...4096, default: defaultGroups)
    guard heads % groups == 0 else {
      throw CheckpointError.invalidValue(
        file: top.file, key: "num_key_value_heads", value: String(groups),
        allowed: "a divisor of num_attention_heads (\(heads))")
    }
    return groups
  }

  private static func tokenIDs(
    _ top: FieldReader, outer: FieldReader, _ fallback: ArchitectureDefaults.TokenIDs?, vocabulary: Int
  ) throws -> (bos: Int?, eos: [Int]) {
    let defaults = fallback.flatMap { $0.eos < vocabulary ? $0 : nil }
    func place(_ key: String) -> FieldReader? { [top, outer].first { $0.object[key] != nil } }
    let bos = place("bos_token_id")
    let eos = place("eos_token_id")
    return (
      try bos.map { try $0.optionalInteger("bos_token_id", 0...vocabulary - 1) } ?? defaults?.bos,
      try eos.map { try eosTokenIDs($0, vocabulary: vocabulary) } ?? defaults.map { [$0.eos] } ?? []
    )
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
    for key in ["num_local_experts", "num_experts", "n_routed_experts"] where top.value(key) != nil {
      throw top.unsupported("a mixture of experts (\(key))", supported: supportedModels)
    }
    for key in ["use_qk_norm", "qk_layernorm"] where try layer.queryKeyNorm == nil && top.bool(key, default: false) {
      throw top.unsupported("normalised queries and keys (\(key))", supported: supportedModels)
    }
  }

  private static func layerTypes(_ top: FieldReader, layers: Int) throws -> [String]? {
    guard let types = try top.strings("layer_types") else { return nil }
    let known: Set = ["full_attention", "sliding_attention"]
    if let unknown = types.first(where: { !known.contains($0) }) {
      throw top.unsupported(
        "the layer type \(CheckpointError.quoted(unknown))", supported: "full_attention and sliding_attention")
    }
    guard types.count >= layers else {
      throw top.invalid("layer_types", allowed: "a list of \(layers) names, one a layer")
    }
    return types
  }
}
