import JSON

/// PEFT's `adapter_config.json`, in and out.
///
/// Every field that changes what the adapter computes is honoured or refused; a field that this program has never heard
/// of is refused too, unless its value switches it off.
struct AdapterConfiguration: Equatable {
  var lora: LoRAConfiguration
  /// `base_model_name_or_path`.
  let baseModelName: String?
  /// What the adapter makes of its model; nil where the file does not say it.
  var task: AdapterTask?

  static let fileName = "adapter_config.json"
  static let maximumRank = 1 << 14
  private static let maximumAlpha = 1e6
  private static let maximumLayer = 1 << 20
  private static let mostPatterns = 1 << 14

  /// Fields without influence on a finished adapter: provenance, or the initialisation of A and B.
  private static let neutral: Set = [
    "auto_mapping", "base_model_name_or_path", "corda_config", "ensure_weight_tying", "eva_config", "inference_mode",
    "layers_pattern", "loftq_config", "lora_ga_config", "megatron_core", "peft_version", "qalora_group_size",
    "revision", "runtime_config",
  ]
  private static let handled: Set = [
    "alpha_pattern", "bias", "exclude_modules", "init_lora_weights", "layers_to_transform", "lora_alpha",
    "lora_dropout", "modules_to_save", "peft_type", "r", "rank_pattern", "target_modules", "task_type", "use_dora",
    "use_rslora",
  ]
  /// Fields that must be off (absent, null, false or empty), and what they ask for.
  private static let refused: [String: String] = [
    "alora_invocation_tokens": "an activated LoRA (alora_invocation_tokens)",
    "fan_in_fan_out": "transposed base weights (fan_in_fan_out)",
    "layer_replication": "replicated layers (layer_replication)",
    "lora_bias": "a bias inside the adapter (lora_bias)",
    "target_parameters": "adapters on bare parameters (target_parameters)",
    "trainable_token_indices": "trained token embeddings (trainable_token_indices)",
    "use_qalora": "QALoRA (use_qalora)",
  ]
  private static let supported = "LoRA and DoRA on the linear maps of the layers"

  // MARK: In

  static func decode(json: [UInt8], file: String) throws -> AdapterConfiguration {
    let top = FieldReader(object: try JSONObject(parsing: json, file: file), file: file)
    guard let type = try top.string("peft_type") else { throw top.invalid("peft_type", allowed: "\"LORA\"") }
    guard type == "LORA" else {
      throw top.unsupported("the adapter type \(CheckpointError.quoted(type))", supported: supported)
    }
    let task = try task(top)
    try refuseUnsupported(top)
    let dropout = top.value("lora_dropout")?.number ?? 0
    guard top.value("lora_dropout")?.number != nil || top.value("lora_dropout") == nil, dropout >= 0, dropout < 1 else {
      throw top.invalid("lora_dropout", allowed: "a number from 0 to below 1")
    }
    var lora = LoRAConfiguration(
      rank: try top.integer("r", 1...maximumRank, default: 8),
      alpha: try top.positive("lora_alpha", upTo: maximumAlpha, default: 8), targets: try targets(top),
      useRSLoRA: try top.bool("use_rslora", default: false), dropout: dropout)
    lora.excluded = try selection(top, "exclude_modules")
    lora.layers = try layers(top, targets: lora.targets)
    lora.rankPattern = try patternValues(top, "rank_pattern") { try $0.integer($1, 1...maximumRank) }
    lora.alphaPattern = try patternValues(top, "alpha_pattern") { try $0.positive($1, upTo: maximumAlpha) }
    lora.usesDoRA = try top.bool("use_dora", default: false)
    return AdapterConfiguration(
      lora: lora, baseModelName: try top.string("base_model_name_or_path"), task: task)
  }

  private static func task(_ top: FieldReader) throws -> AdapterTask? {
    guard let name = try top.string("task_type") else { return nil }
    guard let task = AdapterTask(rawValue: name) else {
      throw top.unsupported(
        "the task \(CheckpointError.quoted(name))",
        supported: AdapterTask.allCases.map(\.rawValue).joined(separator: " and "))
    }
    return task
  }

  private static func refuseUnsupported(_ top: FieldReader) throws {
    func refuse(_ feature: String, supported: String = supported) -> CheckpointError {
      top.unsupported(feature, supported: supported)
    }
    if let bias = try top.string("bias"), bias != "none" {
      throw refuse("trained biases (bias: \(CheckpointError.quoted(bias)))")
    }
    for (key, value) in top.object.members where !value.isOff && !neutral.contains(key) && !handled.contains(key) {
      throw refuse(refused[key] ?? "the adapter option \(CheckpointError.quoted(key))")
    }
    if let saved = try top.strings("modules_to_save")?.first(where: { !AdapterTask.headNames.contains($0) }) {
      throw refuse(
        "fully trained modules beside the adapter (modules_to_save: \(CheckpointError.quoted(saved)))",
        supported: supported + ", and the score of a reward model")
    }
    // These change the base weights when training starts, so the adapter fits no other base.
    switch top.value("init_lora_weights") {
    case nil, .bool: break
    case .string(let name) where ["gaussian", "eva", "orthogonal"].contains(name): break
    case .some(let value):
      throw refuse(
        "an adapter that starts from changed base weights (init_lora_weights: \(value.brief))",
        supported: "what PEFT makes of it for the unchanged base, by save_pretrained with "
          + "path_initial_model_for_weight_conversion")
    }
  }

