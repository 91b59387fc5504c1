/// A prompt and the responses to be scored after it, as token ids.
public struct PromptGroup: Sendable, Equatable {
  /// At least one token (such as BOS): the first token of every response is predicted from the last of these.
  public var prompt: [Int32]
  /// Each with its end token; every token of a response is scored. May be empty.
  public var responses: [[Int32]]

  public init(prompt: [Int32], responses: [[Int32]]) {
    self.prompt = prompt
    self.responses = responses
  }

  /// Rows that the group takes in a pass: the last token of a response predicts nothing and needs none.
  public var rowCount: Int { responses.reduce(prompt.count) { $0 + max(0, $1.count - 1) } }

  /// The longest prompt-and-response in tokens.
  public var longestSequence: Int { prompt.count + (responses.map(\.count).max() ?? 0) }
}
