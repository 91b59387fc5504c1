import Checkpoint
import JSON

/// The tokenizer files of a Hugging Face folder, from the vocabulary in a GGUF file: `tokenizer.json` gives the ids that
/// the original tokenizer gave.
struct GGUFTokenizer {
  let vocabulary: GGUFVocabulary
  let special: GGUFSpecialTokens
  /// A sentence for the user, where the file leaves open how text is cut.
  private(set) var warning: String?
  private let isByteLevel: Bool
  private let preTokenizer: GGUFPreTokenizer?
  private let isGemma: Bool
  private let addsBOS: Bool
  private let addsEOS: Bool
  private let addsSpacePrefix: Bool

  static let metaspace = "\u{2581}"

  /// - Throws: `CheckpointError` for a kind of tokenizer that cannot be rebuilt.
  init(_ vocabulary: GGUFVocabulary, family: GGUFFamily) throws {
    self.vocabulary = vocabulary
    special = try vocabulary.specialTokens()
    isGemma = family.isGemma
    let path = vocabulary.file.path
    let model = try vocabulary.text("ggml.model")
    switch model {
    case "gpt2":
      let name = try vocabulary.text("ggml.pre")
      guard let found = GGUFPreTokenizer(named: name) else {
        throw CheckpointError.unsupported(
          file: path, feature: "the pre-tokenizer \(CheckpointError.quoted(name ?? "")) (tokenizer.ggml.pre)",
          supported: GGUFPreTokenizer.names.joined(separator: ", ")
            + "; the original model's Hugging Face folder has its tokenizer")
      }
      if name == nil || name == "default" {
        warning =
          "\(path) does not say how its tokenizer cuts text into words (tokenizer.ggml.pre); llama.cpp's default is used, "
          + "and token ids may differ from those that the model was trained with"
      }
      preTokenizer = found
      isByteLevel = true
    case "llama":
      guard vocabulary.scores.count == vocabulary.tokens.count else {
        throw CheckpointError.malformed(file: path, problem: "its tokenizer has no scores (tokenizer.ggml.scores)")
      }
      preTokenizer = nil
      isByteLevel = false
    default:
      throw CheckpointError.unsupported(
        file: path, feature: "the tokenizer model \(CheckpointError.quoted(model ?? "")) (tokenizer.ggml.model)",
        supported: "gpt2 (byte-level BPE) and llama (SentencePiece BPE)")
    }
    addsBOS = try vocabulary.flag("add_bos_token") ?? preTokenizer?.addsBOS ?? true
    addsEOS = try vocabulary.flag("add_eos_token") ?? false
    addsSpacePrefix = try vocabulary.flag("add_space_prefix") ?? !family.isGemma
    for (adds, id, name) in [(addsBOS, special.bos, "bos"), (addsEOS, special.eos, "eos")] where adds && id == nil {
      throw CheckpointError.invalidValue(
        file: path, key: "tokenizer.ggml.\(name)_token_id", value: "absent", allowed: "a token's id")
    }
  }

  // MARK: tokenizer.json

  func json() throws -> JSONObject {
    let texts = respelled()
    var model = JSONObject([
      ("type", .string("BPE")), ("dropout", .null),
      ("unk_token", isByteLevel ? .null : special.unknown.map { .string(text(texts[$0])) } ?? .null),
      ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null), ("fuse_unk", .bool(!isByteLevel)),
      ("byte_fallback", .bool(!isByteLevel)), ("ignore_merges", .bool(preTokenizer?.ignoresMerges ?? false)),
    ])
    model.set("vocab", .object(try vocabularyObject(texts)))
    model.set("merges", .array(isByteLevel ? try statedMerges() : rebuiltMerges(texts)))
    return JSONObject([
      ("version", .string("1.0")), ("truncation", .null), ("padding", .null), ("added_tokens", .array(added(texts))),
      ("normalizer", normalizer), ("pre_tokenizer", preTokenizerJSON), ("post_processor", try postProcessor(texts)),
      ("decoder", decoder), ("model", .object(model)),
    ])
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// llama.cpp's converter writes the spaces of user-defined SentencePiece tokens as spaces; the original has `▁`.
  private func respelled() -> [[UInt8]] {
    guard !isByteLevel else { return vocabulary.tokens }
    return zip(vocabulary.tokens, vocabulary.types).map { token, type in
      guard type == .userDefined, token.contains(0x20) else { return token }
      return token.flatMap { $0 == 0x20 ? Array(Self.metaspace.utf8) : [$0] }
    }
  }

  private func vocabularyObject(_ texts: [[UInt8]]) throws -> JSONObject {
    var object = JSONObject()
    for (id, token) in texts.enumerated() where !vocabulary.isFiller(id) {
      guard object.insert(text(token), .integer(id)) else {
        throw CheckpointError.malformed(
          file: vocabulary.file.path, problem: "the token \(CheckpointError.quoted(text(token))) is there twice")
      }
    }
    return object
  }

  /// Tokens that are found in a text before anything else: control tokens, which are special, and user-defined ones.
  private func added(_ texts: [[UInt8]]) -> [JSONValue] {
    texts.indices.compactMap { id in
      let type = vocabulary.types[id]
      let isSpecial = type == .control || id == special.unknown && type == .unknown
      guard isSpecial || type == .userDefined, !texts[id].isEmpty else { return nil }
      return .object(
        JSONObject([
          ("id", .integer(id)), ("content", .string(text(texts[id]))), ("single_word", .bool(false)),
          ("lstrip", .bool(false)), ("rstrip", .bool(false)), ("normalized", .bool(false)),
          ("special", .bool(isSpecial)),
        ]))
    }
  }

