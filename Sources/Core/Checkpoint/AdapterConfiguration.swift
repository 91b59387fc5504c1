import JSON

/// PEFT's `adapter_config.json`, in and out.
///
/// Every field that changes what the adapter computes is honoured or refused; a field that this program has never heard
/// of is refused too, unless its value switches it off.
struct AdapterConfiguration: Equatable {
  let lora: LoRAConfiguration
  /// `base_model_name_or_path`.
  let baseModelName: String?
  /// How many layers the targets name one by one; nil where they name modules of every layer.
  var namedLayers: Int?

  static let fileName = "adapter_config.json"
  static let maximumRank = 1 << 14

  /// Fields without influence on a finished adapter: provenance, or the initialisation of A and B.
  private static let neutral: Set = [
    "auto_mapping", "base_model_name_or_path", "corda_config", "ensure_weight_tying", "eva_config", "inference_mode",
    "layers_pattern", "loftq_config", "lora_ga_config", "megatron_core", "peft_version", "qalora_group_size",
    "revision", "runtime_config",
  ]
  private static let handled: Set = [
    "alpha_pattern", "bias", "init_lora_weights", "lora_alpha", "lora_dropout", "peft_type", "r", "rank_pattern",
    "target_modules", "task_type", "use_rslora",
  ]
  /// Fields that must be off (absent, null, false or empty), and what they ask for.
  private static let refused: [String: String] = [
    "alora_invocation_tokens": "an activated LoRA (alora_invocation_tokens)",
    "exclude_modules": "exclude_modules",
    "fan_in_fan_out": "transposed base weights (fan_in_fan_out)",
    "layer_replication": "replicated layers (layer_replication)",
    "layers_to_transform": "an adapter on some of the layers (layers_to_transform)",
    "lora_bias": "a bias inside the adapter (lora_bias)",
    "modules_to_save": "fully trained modules beside the adapter (modules_to_save)",
    "target_parameters": "adapters on bare parameters (target_parameters)",
    "trainable_token_indices": "trained token embeddings (trainable_token_indices)",
    "use_dora": "DoRA (use_dora)",
    "use_qalora": "QALoRA (use_qalora)",
  ]
  private static let supported = "plain LoRA on q, k, v, o, gate, up and down projections of every layer"

  static func decode(json: [UInt8], file: String) throws -> AdapterConfiguration {
    let top = FieldReader(object: try JSONObject(parsing: json, file: file), file: file)
    func refuse(_ feature: String) -> CheckpointError {
      .unsupported(file: file, feature: feature, supported: supported)
    }

    guard let type = try top.string("peft_type") else { throw top.invalid("peft_type", allowed: "\"LORA\"") }
    guard type == "LORA" else { throw refuse("the adapter type \(CheckpointError.quoted(type))") }
    if let task = try top.string("task_type"), task != "CAUSAL_LM" {
      throw refuse("the task \(CheckpointError.quoted(task))")
    }
    if let bias = try top.string("bias"), bias != "none" {
      throw refuse("trained biases (bias: \(CheckpointError.quoted(bias)))")
    }
    for (key, value) in top.object.members where !value.isOff && !neutral.contains(key) && !handled.contains(key) {
      throw refuse(refused[key] ?? "the adapter option \(CheckpointError.quoted(key))")
    }
    // These change the base weights when training starts, so the adapter fits no other base.
    switch top.value("init_lora_weights") {
    case nil, .bool: break
    case .string(let name) where ["gaussian", "eva", "orthogonal"].contains(name): break
    case .some(let value):
      throw refuse("an adapter that starts from changed base weights (init_lora_weights: \(value.brief))")
    }

    let (targets, namedLayers) = try targetModules(top, refuse: refuse)
    let rank = try uniform(
      top, pattern: "rank_pattern", targets: targets, common: Double(top.integer("r", 1...maximumRank, default: 8)),
      upTo: Double(maximumRank), refuse: refuse)
    guard let rank = Int(exactly: rank) else { throw top.invalid("rank_pattern", allowed: "made of whole numbers") }
    let alpha = try uniform(
      top, pattern: "alpha_pattern", targets: targets, common: top.positive("lora_alpha", upTo: 1e6, default: 8),
      upTo: 1e6, refuse: refuse)
    let dropout = top.value("lora_dropout")?.number ?? 0
    guard top.value("lora_dropout")?.number != nil || top.value("lora_dropout") == nil, dropout >= 0, dropout < 1 else {
      throw top.invalid("lora_dropout", allowed: "a number from 0 to below 1")
    }
    return AdapterConfiguration(
      lora: LoRAConfiguration(
        rank: rank, alpha: alpha, targetModules: targets, useRSLoRA: try top.bool("use_rslora", default: false),
        dropout: dropout),
      baseModelName: try top.string("base_model_name_or_path"), namedLayers: namedLayers)
  }

