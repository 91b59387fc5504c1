import Control
import Model
import Preference

/// Log-probs of chosen responses of a training set's prompts, under policy and reference.
struct GroupScorer {
  let model: LanguageModel
  let adapter: LoRAAdapter

  func group(_ item: TrainingSet.Item, responses: [Int]) -> PromptGroup {
    PromptGroup(prompt: item.prompt, responses: responses.map { item.responses[$0] })
  }

  /// Fills `cache` with every missing reference log-prob of `wanted` (prompt, responses). A prompt with one response
  /// missing is scored with all its wanted ones, so that the reference runs on the very batch that the policy runs on.
  func fillReference(
    _ cache: inout ReferenceCache, set: TrainingSet, wanted: [(prompt: Int, responses: [Int])], again: Bool = false
  ) throws {
    let missing = wanted.filter { want in again || want.responses.contains { cache[want.prompt, $0] == nil } }
    guard !missing.isEmpty else { return }
    let scores = try model.score(
      missing.map { group(try set.items[$0.prompt], responses: $0.responses) }, adapter: nil)
    for (want, groupScores) in zip(missing, scores) {
      for (response, tokens) in zip(want.responses, groupScores) {
        cache[want.prompt, response] = Self.sum(tokens)
      }
    }
  }

  /// Policy and (cached) reference log-probs of `wanted`, in its order.
  func score(
    set: TrainingSet, cache: inout ReferenceCache, wanted: [(prompt: Int, responses: [Int])]
  ) throws -> [[ScoredResponse]] {
    try fillReference(&cache, set: set, wanted: wanted)
    let scores = try model.score(
      wanted.map { group(try set.items[$0.prompt], responses: $0.responses) }, adapter: adapter)
    return zip(wanted, scores).map { want, groupScores in
      zip(want.responses, groupScores).map { response, tokens in
        ScoredResponse(
          response: response, logProb: Self.sum(tokens), referenceLogProb: cache[want.prompt, response] ?? .nan,
          tokens: tokens.count)
      }
    }
  }

  /// Σ_t in Double, first token first.
  static func sum(_ tokenLogProbs: [Float]) -> Double {
    tokenLogProbs.reduce(0) { $0 + Double($1) }
  }
}
