import Foundation
import JSON
import TestSupport
import Testing

@testable import Text

/// A broken or hostile tokenizer.json is refused or works; it never crashes or hangs.
@Suite struct TokenizerFuzzTests {
  private static let texts = ["", "the end", "a\u{301}  <s>x</s> 12 漢字\n\n", String(repeating: "ab ▁", count: 200)]

  private func use(_ json: [UInt8]) {
    guard let tokenizer = try? Tokenizer(json: Data(json), file: "tokenizer.json") else { return }
    for text in Self.texts {
      let ids = tokenizer.encode(text, addSpecialTokens: true)
      _ = tokenizer.decode(ids, skipSpecialTokens: true)
    }
    _ = tokenizer.decode([0, -1, .max, .min, 5], skipSpecialTokens: false)
  }

  @Test(arguments: TokenizerFixtures.names) func mutatedFiles(name: String) throws {
    let original = [UInt8](try TokenizerFixtures.data("\(name).tokenizer.json"))
    var random = SplitMix(state: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
    // Most of the file is vocabulary; its head and tail hold the components.
    let head = original.prefix(1500).count
    for round in 0..<60 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let inHead = Bool.random(using: &random)
        let at = Int.random(in: 0..<(inHead ? min(head, bytes.count) : bytes.count), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(UInt8("{}[]\",:0123456789\\tfn".utf8.randomElement(using: &random) ?? 0), at: at)
        case 3: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...200, using: &random)))
        default:
          let end = min(bytes.count, at + Int.random(in: 0...200, using: &random))
          bytes.insert(contentsOf: Array(bytes[at..<end]), at: at)
        }
        if bytes.isEmpty { bytes = [0x7B] }
      }
      if round % 10 == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
      use(bytes)
    }
  }

  /// Components in every combination, with values of the wrong kind.
  @Test func shuffledComponents() throws {
    let components = try TokenizerFixtures.components()
    var random = SplitMix(state: 21)
    func configs(_ key: String) -> [JSONValue] {
      (components[key]?.array ?? []).compactMap { $0.object?["config"] }
    }
    let (normalizers, preTokenizers, decoders) = (configs("normalizers"), configs("preTokenizers"), configs("decoders"))
    func text(_ value: JSONValue) -> String {
      switch value {
      case _ where Int.random(in: 0..<40, using: &random) == 0:
        return ["null", "-1", "1e400", "[]", "{}", "\"\"", "true", "9223372036854775807"].randomElement(using: &random)
          ?? ""
      case .null: return "null"
      case .bool(let value): return "\(value)"
      case .integer(let value): return "\(value)"
      case .number(let value): return "\(value)"
      case .string(let value):
        return (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
      case .array(let values): return "[" + values.map(text).joined(separator: ",") + "]"
      case .object(let object):
        return "{" + object.keys.map { "\"\($0)\": \(text(object[$0] ?? .null))" }.joined(separator: ",") + "}"
      }
    }
    func sequence(_ key: String, _ all: [JSONValue]) -> String {
      let chosen = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in all.randomElement(using: &random) }
      return #"{"type": "Sequence", "\#(key)": [\#(chosen.map(text).joined(separator: ","))]}"#
    }
    for _ in 0..<300 {
      let json = TokenizerFixtures.file(
        vocabulary: ["a", "b", "▁", "Ġ", "ab", "<0x41>"], model: "\"byte_fallback\": \(Bool.random(using: &random)),",
        merges: "\"a b\"",
        rest: #""normalizer": \#(sequence("normalizers", normalizers)), "#
          + #""pre_tokenizer": \#(sequence("pretokenizers", preTokenizers)), "#
          + #""decoder": \#(sequence("decoders", decoders))"#)
      use(Array(json.utf8))
    }
  }

  /// Backtracking without end is cut off.
  @Test func explosivePatternsEnd() throws {
    let json = TokenizerFixtures.file(
      vocabulary: ["a", "b"],
      rest: #""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}"#)
    let text = String(repeating: "a", count: 60) + "b"
    let ids = try TokenizerFixtures.tokenizer(json: json).encode(text, addSpecialTokens: true)
    #expect(ids == Array(repeating: 0, count: 60) + [1])
  }

  /// One word of a megabyte, as a text without spaces is for SentencePiece-style models, in less than quadratic time.
  @Test func longWordsEnd() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("llama2")
    let text = String(repeating: "lamps", count: 100_000)
    let ids = tokenizer.encode(text, addSpecialTokens: false)
    #expect(tokenizer.decode(ids, skipSpecialTokens: true) == text)
  }
}