  private static func targets(_ top: FieldReader) throws -> ModuleSelection {
    guard let targets = try selection(top, "target_modules") else {
      throw top.invalid(
        "target_modules", allowed: "a list such as [\"q_proj\", \"v_proj\"], \"all-linear\", or a regular expression")
    }
    if case .names(let names) = targets,
      let other = names.first(where: { ["lm_head", "embed_tokens"].contains($0.split(separator: ".").last) })
    {
      throw top.unsupported("an adapter on \(CheckpointError.quoted(other))", supported: supported)
    }
    return targets
  }

  /// Names, "all-linear" or a regular expression; nil where the key is absent or its list empty.
  private static func selection(_ top: FieldReader, _ key: String) throws -> ModuleSelection? {
    if let text = top.value(key)?.string {
      return text.lowercased() == "all-linear" && key == "target_modules"
        ? .allLinear : text.isEmpty ? nil : .pattern(try pattern(text, top, key))
    }
    return try top.strings(key).flatMap { $0.isEmpty ? nil : .names($0) }
  }

  private static func layers(_ top: FieldReader, targets: ModuleSelection) throws -> LayerSelection? {
    let layers = try top.integers("layers_to_transform", 0...maximumLayer)
    guard !layers.isEmpty else { return nil }
    guard case .names = targets else {
      throw top.invalid("layers_to_transform", allowed: "absent where target_modules is not a list")
    }
    let patterns = try top.value("layers_pattern")?.string.map { [$0] } ?? top.strings("layers_pattern") ?? []
    do {
      return try LayerSelection(layers, patterns: patterns.filter { !$0.isEmpty })
    } catch {
      throw unusable(patterns.joined(separator: ", "), top, "layers_pattern", error)
    }
  }

  private static func patternValues<Value>(
    _ top: FieldReader, _ key: String, _ read: (FieldReader, String) throws -> Value
  ) throws -> [PatternValue<Value>] {
    guard let exceptions = try top.object(key) else { return [] }
    guard exceptions.object.members.count <= mostPatterns else {
      throw top.unsupported("more than \(mostPatterns) entries in \(key)", supported: "fewer")
    }
    return try exceptions.object.keys.map { name in
      PatternValue(pattern: try pattern(name, top, key), value: try read(exceptions, name))
    }
  }

  private static func pattern(_ text: String, _ top: FieldReader, _ key: String) throws -> NamePattern {
    do {
      return try NamePattern(text)
    } catch {
      throw unusable(text, top, key, error)
    }
  }

  private static func unusable(
    _ text: String, _ top: FieldReader, _ key: String, _ problem: NamePattern.Problem
  ) -> CheckpointError {
    top.unsupported(
      "the regular expression \(CheckpointError.quoted(text)) in \(key) (\(problem.reason))",
      supported: "lists of module names, and plain regular expressions")
  }

  // MARK: Out

  /// The file's text, with the fields of PEFT's own files that any version since 0.6 reads.
  /// - Parameter moduleNames: what "all-linear" stands for in the model that the adapter belongs to.
  func text(moduleNames: [String] = []) -> String {
    var members: [(key: String, value: JSONValue)] = [
      ("alpha_pattern", .object(JSONObject(lora.alphaPattern.map { ($0.pattern.text, .number($0.value)) }))),
      ("auto_mapping", .null), ("base_model_name_or_path", baseModelName.map { .string($0) } ?? .null),
      ("bias", .string("none")),
    ]
    // Known to PEFT since 0.14; where it says nothing, older versions read the file too.
    if let excluded = lora.excluded { members.append(("exclude_modules", excluded.json(all: moduleNames))) }
    members += [
      ("fan_in_fan_out", .bool(false)), ("inference_mode", .bool(true)), ("init_lora_weights", .bool(true)),
      ("layers_pattern", strings(lora.layers?.patterns ?? [])),
      ("layers_to_transform", lora.layers.map { .array($0.layers.map { .integer($0) }) } ?? .null),
      ("lora_alpha", .number(lora.alpha)), ("lora_dropout", .number(lora.dropout)),
      ("modules_to_save", strings(task == .sequenceClassification ? AdapterTask.headNames : [])),
      ("peft_type", .string("LORA")), ("peft_version", .null), ("r", .integer(lora.rank)),
      ("rank_pattern", .object(JSONObject(lora.rankPattern.map { ($0.pattern.text, .integer($0.value)) }))),
      ("revision", .null), ("target_modules", lora.targets.json(all: moduleNames)),
      ("task_type", .string((task ?? .causalLanguageModel).rawValue)), ("use_dora", .bool(lora.usesDoRA)),
      ("use_rslora", .bool(lora.useRSLoRA)),
    ]
    return JSONValue.object(JSONObject(members)).indentedText + "\n"
  }

  private func strings(_ values: [String]) -> JSONValue { values.isEmpty ? .null : .array(values.map { .string($0) }) }
}

/// PEFT's `task_type`: what an adapter makes of its model.
public enum AdapterTask: String, Sendable, CaseIterable {
  case causalLanguageModel = "CAUSAL_LM"
  /// A score of a whole sequence in place of a next token: a reward model.
  case sequenceClassification = "SEQ_CLS"

  /// What PEFT trains in full beside an adapter of `sequenceClassification`, whichever of them the model has.
  static let headNames = ["classifier", "score"]
}

extension ModuleSelection {
  fileprivate func json(all names: [String]) -> JSONValue {
    switch self {
    case .allLinear: .array(names.map { .string($0) })
    case .names(let names): .array(names.map { .string($0) })
    case .pattern(let pattern): .string(pattern.text)
    }
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
