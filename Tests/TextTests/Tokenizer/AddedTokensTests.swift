import TestSupport
import Testing

@testable import Text

@Suite struct AddedTokensTests {
  /// Characters a–f and the space as tokens 0–6, and these added tokens from 7 on.
  private func tokenizer(_ added: [(content: String, flags: String)], rest: String = "") throws -> Tokenizer {
    let list = added.enumerated().map { index, token in
      "{\"id\": \(7 + index), \"content\": \"\(token.content)\"\(token.flags.isEmpty ? "" : ", " + token.flags)}"
    }
    return try TokenizerFixtures.tokenizer(
      json: TokenizerFixtures.file(
        vocabulary: ["a", "b", "c", "d", "e", "f", " "],
        rest: "\"added_tokens\": [\(list.joined(separator: ", "))]" + (rest.isEmpty ? "" : ", " + rest)))
  }

  @Test func theLongestWinsFromTheLeft() throws {
    let tokenizer = try tokenizer([("<a", ""), ("<a>", ""), (">b", ""), ("<ab>c", "")])
    #expect(tokenizer.encode("<a>b", addSpecialTokens: false) == [8, 1])
    #expect(tokenizer.encode("<ab>b", addSpecialTokens: false) == [7, 1, 9])
    #expect(tokenizer.encode("<ab>c<a", addSpecialTokens: false) == [10, 7])
  }

  @Test func stripsSpacesOfEitherSide() throws {
    let tokenizer = try tokenizer([("X", "\"lstrip\": true"), ("Y", "\"rstrip\": true")])
    #expect(tokenizer.encode("a  X  b", addSpecialTokens: false) == [0, 7, 6, 6, 1])
    #expect(tokenizer.encode("a  Y \u{3000}\u{85}\nb", addSpecialTokens: false) == [0, 6, 6, 8, 1])
    // Y has taken the spaces that X would.
    #expect(tokenizer.encode("Y  X", addSpecialTokens: false) == [8, 7])
  }

  @Test func singleWordsStandAlone() throws {
    let tokenizer = try tokenizer([("X", "\"single_word\": true")])
    #expect(tokenizer.encode("X aXb X", addSpecialTokens: false) == [7, 6, 0, 1, 6, 7])
    // U+0301 belongs to words.
    #expect(tokenizer.encode("X\u{301} X,", addSpecialTokens: false) == [6, 7])
  }

  @Test func normalizedTokensMatchNormalizedText() throws {
    let lowercase = "\"normalizer\": {\"type\": \"Lowercase\"}"
    let tokenizer = try tokenizer([("Fd", "\"normalized\": true"), ("Ee", "\"special\": true")], rest: lowercase)
    #expect(tokenizer.encode("aFDfd", addSpecialTokens: false) == [0, 7, 7])
    #expect(tokenizer.encode("eeEe", addSpecialTokens: false) == [4, 4, 8])
    // It is written as it matches: HF tokenizers' rule.
    #expect(tokenizer.token(7) == "fd")
    #expect(tokenizer.id(of: "Fd") == 7)
  }

  @Test func matcherAgreesWithASearchOfAll() {
    var random = SplitMix(state: 11)
    func word(_ length: ClosedRange<Int>) -> [UInt8] {
      (0..<Int.random(in: length, using: &random)).map { _ in UInt8.random(in: 97...99, using: &random) }
    }
    for _ in 0..<200 {
      let tokens = (0..<Int.random(in: 1...12, using: &random)).map { (text: word(0...5), id: Int32($0)) }
      let matcher = TokenMatcher(tokens)
      let text = word(0...30)
      for start in text.indices {
        var expected: (Range<Int>, Int32)?
        for index in start..<text.count where expected == nil {
          for (token, id) in tokens where !token.isEmpty && text[index...].starts(with: token) {
            if token.count > expected?.0.count ?? 0 { expected = (index..<index + token.count, id) }
          }
        }
        let found = matcher.first(in: text, from: start)
        #expect(found?.range == expected?.0)
        #expect(found?.id == expected?.1)
      }
    }
  }
}