  /// Byte-level vocabularies keep their merges, as "left right".
  private func statedMerges() throws -> [JSONValue] {
    guard let list = try vocabulary.file.arrays["tokenizer.ggml.merges"]?.strings() else {
      throw CheckpointError.malformed(
        file: vocabulary.file.path, problem: "its tokenizer has no merges (tokenizer.ggml.merges)")
    }
    return try list.map { merge in
      guard let space = merge.dropFirst().firstIndex(of: 0x20), space + 1 < merge.count else {
        throw CheckpointError.malformed(
          file: vocabulary.file.path, problem: "the merge \(CheckpointError.quoted(text(merge))) is not a pair")
      }
      return .array([.string(text(Array(merge[..<space]))), .string(text(Array(merge[(space + 1)...])))])
    }
  }

  /// Gemma's scores do not follow the order of its merges; the order of its tokens does.
  private func rebuiltMerges(_ texts: [[UInt8]]) -> [JSONValue] {
    let scores = isGemma ? texts.indices.map { -Double($0) } : vocabulary.scores
    return SentencePieceMerges(tokens: texts, scores: scores).pairs.map { left, right in
      .array([.string(text(texts[left])), .string(text(texts[right]))])
    }
  }

  // MARK: Components

  private func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(JSONObject(members.map { (key: $0.0, value: $0.1) }))
  }

  private func replace(_ pattern: String, _ content: String) -> JSONValue {
    object([
      ("type", .string("Replace")), ("pattern", object([("String", .string(pattern))])),
      ("content", .string(content)),
    ])
  }

  private var normalizer: JSONValue {
    if isByteLevel { return preTokenizer?.normalizesNFC == true ? object([("type", .string("NFC"))]) : .null }
    let spaces = replace(" ", Self.metaspace)
    guard addsSpacePrefix else { return spaces }
    let prefix = object([("type", .string("Prepend")), ("prepend", .string(Self.metaspace))])
    return object([("type", .string("Sequence")), ("normalizers", .array([prefix, spaces]))])
  }

  private var preTokenizerJSON: JSONValue {
    if let preTokenizer { return preTokenizer.json }
    guard isGemma else { return .null }
    return object([
      ("type", .string("Split")), ("pattern", object([("String", .string(" "))])),
      ("behavior", .string("MergedWithPrevious")), ("invert", .bool(false)),
    ])
  }

  private var decoder: JSONValue {
    if isByteLevel { return GGUFPreTokenizer.byteLevel(prefix: true, regex: true) }
    var steps = [
      replace(Self.metaspace, " "), object([("type", .string("ByteFallback"))]), object([("type", .string("Fuse"))]),
    ]
    if addsSpacePrefix {
      steps.append(
        object([
          ("type", .string("Strip")), ("content", .string(" ")), ("start", .integer(1)), ("stop", .integer(0)),
        ]))
    }
    return object([("type", .string("Sequence")), ("decoders", .array(steps))])
  }

  private func postProcessor(_ texts: [[UInt8]]) throws -> JSONValue {
    let before = addsBOS ? special.bos.map { [$0] } ?? [] : []
    let after = addsEOS ? special.eos.map { [$0] } ?? [] : []
    guard !before.isEmpty || !after.isEmpty else { return .null }
    func piece(_ id: Int, _ type: Int) -> JSONValue {
      object([("SpecialToken", object([("id", .string(text(texts[id]))), ("type_id", .integer(type))]))])
    }
    func sequence(_ name: String, _ type: Int) -> [JSONValue] {
      before.map { piece($0, type) }
        + [object([("Sequence", object([("id", .string(name)), ("type_id", .integer(type))]))])]
        + after.map { piece($0, type) }
    }
    let tokens = Set(before + after).sorted().map { id -> (String, JSONValue) in
      let name = text(texts[id])
      return (
        name,
        object([
          ("id", .string(name)), ("ids", .array([.integer(id)])), ("tokens", .array([.string(name)])),
        ])
      )
    }
    return object([
      ("type", .string("TemplateProcessing")), ("single", .array(sequence("A", 0))),
      ("pair", .array(sequence("A", 0) + sequence("B", 1))), ("special_tokens", object(tokens)),
    ])
  }

  // MARK: The other files

  /// `tokenizer_config.json`: special tokens and the chat template.
  func configuration() throws -> JSONObject {
    let texts = respelled()
    var config = JSONObject([
      ("tokenizer_class", .string("PreTrainedTokenizerFast")), ("add_bos_token", .bool(addsBOS)),
      ("add_eos_token", .bool(addsEOS)), ("clean_up_tokenization_spaces", .bool(false)),
    ])
    for (key, id) in [
      ("bos_token", special.bos), ("eos_token", special.eos), ("pad_token", special.padding),
      ("unk_token", special.unknown),
    ] {
      config.set(key, id.map { .string(text(texts[$0])) } ?? .null)
    }
    if let template = try vocabulary.text("chat_template") { config.set("chat_template", .string(template)) }
    return config
  }

  /// `generation_config.json`.
  var generation: JSONObject {
    JSONObject([
      ("bos_token_id", special.bos.map { .integer($0) } ?? .null),
      (
        "eos_token_id",
        special.ends.count == 1
          ? .integer(special.ends[0]) : special.ends.isEmpty ? .null : .array(special.ends.map { .integer($0) })
      ), ("pad_token_id", special.padding.map { .integer($0) } ?? .null),
    ])
  }
}