  /// A list of module names, "all-linear", or a regular expression of the form `.*\.(q_proj|v_proj)`.
  /// For small models PEFT saves "all-linear" as full names (`model.layers.0.mlp.up_proj`); they must then name the same
  /// modules in each of the layers from 0 on.
  private static func targetModules(
    _ top: FieldReader, refuse: (String) -> CheckpointError
  ) throws -> (kinds: [LinearKind], namedLayers: Int?) {
    var names: [String]
    switch top.value("target_modules") {
    case .string("all-linear"): return (LinearKind.allCases, nil)
    case .string(let pattern):
      guard let simple = suffixes(of: pattern) else {
        throw refuse("the regular expression \(CheckpointError.quoted(pattern)) in target_modules")
      }
      names = simple
    default:
      names = try top.strings("target_modules") ?? []
    }
    guard !names.isEmpty else {
      throw top.invalid("target_modules", allowed: "a list such as [\"q_proj\", \"v_proj\"], or \"all-linear\"")
    }
    var kinds: Set<LinearKind> = []
    var layers: [LinearKind: Set<Int>] = [:]
    for name in names {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard let kind = parts.last.flatMap({ LinearKind(rawValue: String($0)) }) else {
        throw refuse("an adapter on \(CheckpointError.quoted(name))")
      }
      if name == kind.rawValue || name == "\(kind.block).\(kind.rawValue)" {
        kinds.insert(kind)
      } else if parts.count == 5, let layer = Int(parts[2]), name == kind.fullName(layer: layer) {
        layers[kind, default: []].insert(layer)
      } else {
        throw refuse("an adapter on \(CheckpointError.quoted(name))")
      }
    }
    guard let first = layers.values.first else { return (LinearKind.allCases.filter(kinds.contains), nil) }
    guard kinds.isEmpty, layers.values.allSatisfy({ $0 == first }), first == Set(0..<first.count) else {
      throw refuse("an adapter that differs between layers (target_modules)")
    }
    return (LinearKind.allCases.filter { layers[$0] != nil }, first.count)
  }

  /// The alternatives of `.*a`, `.*\.(a|b)` and the like, each a plain word; nil for any other expression.
  static func suffixes(of pattern: String) -> [String]? {
    guard pattern.hasPrefix(".*") else { return nil }
    var rest = pattern.dropFirst(2)
    if rest.hasPrefix("\\.") { rest = rest.dropFirst(2) }
    if rest.hasSuffix("$") { rest = rest.dropLast() }
    if rest.hasPrefix("("), rest.hasSuffix(")") {
      rest = rest.dropFirst().dropLast()
    } else if rest.contains("|") {
      return nil
    }
    let words = rest.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    let isPlain = words.allSatisfy { word in !word.isEmpty && word.allSatisfy { $0.isLetter || $0 == "_" } }
    return isPlain ? words : nil
  }

  /// One value for every target, from the common value and a pattern of exceptions.
  private static func uniform(
    _ top: FieldReader, pattern: String, targets: [LinearKind], common: Double, upTo limit: Double,
    refuse: (String) -> CheckpointError
  ) throws -> Double {
    guard let exceptions = try top.object(pattern), !exceptions.object.members.isEmpty else { return common }
    var values = Dictionary(uniqueKeysWithValues: targets.map { ($0, common) })
    var others: [Double] = []
    for (key, _) in exceptions.object.members {
      let value = try exceptions.positive(key, upTo: limit)
      if let kind = LinearKind(rawValue: key) {
        if values[kind] != nil { values[kind] = value }
      } else {
        others.append(value)
      }
    }
    let distinct = Set(values.values).union(others)
    guard distinct.count == 1, let value = distinct.first else { throw refuse("different values in \(pattern)") }
    return value
  }

  /// The file's text, with the fields of PEFT's own files that any version since 0.6 reads.
  func text() -> String {
    let object = JSONObject([
      ("alpha_pattern", .object(JSONObject())), ("auto_mapping", .null),
      ("base_model_name_or_path", baseModelName.map { .string($0) } ?? .null), ("bias", .string("none")),
      ("fan_in_fan_out", .bool(false)), ("inference_mode", .bool(true)), ("init_lora_weights", .bool(true)),
      ("layers_pattern", .null), ("layers_to_transform", .null), ("lora_alpha", .number(lora.alpha)),
      ("lora_dropout", .number(lora.dropout)), ("modules_to_save", .null), ("peft_type", .string("LORA")),
      ("peft_version", .null), ("r", .integer(lora.rank)), ("rank_pattern", .object(JSONObject())),
      ("revision", .null), ("target_modules", .array(lora.targetModules.map { .string($0.rawValue) })),
      ("task_type", .string("CAUSAL_LM")), ("use_dora", .bool(false)), ("use_rslora", .bool(lora.useRSLoRA)),
    ])
    return JSONValue.object(object).indentedText + "\n"
  }
}

extension JSONValue {
  /// Whether, as an option's value, it switches the option off.
  fileprivate var isOff: Bool {
    switch self {
    case .null, .bool(false): true
    case .array(let values): values.isEmpty
    case .object(let object): object.members.isEmpty
    default: false
    }
  }
}
