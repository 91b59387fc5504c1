import Foundation
import JSON

/// The content of a tokenizer.json (HF tokenizers): the BPE model's tables and options, and the other components as
/// they are written. `truncation` and `padding` are left out, as transformers overrides both.
struct TokenizerFile {
  struct AddedToken: Equatable {
    var id: Int32
    var content: String
    var isSpecial = false
    var isSingleWord = false
    var stripsLeft = false
    var stripsRight = false
    var isNormalized = false
  }

  let name: String
  var vocabulary = Vocabulary()
  var merges = MergeTable()
  var unknownToken: String?
  var fusesUnknown = false
  var byteFallback = false
  var ignoresMerges = false
  /// Whether a merge makes a token with `▁` behind another character; see `BytePairModel.wordBoundary`.
  var mergesAcrossMetaspace = false
  var addedTokens: [AddedToken] = []
  var normalizer: JSONValue?
  var preTokenizer: JSONValue?
  var postProcessor: JSONValue?
  var decoder: JSONValue?

  init(json: Data, name: String) throws {
    self.name = name
    try TokenizerJSON.read([UInt8](json), file: name) { reader in try read(&reader) }
  }

  private mutating func read(_ reader: inout JSONReader) throws {
    let name = name
    var model: [String: Int]?
    var components = JSONObject()
    try reader.readObject { reader, key in
      let key = String(decoding: key, as: UTF8.self)
      if key == "model" {
        model = try Self.offsets(&reader, name)
      } else {
        components.set(key, try reader.readValue())
      }
    }
    try reader.readEnd()
    guard let model else { throw invalid("there is no \"model\"") }
    try readModel(&reader, model)
    addedTokens = try readAddedTokens(components.nonNull("added_tokens"))
    normalizer = components.nonNull("normalizer")
    preTokenizer = components.nonNull("pre_tokenizer")
    postProcessor = components.nonNull("post_processor")
    decoder = components.nonNull("decoder")
  }

  func invalid(_ problem: String) -> TokenizerError { .invalid(file: name, problem: problem) }

  /// Where the value of each key of the next object begins. Its values may depend on each other in any order.
  private static func offsets(_ reader: inout JSONReader, _ name: String) throws -> [String: Int] {
    guard try reader.peek() == UInt8(ascii: "{") else {
      throw TokenizerError.invalid(file: name, problem: "\"model\" is not an object")
    }
    var offsets: [String: Int] = [:]
    try reader.readObject { reader, key in
      _ = try reader.peek()
      offsets[String(decoding: key, as: UTF8.self)] = reader.position
      try reader.skipValue()
    }
    return offsets
  }

  // MARK: The model

  private mutating func readModel(_ reader: inout JSONReader, _ offsets: [String: Int]) throws {
    func value(_ key: String) throws -> JSONValue? {
      guard let offset = offsets[key] else { return nil }
      reader.position = offset
      let value = try reader.readValue()
      return value.isNull ? nil : value
    }
    // Files of HF tokenizers before 0.9 name no type; theirs is BPE where they have merges.
    let type = try value("type")
    if type?.string != "BPE", type != nil || offsets["merges"] == nil {
      throw TokenizerError.unsupported(
        file: name, component: "a model", type: type?.string ?? "unknown", supported: ["BPE"])
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard let affix = try value(key) else { continue }
      guard affix.string == "" else { throw invalid("the BPE model's \(key) is not supported") }
    }
    if let dropout = try value("dropout"), dropout.number != 0 {
      throw invalid("the BPE model's dropout is not supported, because the same text must always give the same ids")
    }
    func flag(_ key: String) throws -> Bool {
      guard let flag = try value(key) else { return false }
      guard let flag = flag.bool else { throw invalid("the BPE model's \(key) is neither true nor false") }
      return flag
    }
    fusesUnknown = try flag("fuse_unk")
    byteFallback = try flag("byte_fallback")
    ignoresMerges = try flag("ignore_merges")
    if let unknown = try value("unk_token") {
      guard let token = unknown.string else { throw invalid("the BPE model's unk_token is not a string") }
      unknownToken = token
    }
    guard let vocabulary = offsets["vocab"], let merges = offsets["merges"] else {
      throw invalid("the BPE model lacks \"\(offsets["vocab"] == nil ? "vocab" : "merges")\"")
    }
    reader.position = vocabulary
    try readVocabulary(&reader)
    reader.position = merges
    try readMerges(&reader)
  }

