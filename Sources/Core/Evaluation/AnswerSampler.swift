import Model
import Preference
import Text

/// Answers of the policy, and of the reference beside it.
public struct AnswerSampler {
  public let scorer: GroupScorer
  public let text: any TextEncoding
  public let stopTokens: [Int32]
  public let seed: UInt64
  public let maxNewTokens: Int

  public init(scorer: GroupScorer, text: any TextEncoding, stopTokens: [Int32], seed: UInt64, maxNewTokens: Int) {
    self.scorer = scorer
    self.text = text
    self.stopTokens = stopTokens
    self.seed = seed
    self.maxNewTokens = maxNewTokens
  }

  /// Whose answers.
  public enum Author: Sendable { case policy, reference }

  /// The likeliest answer to a prompt.
  /// - Parameter index: the prompt's number, which keys the random streams of drawn answers.
  public func greedy(_ prompt: [Int32], index: Int, of author: Author) throws -> String {
    let settings = SamplingSettings(maxNewTokens: maxNewTokens, stopTokenIDs: stopTokens, greedy: true)
    return decoded(try generate(prompt, count: 1, settings: settings, index: index, of: author)[0])
  }

  /// Answers drawn at a temperature: the same for the same seed, index and count.
  public func sample(
    _ prompt: [Int32], count: Int, temperature: Double, index: Int, of author: Author
  ) throws -> [String] {
    let settings = SamplingSettings(temperature: temperature, maxNewTokens: maxNewTokens, stopTokenIDs: stopTokens)
    return try generate(prompt, count: count, settings: settings, index: index, of: author).map(decoded)
  }

  /// KL(policy ‖ reference) in nats an answer, from the policy's own answers to the first `prompts` prompts at
  /// temperature 1 (`PolicyDiagnostics.kl`): the same streams each time, so that a change is the policy's.
  public func policyKL(_ groups: some RankedGroups, prompts: Int, samples: Int) throws -> Double {
    let settings = SamplingSettings(temperature: 1, maxNewTokens: maxNewTokens, stopTokenIDs: stopTokens)
    let answered = try groups.indices.prefix(prompts).map { index in
      let prompt = try groups.group(index).prompt
      return PromptGroup(
        prompt: prompt,
        responses: try generate(prompt, count: samples, settings: settings, index: index, of: .policy))
    }
    let policy = try scorer.model.score(answered, adapter: scorer.policy).joined()
    let reference = try scorer.model.score(answered, adapter: nil).joined()
    return PolicyDiagnostics.kl(
      tokenLogRatios: zip(policy, reference).map { own, other in zip(own, other).map { Double($0) - Double($1) } })
  }

  private func decoded(_ ids: [Int32]) -> String { text.decode(ids, skipSpecialTokens: true) }

  /// Answers of a policy whose numbers are no longer finite are empty: a run's next step ends it with the reason.
  private func generate(
    _ prompt: [Int32], count: Int, settings: SamplingSettings, index: Int, of author: Author
  ) throws -> [[Int32]] {
    do {
      return try scorer.model.generate(
        prompt, count: count, settings: settings, seed: seed, index: index,
        adapter: author == .policy ? scorer.policy : nil)
    } catch ModelError.notFinite {
      return Array(repeating: [], count: count)
    }
  }
}
