import Foundation
import TestSupport
import Testing

@testable import Text

@Suite struct BytePairModelTests {
  @Test func mergesByRankThenFromTheLeft() throws {
    // Ranks: ab 0, bc 1, abc 2. "abcbc": ab first → ab c bc, then bc → ab c bc; then ab+c = abc → abc bc.
    let json = TokenizerFixtures.file(
      vocabulary: ["a", "b", "c", "ab", "bc", "abc"], merges: "\"a b\", \"b c\", [\"ab\", \"c\"]")
    let tokenizer = try TokenizerFixtures.tokenizer(json: json)
    #expect(tokenizer.encode("abcbc", addSpecialTokens: true) == [5, 4])
    // "aab": only the second a has a b behind it.
    #expect(tokenizer.encode("aab", addSpecialTokens: true) == [0, 3])
    #expect(tokenizer.encode("", addSpecialTokens: true) == [])
  }

  @Test func equalPairsMergeFromTheLeft() throws {
    let tokenizer = try TokenizerFixtures.tokenizer(
      json: TokenizerFixtures.file(vocabulary: ["a", "aa", "aaaa"], merges: "\"a a\", \"aa aa\""))
    // aaaaaaa → aa aa aa a → aaaa aa a.
    #expect(tokenizer.encode("aaaaaaa", addSpecialTokens: true) == [2, 1, 0])
  }

  @Test func aMergeListedTwiceHasItsLastRank() throws {
    // As HF reads it: ab's rank is 2, behind ba's 1, so "abab" is a ba b and not ab ab.
    let tokenizer = try TokenizerFixtures.tokenizer(
      json: TokenizerFixtures.file(vocabulary: ["a", "b", "ab", "ba"], merges: "\"a b\", \"b a\", \"a b\""))
    #expect(tokenizer.encode("abab", addSpecialTokens: true) == [0, 3, 1])
  }

  @Test func charactersThatAreNoTokensVanishWithoutAnUnknownToken() throws {
    let tokenizer = try TokenizerFixtures.tokenizer(
      json: TokenizerFixtures.file(vocabulary: ["a"]))
    #expect(tokenizer.encode("xaé漢😀a", addSpecialTokens: true) == [0, 0])
  }

  @Test func unknownCharactersFuseWhereTheModelSaysSo() throws {
    let vocabulary = ["a", "u"]
    let fused = TokenizerFixtures.file(vocabulary: vocabulary, model: "\"unk_token\": \"u\", \"fuse_unk\": true,")
    #expect(try TokenizerFixtures.tokenizer(json: fused).encode("xyaz", addSpecialTokens: true) == [1, 0, 1])
    let single = TokenizerFixtures.file(vocabulary: vocabulary, model: "\"unk_token\": \"u\",")
    #expect(try TokenizerFixtures.tokenizer(json: single).encode("xyaz", addSpecialTokens: true) == [1, 1, 0, 1])
  }

  /// A queue for long words and a scan for short ones give the same merges.
  @Test func longAndShortWordsMergeAlike() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("gpt2")
    var random = SplitMix(state: 5)
    // Without spaces, so that the pattern keeps the word whole. The reference: always the lowest rank, from the left.
    let file = try TokenizerFile(json: TokenizerFixtures.data("gpt2.tokenizer.json"), name: "tokenizer.json")
    for length in [1, 2, 31, 32, 33, 34, 64, 300] {
      let word = String((0..<length).map { _ in "theandlampskrwou".randomElement(using: &random) ?? "a" })
      var symbols = word.utf8.map { file.vocabulary.id([$0]) ?? -1 }
      while let best = symbols.indices.dropLast()
        .compactMap({ index in file.merges.merge(symbols[index], symbols[index + 1]).map { (index, $0) } })
        .min(by: { ($0.1.rank, $0.0) < ($1.1.rank, $1.0) })
      {
        symbols[best.0] = best.1.id
        symbols.remove(at: best.0 + 1)
      }
      #expect(tokenizer.encode(word, addSpecialTokens: false) == symbols, "\(word)")
    }
  }

  /// Parts between `▁` are merged one by one where no merge reaches across, and else as one word.
  @Test func aMergeAcrossTheMetaspaceIsHonoured() throws {
    let normalizer = #""normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}"#
    let apart = TokenizerFixtures.file(vocabulary: ["a", "▁", "▁a"], merges: "\"▁ a\"", rest: normalizer)
    #expect(try TokenizerFixtures.tokenizer(json: apart).encode("a a  a", addSpecialTokens: true) == [0, 2, 1, 2])
    let across = TokenizerFixtures.file(
      vocabulary: ["a", "▁", "a▁", "a▁a"], merges: "\"a ▁\", \"a▁ a\"", rest: normalizer)
    #expect(try TokenizerFixtures.tokenizer(json: across).encode("a a", addSpecialTokens: true) == [3])
    // a▁a▁▁a: both "a ▁" merge before "a▁ a" could.
    #expect(try TokenizerFixtures.tokenizer(json: across).encode("a a  a", addSpecialTokens: true) == [2, 2, 1, 0])
  }

  @Test func wordCacheKeepsWhatItWasGiven() {
    var cache = WordCache()
    var random = SplitMix(state: 9)
    var words: [[UInt8]: [Int32]] = [:]
    var hits = 0
    for _ in 0..<20_000 {
      let word = (0..<Int.random(in: 1...16, using: &random)).map { _ in UInt8.random(in: 0...3, using: &random) }
      guard let key = WordCache.Key(word, 0..<word.count) else {
        #expect(word.count == 16)
        continue
      }
      var ids: [Int32] = [-7]
      if cache.append(key, to: &ids) {
        hits += 1
        #expect(Array(ids.dropFirst()) == words[word])
      } else {
        let new = (0..<Int.random(in: 1...6, using: &random)).map { _ in Int32.random(in: 0...Int32.max, using: &random)
        }
        words[word] = new
        cache.insert(key, [1, 2] + new, from: 2)
      }
    }
    #expect(hits > 1000)
  }

  @Test func queueIsSorted() {
    var queue = MergeQueue()
    var random = SplitMix(state: 2)
    var items: [(UInt32, Int)] = []
    for _ in 0..<500 {
      let item = (UInt32.random(in: 0...20, using: &random), Int.random(in: 0...1000, using: &random))
      items.append(item)
      queue.push(rank: item.0, position: item.1)
    }
    items.sort { $0 < $1 }
    for item in items {
      let top = queue.pop()
      #expect(top?.rank == item.0 && top?.position == item.1)
    }
    #expect(queue.pop() == nil)
  }
}
