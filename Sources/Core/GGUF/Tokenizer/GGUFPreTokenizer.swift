import JSON

/// How a byte-level vocabulary's text is cut into words before merging, from `tokenizer.ggml.pre`: the components of the
/// tokenizer.json from which llama.cpp's converter took that name.
struct GGUFPreTokenizer {
  /// Regular expressions that cut one after the other; the last is GPT-2's own where `usesGPT2` is set.
  var patterns: [String] = []
  /// Cut every digit off first.
  var separatesDigits = false
  /// End with GPT-2's pattern.
  var usesGPT2 = false
  /// Bring text into NFC first.
  var normalizesNFC = false
  /// A word that is a token is that token, whatever the merges would make of it.
  var ignoresMerges = false
  /// Whether llama.cpp puts a start token before a text where the file says nothing.
  var addsBOS = false

  // MARK: By name

  private static let letters = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
  private static let rest = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let llama3 = letters + #"\p{N}{1,3}"# + rest
  private static let qwen2 = letters + #"\p{N}"# + rest
  private static let tekken: String = {
    let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
    let lead = #"[^\r\n\p{L}\p{N}]?"#
    return lead + upper + "*" + lower + "+|" + lead + upper + "+" + lower + "*"
      + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }()
  /// What llama.cpp does with files that name nothing: punctuation, GPT-2's words, numbers, digits by threes.
  private static let unnamed = [
    #"[\p{P}\$\+<=>\^~\|]+"#,
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#, #"\p{N}+"#, "[0-9][0-9][0-9]",
  ]

  static let names = [
    "default", "deepseek-r1-qwen", "dbrx", "falcon3", "gpt-2", "llama-bpe", "llama-v3", "llama3", "pixtral", "qwen2",
    "refact", "smaug-bpe", "smollm", "starcoder", "tekken",
  ]

  /// - Parameter name: nil where the file has none.
  init?(named name: String?) {
    switch name {
    case nil, "default": patterns = Self.unnamed
    case "llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral":
      patterns = [Self.llama3]
      ignoresMerges = true
      addsBOS = true
    case "dbrx", "smaug-bpe": patterns = [Self.llama3]
    case "qwen2", "deepseek-r1-qwen":
      patterns = [Self.qwen2]
      normalizesNFC = true
    case "tekken":
      patterns = [Self.tekken]
      ignoresMerges = true
      addsBOS = true
    case "smollm", "starcoder", "refact":
      separatesDigits = true
      usesGPT2 = true
    case "gpt-2": usesGPT2 = true
    default: return nil
    }
  }

  // MARK: As in tokenizer.json

  var json: JSONValue {
    var steps: [JSONValue] = []
    if separatesDigits {
      steps.append(.object(JSONObject([("type", .string("Digits")), ("individual_digits", .bool(true))])))
    }
    steps += patterns.map { pattern in
      .object(
        JSONObject([
          ("type", .string("Split")), ("pattern", .object(JSONObject([("Regex", .string(pattern))]))),
          ("behavior", .string("Isolated")), ("invert", .bool(false)),
        ]))
    }
    steps.append(Self.byteLevel(prefix: false, regex: usesGPT2))
    return .object(JSONObject([("type", .string("Sequence")), ("pretokenizers", .array(steps))]))
  }

  static func byteLevel(prefix: Bool, regex: Bool) -> JSONValue {
    .object(
      JSONObject([
        ("type", .string("ByteLevel")), ("add_prefix_space", .bool(prefix)), ("trim_offsets", .bool(true)),
        ("use_regex", .bool(regex)),
      ]))
  }
}
