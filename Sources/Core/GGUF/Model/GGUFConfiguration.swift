import Checkpoint
import JSON

/// The `config.json` that transformers would have for the model in a GGUF file, from the file's metadata and from which
/// tensors there are. Facts that llama.cpp's converter drops (Gemma's attention scale) are those of its own loader.
struct GGUFConfiguration {
  let file: GGUFFile
  let family: GGUFFamily
  /// The metadata that is no list, with the keys' families stripped: "block_count", "general.name".
  let fields: FieldReader

  static let sizes = 1...1 << 24

  /// - Throws: `CheckpointError` where the file holds no model of a known family.
  init(_ file: GGUFFile) throws {
    let fields = FieldReader.top(file.scalars, file: file.path)
    func refuse(_ feature: String, _ supported: String) -> CheckpointError {
      .unsupported(file: file.path, feature: feature, supported: supported)
    }
    guard let architecture = try fields.string("general.architecture") else {
      throw fields.invalid("general.architecture", allowed: "the name of a model family")
    }
    if let type = try fields.string("general.type"), type != "model" {
      throw refuse("a GGUF file of the type \(CheckpointError.quoted(type))", "whole models (general.type \"model\")")
    }
    if try fields.optionalInteger("split.count", 0...65_535) ?? 1 > 1 {
      throw refuse(
        "a part of a split model", "whole files (llama-gguf-split --merge of llama.cpp joins the parts)")
    }
    guard let family = GGUFFamily(rawValue: architecture) else {
      throw refuse(
        "the architecture \(CheckpointError.quoted(architecture))",
        GGUFFamily.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self.file = file
    self.family = family
    self.fields = fields
    try refuseForeign()
  }

  func key(_ name: String) -> String { "\(family.rawValue).\(name)" }

  // MARK: Parts

  /// Keys with which llama.cpp computes something that no family here has.
  private func refuseForeign() throws {
    for name in [
      "expert_count", "attention.scale", "attention.clamp_kqv", "attention.max_alibi_bias", "logit_scale",
      "residual_scale", "embedding_scale", "attention.temperature_scale", "pooling_type", "ssm.state_size",
      "nextn_predict_layers", "attention.kv_lora_rank", "leading_dense_block_count",
    ] {
      guard let value = fields.value(key(name)), value.number != 0 else { continue }
      throw fields.unsupported(
        "\(key(name)) (\(value))",
        supported: "plain decoders of the families "
          + GGUFFamily.allCases.map(\.rawValue).joined(separator: ", "))
    }
    if try !fields.bool(key("attention.causal"), default: true) {
      throw fields.unsupported("attention to later tokens (\(key("attention.causal")))", supported: "causal attention")
    }
  }

  /// A whole number that older files give once and newer ones perhaps for each layer; these must then agree.
  func count(_ name: String, default fallback: Int? = nil) throws -> Int {
    guard let array = file.arrays[key(name)] else {
      return try fields.integer(key(name), Self.sizes, default: fallback)
    }
    // No model has more layers than this; a longer list need not be read.
    let values = array.count > 1024 ? [] : Set(try array.numbers())
    guard values.count == 1, let value = values.first.flatMap({ Int(exactly: $0) }), Self.sizes.contains(value) else {
      throw fields.unsupported(
        "a \(key(name)) that differs between layers", supported: "layers that are all of the same size")
    }
    return value
  }

  private func tensor(_ name: String) throws -> GGUFTensor {
    guard let tensor = file[tensor: name] else { throw CheckpointError.missingTensor(file: file.path, name: name) }
    return tensor
  }

  // MARK: The configuration

  /// - Parameter precision: the type in which the weights are written beside it.
  func json(tokens: GGUFSpecialTokens, precision: StoredType) throws -> JSONObject {
    let hidden = try count("embedding_length")
    let heads = try count("attention.head_count")
    let layers = try fields.integer(key("block_count"), 1...1024)
    let headDimension = try headDimension(hidden: hidden, heads: heads)
    var config = JSONObject([
      ("architectures", .array([.string(architectureClass)])), ("model_type", .string(modelType)),
      ("vocab_size", .integer(try tensor("token_embd.weight").shape.first ?? 0)), ("hidden_size", .integer(hidden)),
      ("intermediate_size", .integer(try count("feed_forward_length"))), ("num_hidden_layers", .integer(layers)),
      ("num_attention_heads", .integer(heads)),
      ("num_key_value_heads", .integer(try count("attention.head_count_kv", default: heads))),
      ("head_dim", .integer(headDimension)),
      ("max_position_embeddings", .integer(try fields.integer(key("context_length"), 1...1 << 30))),
      ("rms_norm_eps", .number(try shortest("attention.layer_norm_rms_epsilon", upTo: 1))),
      ("tie_word_embeddings", .bool(!file.hasTensor("output.weight"))),
      ("attention_dropout", .number(0)), ("initializer_range", .number(0.02)), ("use_cache", .bool(true)),
      ("torch_dtype", .string(precision == .bf16 ? "bfloat16" : precision == .fp16 ? "float16" : "float32")),
    ])
    for (key, id) in [("bos_token_id", tokens.bos), ("eos_token_id", tokens.eos), ("pad_token_id", tokens.padding)] {
      config.set(key, id.map { .integer($0) } ?? .null)
    }
    try addFamily(to: &config, layers: layers, heads: heads, hidden: hidden, headDimension: headDimension)
    try addRope(to: &config, headDimension: headDimension)
    return config
  }

  private var architectureClass: String {
    switch family {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    case .qwen3: "Qwen3ForCausalLM"
    case .gemma: "GemmaForCausalLM"
    case .gemma2: "Gemma2ForCausalLM"
    case .gemma3: "Gemma3ForCausalLM"
    }
  }

  private var modelType: String { family == .gemma3 ? "gemma3_text" : family.rawValue }

  private func headDimension(hidden: Int, heads: Int) throws -> Int {
    guard fields.value(key("attention.key_length")) != nil || hidden % heads == 0 else {
      throw fields.invalid(key("embedding_length"), allowed: "a multiple of \(key("attention.head_count")) (\(heads))")
    }
    let dimension = try fields.integer(key("attention.key_length"), 2...8192, default: max(2, hidden / heads))
    for (name, what) in [("attention.value_length", "values"), ("rope.dimension_count", "rotary embeddings")] {
      let other = try fields.integer(key(name), 1...8192, default: dimension)
      guard other == dimension else {
        throw fields.unsupported(
          "\(key(name)) \(other) beside heads of \(dimension)", supported: "\(what) as wide as the head")
      }
    }
    return dimension
  }

  private func addFamily(
    to config: inout JSONObject, layers: Int, heads: Int, hidden: Int, headDimension: Int
  ) throws {
    let hasBias = file.hasTensor("blk.0.attn_output.bias")
    switch family {
    case .llama:
      config.set("hidden_act", .string("silu"))
      config.set("attention_bias", .bool(hasBias))
      config.set("mlp_bias", .bool(file.hasTensor("blk.0.ffn_down.bias")))
    case .qwen2:
      config.set("hidden_act", .string("silu"))
      config.set("use_sliding_window", .bool(false))
    case .qwen3:
      config.set("hidden_act", .string("silu"))
      config.set("attention_bias", .bool(hasBias))
      config.set("use_sliding_window", .bool(false))
    case .gemma:
      config.set("hidden_act", .string("gelu_pytorch_tanh"))
      config.set("hidden_activation", .string("gelu_pytorch_tanh"))
      config.set("attention_bias", .bool(false))
    case .gemma2, .gemma3:
      config.set("hidden_activation", .string("gelu_pytorch_tanh"))
      config.set("attention_bias", .bool(false))
      try addWindows(to: &config, layers: layers)
      try addCaps(to: &config)
      // The converter drops query_pre_attn_scalar; llama.cpp knows the 27B models, of both generations, by their depth.
      let isLargest = layers == (family == .gemma2 ? 46 : 62)
      config.set("query_pre_attn_scalar", .integer(isLargest ? hidden / heads : headDimension))
    }
  }

  /// Windows in all layers but each second (Gemma 2) or sixth (Gemma 3), unless the file says otherwise.
  private func addWindows(to config: inout JSONObject, layers: Int) throws {
    let fallback = family == .gemma2 ? 4096 : nil
    let window = try fields.optionalInteger(key("attention.sliding_window"), 0...1 << 30) ?? fallback
    let patternKey = key("attention.sliding_window_pattern")
    let slides: [Bool]
    if window ?? 0 == 0 {
      slides = Array(repeating: false, count: layers)
    } else if let pattern = file.arrays[patternKey] {
      guard pattern.count == layers else {
        throw fields.unsupported(
          "a \(patternKey) of \(pattern.count) values", supported: "one for each of the \(layers) layers")
      }
      slides = try pattern.flags()
    } else {
      let period = try fields.integer(patternKey, 1...1024, default: family == .gemma2 ? 2 : 6)
      slides = (0..<layers).map { ($0 + 1) % period != 0 }
    }
    config.set("sliding_window", window ?? 0 == 0 ? .null : .integer(window ?? 0))
    config.set("layer_types", .array(slides.map { .string($0 ? "sliding_attention" : "full_attention") }))
  }

  private func addCaps(to config: inout JSONObject) throws {
    let caps = [
      ("attn_logit_softcapping", family == .gemma2 ? 50.0 : nil),
      ("final_logit_softcapping", family == .gemma2 ? 30.0 : nil),
    ]
    for (name, fallback) in caps {
      let given = fields.value(key(name)) == nil ? nil : try fields.positive(key(name), above: -1, upTo: 1e6)
      let cap = given ?? fallback
      config.set(name, cap.flatMap { $0 == 0 ? nil : .number($0) } ?? .null)
    }
  }

  /// A number that the file keeps in fp32, as the shortest decimal that gives it: 1e-5, not 9.99999974e-6.
  func shortest(_ name: String, upTo limit: Double, default fallback: Double? = nil) throws -> Double {
    let value = try fields.positive(key(name), upTo: limit, default: fallback)
    return Double("\(Float(value))") ?? value
  }
}
