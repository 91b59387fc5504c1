import Checkpoint
import Foundation
import JSON
import TestSupport
import Testing
import Text

@testable import GGUF

/// Ids of the tokenizer that a GGUF file holds are those of the original: of HF tokenizers for byte-level vocabularies,
/// of SentencePiece itself for the others.
@Suite struct TokenizerImportTests {
  private struct Golden {
    let ids: [[Int32]]
    let decoded: [String]
    let texts: [String]

    init(_ name: String) throws {
      let object = try GGUFFixtures.json("tokenizers/\(name).json")
      ids = try #require(object["ids"]?.array).map { ($0.array ?? []).compactMap { $0.integer.map(Int32.init) } }
      decoded = try #require(object["decoded"]?.array).compactMap(\.string)
      let all = try JSONDecoder().decode(
        [String].self, from: Data(contentsOf: TestPackage.fixture("tokenizer/texts.json")))
      texts = object["plain"]?.array?.compactMap(\.string) ?? all
    }
  }

  private func tokenizer(_ name: String, family: GGUFFamily) throws -> Tokenizer {
    let file = try GGUFFile(path: GGUFFixtures.url("tokenizers/\(name).gguf").path)
    let json = try GGUFTokenizer(try GGUFVocabulary(file), family: family).json()
    return try Tokenizer(json: Data(JSONValue.object(json).compactText.utf8), file: "tokenizer.json")
  }

  @Test(arguments: ["smollm2", "llama3", "gpt2", "qwen2", "tekken", "sentencepiece"])
  func encodes(name: String) throws {
    try compare(try tokenizer(name, family: .llama), with: name)
  }

  @Test func encodesGemma() throws { try compare(try tokenizer("gemma", family: .gemma2), with: "gemma") }

  private func compare(_ tokenizer: Tokenizer, with name: String) throws {
    let golden = try Golden(name)
    #expect(golden.texts.count == golden.ids.count && golden.texts.count > 20)
    for (index, text) in golden.texts.enumerated() {
      #expect(tokenizer.encode(text, addSpecialTokens: true) == golden.ids[index], "\(text.debugDescription)")
      let decoded = tokenizer.decode(golden.ids[index], skipSpecialTokens: true)
      #expect(decoded.utf8.elementsEqual(golden.decoded[index].utf8), "\(text.debugDescription)")
    }
  }

  /// Ids that no text has stay without a token: the rows that fill an embedding matrix up.
  @Test func fillers() throws {
    let tokenizer = try tokenizer("qwen2", family: .qwen2)
    #expect(tokenizer.id(of: "[PAD565]") == nil)
    #expect(tokenizer.token(560) == "lamps")
  }

  @Test func turnEnds() throws {
    let vocabulary = try GGUFVocabulary(GGUFFile(path: GGUFFixtures.url("tokenizers/smollm2.gguf").path))
    let special = try vocabulary.specialTokens()
    // <|im_end|> is named as end of sequence, <|endoftext|> ends a turn by convention.
    #expect(special.eos == 2 && special.ends == [2, 0] && special.bos == nil)
  }

  /// Merges by hand: a, b, c, ab (score −1), bc (−2), abc (−3) give ab first, then bc; abc from ab+c before a+bc.
  @Test func mergesFromScores() {
    let tokens = ["a", "b", "c", "ab", "bc", "abc"].map { Array($0.utf8) }
    let pairs = SentencePieceMerges(tokens: tokens, scores: [-9, -9, -9, -1, -2, -3]).pairs
    #expect(pairs.map { [$0.left, $0.right] } == [[0, 1], [1, 2], [3, 2], [0, 4]])
  }

  @Test func refusals() throws {
    let folder = try TemporaryFolder()
    func sentence(_ change: (inout GGUFBytes) -> Void) throws -> String {
      var bytes = GGUFBytes()
      change(&bytes)
      let tokens = ["a", "b", "ab"].flatMap(GGUFBytes.text)
      bytes.add("tokenizer.ggml.tokens", type: 9, GGUFBytes.little(UInt32(8)) + GGUFBytes.little(UInt64(3)) + tokens)
      let path = try bytes.write(to: folder)
      return refusal { try GGUFTokenizer(GGUFVocabulary(GGUFFile(path: path)), family: .llama).json() }
    }
    #expect(try sentence { $0.add("tokenizer.ggml.model", "t5") }.contains("the tokenizer model \"t5\""))
    #expect(try sentence { _ in }.contains("tokenizer.ggml.model"))
    #expect(try sentence { $0.add("tokenizer.ggml.model", "llama") }.contains("no scores"))
    let unknown = try sentence {
      $0.add("tokenizer.ggml.model", "gpt2")
      $0.add("tokenizer.ggml.pre", "kimi-k2")
    }
    #expect(unknown.contains("the pre-tokenizer \"kimi-k2\"") && unknown.contains("llama-bpe"))
    let noMerges = try sentence {
      $0.add("tokenizer.ggml.model", "gpt2")
      $0.add("tokenizer.ggml.pre", "gpt-2")
    }
    #expect(noMerges.contains("no merges"))
    let outside = try sentence {
      $0.add("tokenizer.ggml.model", "gpt2")
      $0.add("tokenizer.ggml.pre", "gpt-2")
      $0.add("tokenizer.ggml.eos_token_id", 3)
    }
    #expect(outside.contains("tokenizer.ggml.eos_token_id is 3, but must be a whole number from 0 to 2"))
  }

  /// A file that names no pre-tokenizer is read with llama.cpp's default, and the user is told.
  @Test func unnamedPreTokenizer() throws {
    let folder = try TemporaryFolder()
    var bytes = GGUFBytes()
    bytes.add("tokenizer.ggml.model", "gpt2")
    func list(_ texts: [String]) -> [UInt8] {
      GGUFBytes.little(UInt32(8)) + GGUFBytes.little(UInt64(texts.count)) + texts.flatMap(GGUFBytes.text)
    }
    bytes.add("tokenizer.ggml.tokens", type: 9, list(["1", "2", "3", "4", "12", "123", "34", "."]))
    bytes.add("tokenizer.ggml.merges", type: 9, list(["1 2", "3 4", "12 3"]))
    let file = try GGUFFile(path: bytes.write(to: folder))
    let imported = try GGUFTokenizer(GGUFVocabulary(file), family: .llama)
    #expect(imported.warning?.contains("tokenizer.ggml.pre") == true)
    let tokenizer = try Tokenizer(
      json: Data(JSONValue.object(try imported.json()).compactText.utf8), file: "tokenizer.json")
    // Digits by threes from the left: 123, 4; then the full stop.
    #expect(tokenizer.encode("1234.", addSpecialTokens: true) == [5, 3, 7])
  }
}
