/// What a person should know about rows that are kept.
public enum DataNote: String, Sendable, CaseIterable {
  case duplicateRow = "duplicate_row"
  case tieWithBest = "tie_with_best"
  case repeatsBest = "repeats_best"
  case emptyResponseLeftOut = "empty_response_left_out"
  case ranksAsRewards = "ranks_as_rewards"
  case sharedPrefixAsPrompt = "shared_prefix_as_prompt"
  case promptTruncated = "prompt_truncated"
  case responseTruncated = "response_truncated"
  case boundaryMoved = "boundary_moved"
  case doubleBOS = "double_bos"
  case nearlyIdentical = "nearly_identical"
  case plainText = "plain_text"

  public var phrase: String {
    switch self {
    case .duplicateRow: "repeat an earlier row word for word"
    case .tieWithBest: "have responses that tie with the best; those are no negatives"
    case .repeatsBest: "repeat the best response's text at a lower reward"
    case .emptyResponseLeftOut: "had empty responses, which were left out of the list"
    case .ranksAsRewards: "give ranks instead of rewards; reward = −rank"
    case .sharedPrefixAsPrompt: "have no prompt of their own; what the responses share up to a word's end was taken"
    case .promptTruncated: "lost the start of the prompt to max_prompt_length"
    case .responseTruncated: "lost the end of a response, and its end-of-turn token, to max_length"
    case .boundaryMoved: "have a token that spans prompt and response; the boundary was moved to a token's edge"
    case .nearlyIdentical: "have a response that differs from the best in at most 5 % of its tokens"
    case .plainText: "are plain text, though the model has a chat template; data.chat: always makes turns of them"
    case .doubleBOS: "began with two BOS tokens; one was kept"
    }
  }
}
