import Control
import Foundation
import DeviceCPU
import Preference
import PreferenceData
import Testing
import Text

@testable import Evaluation
@testable import Training
@testable import TrainingFixture

struct TrainingSetTests {
  @Test func anEpochIsAPermutationOfItsOwn() {
    let set = LoopFixture.ranked(prompts: 50, responses: 2)
    let order = set.order(seed: 3, epoch: 0)
    #expect(order.sorted() == Array(0..<50))
    #expect(order != Array(0..<50))
    #expect(set.order(seed: 3, epoch: 0) == order)
    #expect(set.order(seed: 3, epoch: 1) != order && set.order(seed: 3, epoch: 1).sorted() == Array(0..<50))
    #expect(set.order(seed: 4, epoch: 0) != order)
  }

  /// Each of the 24 orders of 4 prompts about 100 times in 2400 epochs: χ² with 23 degrees of freedom, 99.9 % below 49.7.
  @Test func ordersAreEquallyLikely() {
    let set = LoopFixture.ranked(prompts: 4, responses: 2)
    var counts: [[Int]: Double] = [:]
    for epoch in 0..<2400 { counts[set.order(seed: 1, epoch: epoch), default: 0] += 1 }
    #expect(counts.count == 24)
    let chiSquare = counts.values.reduce(0) { $0 + ($1 - 100) * ($1 - 100) / 100 }
    #expect(chiSquare < 49.7, "\(chiSquare)")
  }

  @Test func rewardsAreScaledForSamplerAndObserver() throws {
    // Population sd of (3, 1) is 1 and the mean 2: (1, −1).
    let set = TrainingSet(
      examples: [EncodedExample(record: 1, prompt: [4], responses: [[5, 1], [6, 1]], rewards: [3, 1])],
      records: [
        PreferenceRecord(prompt: .text("unused"), responses: [.text("a"), .text("b")], rewards: [1, 0]),
        PreferenceRecord(
          prompt: .messages([ChatMessage(role: "user", content: "why?")]), responses: [.text("so"), .text("no")],
          rewards: [3, 1]),
      ], rewardScale: .promptZscore)
    #expect(set.count == 1 && set.rewards(0) == [1, -1])
    let item = try set.items[0]
    #expect(item.rewards == [1, -1])
    #expect(set.catalogue.count == 1)
    #expect(set.catalogue.prompt(0) == CataloguedPrompt(text: "why?", responses: ["so", "no"], rewards: [1, -1]))
  }

  @Test func conversationsNameTheirRoles() {
    let conversation = TextOrMessages.messages([
      ChatMessage(role: "user", content: "Hi"), ChatMessage(role: "assistant", content: "Hello"),
    ])
    #expect(conversation.displayText == "user: Hi\nassistant: Hello")
  }

  @Test(arguments: [(1, 1, 1), (16, 16, 1), (17, 16, 2), (7, 3, 3), (3, 1_000_000, 1), (2303, 16, 144)])
  func stepsOfAnEpoch(prompts: Int, promptsPerStep: Int, steps: Int) {
    #expect(LoopSettings.stepsPerEpoch(prompts: prompts, promptsPerStep: promptsPerStep) == steps)
  }

  @Test func machineTellsWhatItHas() {
    #expect(Machine.cores >= 1)
    #if os(Linux)
      #expect((Machine.availableMemory ?? 0) > 1_000_000)
    #endif
  }
}

struct ReferenceCacheTests {
  @Test func keepsOneNumberForEachResponse() {
    var cache = ReferenceCache()
    #expect(cache[0, 0] == nil && cache.count == 0)
    cache[0, 1] = -2.5
    cache[1, 0] = -3
    #expect(cache[0, 1] == -2.5 && cache[1, 0] == -3 && cache[0, 0] == nil && cache[1, 1] == nil)
    cache[0, 1] = -4
    #expect(cache[0, 1] == -4 && cache.count == 2)
  }

  /// Only what was never scored goes through the model; what is known is not touched.
  @Test func fillsWhatIsMissing() throws {
    let loop = try LoopFixture(hps: .sample, prompts: 3).loop()
    var cache = ReferenceCache()
    try loop.scorer.fillReference(&cache, set: loop.set, wanted: [(0, [0, 2]), (2, [1])])
    #expect(cache.count == 3 && cache[1, 0] == nil)
    // A sentinel shows whether a prompt was scored again.
    cache[2, 1] = 7
    try loop.scorer.fillReference(&cache, set: loop.set, wanted: [(2, [1]), (1, [0])])
    #expect(cache[2, 1] == 7 && cache.count == 4)
    // One response of prompt 2 is missing, so both are scored.
    try loop.scorer.fillReference(&cache, set: loop.set, wanted: [(2, [0, 1])])
    #expect(cache[2, 1] != 7 && cache.count == 5)
    cache[0, 2] = 7
    try loop.scorer.fillReference(&cache, set: loop.set, wanted: [(0, [0, 2])], again: true)
    #expect(cache[0, 2] != 7)
    for key in [(0, 0), (0, 2), (1, 0), (2, 0), (2, 1)] {
      let expected = try loop.scorer.model.score(
        [loop.scorer.group(try loop.set.items[key.0], responses: [key.1])], adapter: nil)
      #expect(abs((cache[key.0, key.1] ?? .nan) - GroupScorer.sum(expected[0][0])) < 1e-4)
    }
  }
}
