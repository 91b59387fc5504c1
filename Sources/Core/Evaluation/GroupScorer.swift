import Control
import Model
import Preference

/// Log-probs of chosen responses of ranked groups, under policy and reference.
public struct GroupScorer {
  public let model: LanguageModel
  /// The policy's adapter, without which the model is the reference; nil where the model itself is the policy.
  public let policy: LoRAAdapter?

  public init(model: LanguageModel, adapter: LoRAAdapter?) {
    self.model = model
    policy = adapter
  }

  /// A group's chosen responses, as the model is asked for them.
  package func group(_ group: RankedGroup, responses: [Int]) -> PromptGroup {
    PromptGroup(prompt: group.prompt, responses: responses.map { group.responses[$0] })
  }

  /// Fills `cache` with every missing reference log-prob of `wanted` (prompt, responses). A prompt with one response
  /// missing is scored with all its wanted ones, so that the reference runs on the very batch that the policy runs on.
  public func fillReference(
    _ cache: inout ReferenceCache, set: some RankedGroups, wanted: [(prompt: Int, responses: [Int])],
    again: Bool = false
  ) throws {
    let missing = wanted.filter { want in again || want.responses.contains { cache[want.prompt, $0] == nil } }
    guard !missing.isEmpty else { return }
    let scores = try model.score(
      missing.map { group(try set.group($0.prompt), responses: $0.responses) }, adapter: nil)
    for (want, groupScores) in zip(missing, scores) {
      for (response, tokens) in zip(want.responses, groupScores) {
        cache[want.prompt, response] = Self.sum(tokens)
      }
    }
  }

  /// Policy and (cached) reference log-probs of `wanted`, in its order.
  public func score(
    set: some RankedGroups, cache: inout ReferenceCache, wanted: [(prompt: Int, responses: [Int])]
  ) throws -> [[ScoredResponse]] {
    try fillReference(&cache, set: set, wanted: wanted)
    let scores = try model.score(
      wanted.map { group(try set.group($0.prompt), responses: $0.responses) }, adapter: policy)
    return zip(wanted, scores).map { want, groupScores in
      zip(want.responses, groupScores).map { response, tokens in
        ScoredResponse(
          response: response, logProb: Self.sum(tokens), referenceLogProb: cache[want.prompt, response] ?? .nan,
          tokens: tokens.count)
      }
    }
  }

  /// Σ_t in Double, first token first.
  package static func sum(_ tokenLogProbs: [Float]) -> Double {
    tokenLogProbs.reduce(0) { $0 + Double($1) }
  }
}
