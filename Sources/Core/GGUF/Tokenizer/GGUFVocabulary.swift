import Checkpoint
import JSON

/// What llama.cpp says of a token.
enum GGUFTokenType: Int {
  case normal = 1
  case unknown = 2
  case control = 3
  case userDefined = 4
  case unused = 5
  case byte = 6
}

/// Token ids with a meaning of their own; nil where the file names none.
struct GGUFSpecialTokens: Equatable {
  var bos: Int?
  var eos: Int?
  var padding: Int?
  var unknown: Int?
  /// Everything that ends a turn, each once, `eos` first.
  var ends: [Int] = []
}

/// The vocabulary of a GGUF file: every token's bytes, kind and score, by id.
struct GGUFVocabulary {
  let file: GGUFFile
  let tokens: [[UInt8]]
  /// One a token.
  let types: [GGUFTokenType]
  /// One a token, or none: byte-level vocabularies have no scores.
  let scores: [Double]
  private let fields: FieldReader

  /// Control tokens that end a turn by convention; llama.cpp stops at them whatever the file's keys say.
  private static let turnEnds: Set = [
    "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
  ]

  /// - Throws: `CheckpointError` where there is no vocabulary, or its lists disagree.
  init(_ file: GGUFFile) throws {
    guard let list = file.arrays["tokenizer.ggml.tokens"], list.count > 0 else {
      throw CheckpointError.unsupported(
        file: file.path, feature: "a GGUF file without a tokenizer (tokenizer.ggml.tokens)",
        supported: "whole models, with their tokenizer")
    }
    self.file = file
    fields = FieldReader.top(file.scalars, file: file.path)
    tokens = try list.strings()
    guard tokens.allSatisfy({ String(validating: $0, as: UTF8.self) != nil }) else {
      throw CheckpointError.malformed(file: file.path, problem: "a token of its vocabulary is not UTF-8")
    }
    let count = tokens.count
    func numbers(_ key: String) throws -> [Double]? {
      guard let list = file.arrays[key] else { return nil }
      guard list.count == count else {
        throw CheckpointError.malformed(file: file.path, problem: "\(key) has \(list.count) values for \(count) tokens")
      }
      return try list.numbers()
    }
    types =
      try numbers("tokenizer.ggml.token_type")?.map { Int(exactly: $0).flatMap(GGUFTokenType.init) ?? .normal }
      ?? Array(repeating: .normal, count: count)
    scores = try numbers("tokenizer.ggml.scores") ?? []
  }

  func flag(_ key: String) throws -> Bool? {
    fields.value("tokenizer.ggml.\(key)") == nil ? nil : try fields.bool("tokenizer.ggml.\(key)", default: false)
  }

  func text(_ key: String) throws -> String? { try fields.string("tokenizer.\(key)") }

  func text(of id: Int) -> String { String(decoding: tokens[id], as: UTF8.self) }

  /// Rows that only fill the embedding matrix up: the converter invents `[PAD123]` for ids without a token, or leaves
  /// the text empty.
  func isFiller(_ id: Int) -> Bool {
    tokens[id].isEmpty || types[id] == .unused && tokens[id].elementsEqual("[PAD\(id)]".utf8)
  }

  func specialTokens() throws -> GGUFSpecialTokens {
    // Older files say -1, as an unsigned number, for none.
    func id(_ name: String) throws -> Int? {
      let key = "tokenizer.ggml.\(name)_token_id"
      guard let value = fields.value(key)?.wholeNumber, value != -1, value != Int(UInt32.max) else { return nil }
      return try fields.integer(key, 0...tokens.count - 1)
    }
    var result = GGUFSpecialTokens(
      bos: try id("bos"), eos: try id("eos"), padding: try id("padding"), unknown: try id("unknown"))
    let named = try [result.eos, id("eot"), id("eom")].compactMap { $0 }
    let conventional = tokens.indices.filter {
      types[$0] == .control && tokens[$0].first == UInt8(ascii: "<") && Self.turnEnds.contains(text(of: $0))
    }
    for id in named + conventional where !result.ends.contains(id) { result.ends.append(id) }
    return result
  }
}
