import Testing

@testable import Text

/// Ids and texts equal those of HF tokenizers.
@Suite struct TokenizerGoldenTests {
  @Test(arguments: TokenizerFixtures.names) func encodes(name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    let golden = try TokenizerFixtures.golden(name)
    for (text, ids) in zip(try TokenizerFixtures.texts(), golden.ids) {
      // Twice, the second time from the cache of words.
      #expect(tokenizer.encode(text, addSpecialTokens: true) == ids, "\(text.debugDescription)")
      #expect(golden.before + tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
    }
  }

  @Test(arguments: TokenizerFixtures.names) func decodes(name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    let golden = try TokenizerFixtures.golden(name)
    for (index, text) in try TokenizerFixtures.texts().enumerated() {
      let expected = golden.decoded[index] ?? text
      #expect(sameText(tokenizer.decode(golden.ids[index], skipSpecialTokens: true), expected), "\(index)")
      let special = golden.withSpecial[index] ?? expected
      #expect(sameText(tokenizer.decode(golden.ids[index], skipSpecialTokens: false), special), "\(index)")
    }
    // Ids in no sensible order, among them bytes that are no UTF-8 and ids that are no token's.
    for (ids, text) in zip(golden.randomIDs, golden.randomDecoded) {
      #expect(sameText(tokenizer.decode(ids, skipSpecialTokens: true), text), "\(ids)")
    }
  }

  @Test func manyThreadsAgree() async throws {
    let tokenizer = try TokenizerFixtures.tokenizer("qwen2")
    let golden = try TokenizerFixtures.golden("qwen2")
    let texts = try TokenizerFixtures.texts()
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          zip(texts, golden.ids).allSatisfy { tokenizer.encode($0, addSpecialTokens: true) == $1 }
        }
      }
      for await agrees in group { #expect(agrees) }
    }
  }

  @Test func vocabulary() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("gpt2")
    #expect(tokenizer.token(1) == "<|im_start|>")
    #expect(tokenizer.id(of: "<|im_start|>") == 1)
    #expect(tokenizer.isSpecial(1))
    #expect(tokenizer.id(of: "Ġthe").map { tokenizer.isSpecial($0) } == false)
    // 560 tokens of the model, then <tool>, <tool, <pad>, <lone>.
    #expect(tokenizer.vocabularySize == 564)
    #expect(tokenizer.id(of: "<pad>") == 562)
    #expect(tokenizer.specialTokenIDs == [0, 1, 2, 562])
    #expect(tokenizer.id(of: "nothing of the kind") == nil)
    #expect(tokenizer.token(564) == nil)
    #expect(tokenizer.token(-1) == nil)
  }
}
