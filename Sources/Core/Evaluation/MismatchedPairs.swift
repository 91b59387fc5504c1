import Model
import Preference

/// KTO's reference point: how far the policy has drifted from the reference on answers to other questions (Ethayarajh
/// et al. 2024, section 4.1).
extension GroupScorer {
  /// max(0, mean log-ratio) over mismatched pairs (x, y'): each prompt with the chosen responses of the prompt before it
  /// in the data's order, the first with those of the last. For one response a prompt, or a best and a rejected one,
  /// these are the pairs of TRL's KTOTrainer on the same batch; nothing flows back through it.
  ///
  /// - Parameters:
  ///   - wanted: the step's prompts with the responses that its loss uses; the order does not matter.
  ///   - maxLength: tokens of prompt and response together; a longer response loses its end, as in TRL.
  /// - Returns: nats; 0 for fewer than two prompts, which have nothing to be mismatched with.
  public func klEstimate(
    set: some RankedGroups, wanted: [(prompt: Int, responses: [Int])], maxLength: Int
  ) throws -> Double {
    guard wanted.count > 1 else { return 0 }
    let ordered = wanted.sorted { $0.prompt < $1.prompt }
    let mismatched = try ordered.indices.map { index in
      let other = ordered[index == 0 ? ordered.count - 1 : index - 1]
      let prompt = try set.group(ordered[index].prompt).prompt
      let responses = try set.group(other.prompt).responses
      return PromptGroup(
        prompt: prompt,
        responses: other.responses.map {
          Array(responses[$0].prefix(max(0, maxLength - prompt.count)))
        })
    }
    // Policy and reference on the same groups, so that without training the difference is exactly 0.
    let policy = try model.score(mismatched, adapter: policy)
    let reference = try model.score(mismatched, adapter: nil)
    var ratios: [Double] = []
    for (own, other) in zip(policy.joined(), reference.joined()) { ratios.append(Self.sum(own) - Self.sum(other)) }
    return KTOLoss.klEstimate(mismatchedLogRatios: ratios)
  }
}
