import Foundation
import Testing

@testable import Text

/// What is refused, and with which sentence.
@Suite struct TokenizerFileTests {
  private func refusal(_ json: String) -> String {
    do {
      _ = try Tokenizer(json: Data(json.utf8), file: "tokenizer.json")
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  private func with(_ rest: String) -> String { TokenizerFixtures.file(rest: rest) }

  @Test func unsupportedComponentsAreNamed() {
    #expect(
      refusal(#"{"model": {"type": "Unigram", "vocab": [["a", 0.5]]}}"#)
        == "tokenizer.json: a model of type \"Unigram\" is not supported (supported: BPE)")
    #expect(
      refusal(#"{"model": {"type": "WordPiece", "vocab": {"a": 0}}}"#)
        == "tokenizer.json: a model of type \"WordPiece\" is not supported (supported: BPE)")
    #expect(
      refusal(with(#""normalizer": {"type": "Precompiled"}"#))
        == "tokenizer.json: a normalizer of type \"Precompiled\" is not supported (supported: Sequence, NFC, NFD, NFKC, "
        + "NFKD, Lowercase, Strip, Prepend, Replace, ByteLevel)")
    #expect(
      refusal(with(#""pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}]}"#))
        == "tokenizer.json: a pre-tokenizer of type \"BertPreTokenizer\" is not supported (supported: Sequence, "
        + "ByteLevel, Split, Metaspace, Digits, Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit)")
    #expect(
      refusal(with(#""post_processor": {"type": "BertProcessing"}"#))
        == "tokenizer.json: a post-processor of type \"BertProcessing\" is not supported (supported: Sequence, "
        + "ByteLevel, TemplateProcessing)")
    #expect(
      refusal(with(#""decoder": {"type": "WordPiece"}"#))
        == "tokenizer.json: a decoder of type \"WordPiece\" is not supported (supported: Sequence, ByteLevel, "
        + "ByteFallback, Fuse, Strip, Replace, Metaspace)")
    #expect(
      refusal(with(##""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"}"##))
        == "tokenizer.json: the regular expression \"(a\" of the Split pre-tokenizer is not supported")
  }

  @Test(arguments: [
    (#"{"version": "1.0"}"#, "there is no \"model\""),
    (#"{"model": []}"#, "\"model\" is not an object"),
    (#"{"model": {"type": "BPE", "vocab": {}}}"#, "the BPE model lacks \"merges\""),
    (#"{"model": {"type": "BPE", "vocab": [], "merges": []}}"#, "the BPE model's vocab is not an object"),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}"#,
      "the vocabulary's id of \"a\" is not a token id"
    ),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 1.0}, "merges": []}}"#,
      "the vocabulary's id of \"a\" is not a token id"
    ),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 2000000000}, "merges": []}}"#,
      "the vocabulary has 1 tokens but an id of 2000000000"
    ),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 3, "b": 3}, "merges": []}}"#,
      "the tokens \"a\" and \"b\" share the id 3"
    ),
    (TokenizerFixtures.file(merges: "\"a b c\""), "merge 0 is not a pair of tokens"),
    (TokenizerFixtures.file(merges: "[\"a\"]"), "merge 0 is not a pair of tokens"),
    (TokenizerFixtures.file(merges: "7"), "merge 0 is not a pair of tokens"),
    (TokenizerFixtures.file(merges: "\"a b\""), "merge 0, \"a\" with \"b\", is not in the vocabulary"),
    (TokenizerFixtures.file(model: "\"unk_token\": \"u\","), "unk_token \"u\" is not in the vocabulary"),
    (
      TokenizerFixtures.file(model: "\"dropout\": 0.1,"),
      "the BPE model's dropout is not supported, because the same text must always give the same ids"
    ),
    (
      TokenizerFixtures.file(model: "\"end_of_word_suffix\": \"</w>\","),
      "the BPE model's end_of_word_suffix is not supported"
    ),
    (TokenizerFixtures.file(model: "\"fuse_unk\": 1,"), "the BPE model's fuse_unk is neither true nor false"),
    (
      TokenizerFixtures.file(rest: #""added_tokens": [{"id": 9, "content": "X"}]"#),
      "the added token \"X\" has the id 9, but by the vocabulary it is 1"
    ),
    (
      TokenizerFixtures.file(rest: #""added_tokens": [{"content": "X"}]"#),
      "an entry of \"added_tokens\" lacks a content or a valid id"
    ),
    (
      TokenizerFixtures.file(rest: #""post_processor": {"type": "TemplateProcessing", "single": ["$A", "$A"]}"#),
      "the post-processor's template for one text does not hold it exactly once"
    ),
    (
      TokenizerFixtures.file(rest: #""post_processor": {"type": "TemplateProcessing", "single": ["[CLS]", "$A"]}"#),
      "the post-processor's template names \"[CLS]\", which has no ids"
    ),
    (
      TokenizerFixtures.file(rest: #""pre_tokenizer": {"type": "Metaspace", "replacement": "xx"}"#),
      "Metaspace's replacement \"xx\" is not one character"
    ),
    (
      TokenizerFixtures.file(rest: #""pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "sometimes"}"#),
      "Metaspace's prepend_scheme \"sometimes\" is unknown (known: always, never, first)"
    ),
    (
      TokenizerFixtures.file(
        rest: #""pre_tokenizer": {"type": "Split", "pattern": {"String": "-"}, "behavior": "Gone"}"#),
      "a pre-tokenizer's behavior \"Gone\" is unknown"
    ),
    (TokenizerFixtures.file(rest: #""decoder": {"a": 1}"#), "a decoder has no type"),
  ])
  func brokenFilesAreRefusedInOneSentence(json: String, problem: String) {
    #expect(refusal(json) == "tokenizer.json: \(problem)")
  }

  @Test(arguments: [
    ("", "not valid JSON at byte 0: the file ends too early"),
    ("{", "not valid JSON at byte 1: the file ends too early"),
    ("[]", "not valid JSON at byte 0: expected \"{\""),
    (#"{"a": 01}"#, "not valid JSON at byte 8: a number starts with 0"),
    (#"{"a": tru}"#, "not valid JSON at byte 6: expected a value"),
    (#"{"a": 1,}"#, "not valid JSON at byte 8: expected \"\"\""),
    (#"{"a" 1}"#, "not valid JSON at byte 5: expected \":\""),
    (#"{"a": "x"#, "not valid JSON at byte 8: the file ends inside a string"),
    (#"{"a": "\ud800"}"#, "not valid JSON at byte 13: a lone surrogate in a string"),
    (#"{"a": "\x"}"#, "not valid JSON at byte 9: an unknown escape in a string"),
    ("{\"a\": \"\n\"}", "not valid JSON at byte 7: a control character in a string"),
    (#"{"a": 1} b"#, "not valid JSON at byte 9: text after the end"),
  ])
  func brokenJSONIsRefusedWithItsPlace(json: String, problem: String) {
    #expect(refusal(json) == "tokenizer.json: \(problem)")
  }

  @Test func deepNestingIsRefused() {
    let deep = "{\"model\": " + String(repeating: "[", count: 100_000)
    #expect(refusal(deep).hasPrefix("tokenizer.json: "))
    #expect(refusal("{\"x\": " + String(repeating: "{\"a\":", count: 100_000)).contains("nested more than 128 deep"))
  }

  @Test func explosiveFilesAreRefused() {
    let double = #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#
    let steps = Array(repeating: double, count: 30).joined(separator: ", ")
    #expect(
      refusal(with(#""normalizer": {"type": "Sequence", "normalizers": [\#(steps)]}"#))
        == "tokenizer.json: its normalizers could blow a text up too far")
    let byteLevel = #"{"type": "ByteLevel"}, {"type": "ByteLevel"}"#
    #expect(
      refusal(with(#""pre_tokenizer": {"type": "Sequence", "pretokenizers": [\#(byteLevel)]}"#))
        == "tokenizer.json: its pre-tokenizer repeats ByteLevel or has more than 32 steps")
  }

  @Test func notUTF8IsRefused() {
    #expect(throws: TokenizerError.invalid(file: "tokenizer.json", problem: "is not valid UTF-8")) {
      try Tokenizer(json: Data([0x7B, 0xFF, 0x7D]), file: "tokenizer.json")
    }
  }

  @Test func keysMayComeInAnyOrderAndOldSpellings() throws {
    // No "type", merges before the vocabulary, merges as strings with a version line.
    let json =
      ##"{"model": {"merges": ["#version: 0.2", "a b"], "vocab": {"a": 0, "b": 1, "ab": 2}}, "version": "1.0"}"##
    #expect(try TokenizerFixtures.tokenizer(json: json).encode("ab", addSpecialTokens: true) == [2])
  }
}