  private mutating func readVocabulary(_ reader: inout JSONReader) throws {
    guard try reader.peek() == UInt8(ascii: "{") else { throw invalid("the BPE model's vocab is not an object") }
    var vocabulary = Vocabulary()
    let name = name
    try reader.readObject { reader, token in
      guard let id = try reader.readValue().integer, id >= 0, id <= Int(Int32.max) else {
        throw TokenizerError.invalid(file: name, problem: "the vocabulary's id of \(quoted(token)) is not a token id")
      }
      vocabulary.add(token, id: Int32(id))
    }
    if let problem = vocabulary.index() { throw invalid(problem) }
    self.vocabulary = vocabulary
  }

  private mutating func readMerges(_ reader: inout JSONReader) throws {
    guard try reader.peek() == UInt8(ascii: "[") else { throw invalid("the BPE model's merges are not a list") }
    let name = name
    let vocabulary = vocabulary
    var merges = MergeTable()
    var crosses = false
    var rank: UInt32 = 0
    var text: [UInt8] = []
    try reader.readArray { reader in
      text.removeAll(keepingCapacity: true)
      guard let split = try Self.readMerge(&reader, into: &text) else {
        if text.starts(with: "#version".utf8) { return }  // The first line of a merges.txt.
        throw TokenizerError.invalid(file: name, problem: "merge \(rank) is not a pair of tokens")
      }
      guard let left = vocabulary.id(text, 0..<split), let right = vocabulary.id(text, split..<text.count),
        let merged = vocabulary.id(text)
      else {
        throw TokenizerError.invalid(
          file: name,
          problem: "merge \(rank), \(quoted(text[..<split])) with \(quoted(text[split...])), is not in the vocabulary")
      }
      let left3 = text[..<split].suffix(3)
      crosses = crosses || text[split...].starts(with: metaspace) && !left3.elementsEqual(metaspace)
      merges.add(left, right, rank: rank, id: merged)
      rank += 1
    }
    self.merges = merges
    mergesAcrossMetaspace = crosses
  }

  /// Reads a merge, written "left right" or ["left", "right"], as both texts joined, and returns where the right one
  /// starts; nil where it is not such a pair.
  private static func readMerge(_ reader: inout JSONReader, into text: inout [UInt8]) throws -> Int? {
    switch try reader.peek() {
    case UInt8(ascii: "\""):
      try reader.readString(into: &text)
      guard !text.starts(with: "#version".utf8), let space = text.firstIndex(of: 0x20),
        !text[(space + 1)...].contains(0x20)
      else { return nil }
      text.remove(at: space)
      return space
    case UInt8(ascii: "["):
      var ends: [Int] = []
      var isPair = true
      try reader.readArray { reader in
        guard isPair, ends.count < 2, try reader.peek() == UInt8(ascii: "\"") else {
          isPair = false
          return try reader.skipValue()
        }
        try reader.readString(into: &text)
        ends.append(text.count)
      }
      return isPair && ends.count == 2 ? ends[0] : nil
    default: return nil
    }
  }

  // MARK: Added tokens

  private func readAddedTokens(_ value: JSONValue?) throws -> [AddedToken] {
    guard let value else { return [] }
    guard let list = value.array else { throw invalid("\"added_tokens\" is not a list") }
    return try list.map { item in
      guard let content = item.object?["content"]?.string, let id = item.object?["id"]?.integer,
        id >= 0, id <= Int(Int32.max)
      else { throw invalid("an entry of \"added_tokens\" lacks a content or a valid id") }
      func flag(_ key: String) -> Bool { item.object?[key]?.bool ?? false }
      return AddedToken(
        id: Int32(id), content: content, isSpecial: flag("special"), isSingleWord: flag("single_word"),
        stripsLeft: flag("lstrip"), stripsRight: flag("rstrip"), isNormalized: flag("normalized"))
    }
  }
}

/// U+2581 in UTF-8, which SentencePiece writes for a space.
let metaspace: [UInt8] = [0xE2, 0x96, 0x81]
