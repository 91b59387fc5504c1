import Text

/// A prompt and responses to it as token ids, ready to be joined and scored.
public struct EncodedResponses: Sendable, Equatable {
  /// [P] never scored.
  public var prompt: [Int32]
  /// [n][R_i] each ends with the end-of-turn token.
  public var responses: [[Int32]]
  /// What was noticed on the way: `boundaryMoved`, `doubleBOS`.
  public var notes: [DataNote]
}

/// Text or messages to token ids: the one way in which training, `score`, `generate` and `check` do it.
///
/// The prompt and the whole text are tokenized separately and their ids compared, as TRL does.
/// * Text: prompt and response are joined as they stand, special tokens are added as the tokenizer says, and EOS is
///   appended by id, once.
/// * Messages: the chat template renders the prompt (with its generation prompt) and the whole; the response ends with the
///   template's end-of-turn token. White space that a template writes after that token is not part of the response. A
///   template without an end-of-turn token gets EOS by id.
///
/// Where a token spans the end of the prompt, the boundary stays at the prompt's own token count if all whole texts agree
/// on that many ids (TRL's choice); otherwise it moves back to the last place where they do. Either way prompt + response
/// are exactly the ids of the whole text, and `boundaryMoved` is noted.
public struct TextPairEncoder: Sendable {
  private let text: any TextEncoding

  public init(text: any TextEncoding) { self.text = text }

  /// Ids of a prompt alone, as generation starts from it. Throws the chat template's sentence.
  public func encode(prompt: TextOrMessages) throws -> [Int32] {
    var notes: [DataNote] = []
    return try encode(prompt: prompt, notes: &notes)
  }

  /// One prompt with one response.
  public func encode(prompt: TextOrMessages, response: TextOrMessages) throws -> EncodedResponses {
    try encode(prompt: prompt, responses: [response])
  }

  /// One prompt with its n ≥ 1 responses, which share the prompt's ids. Throws the chat template's sentence.
  public func encode(prompt: TextOrMessages, responses: [TextOrMessages]) throws -> EncodedResponses {
    var notes: [DataNote] = []
    var prompt = prompt
    if case .text(let text) = prompt, responses.contains(where: \.isMessages) {
      prompt = .messages([ChatMessage(role: "user", content: text)])
    }
    let promptIDs = try encode(prompt: prompt, notes: &notes)
    var wholes: [[Int32]] = []
    for response in responses {
      wholes.append(try encode(prompt: prompt, response: response, atLeast: promptIDs.count, notes: &notes))
    }
    let boundary = TextPairEncoder.boundary(prompt: promptIDs.count, wholes: wholes)
    let shared = wholes.first.map { Array($0.prefix(boundary)) } ?? promptIDs
    if shared != promptIDs { notes.append(.boundaryMoved) }
    return EncodedResponses(
      prompt: shared, responses: wholes.map { Array($0.dropFirst(boundary)) }, notes: notes.withoutRepeats())
  }

  /// The number of leading ids that all `wholes` share, at most `prompt`, leaving each at least one id to score.
  /// Hand-worked: prompt 3, wholes [1,2,3,4] and [1,2,9] → 2, because the third ids differ.
  static func boundary(prompt: Int, wholes: [[Int32]]) -> Int {
    guard let first = wholes.first else { return prompt }
    var boundary = prompt
    for whole in wholes {
      let limit = min(boundary, whole.count - 1, first.count)
      var shared = 0
      while shared < limit, whole[shared] == first[shared] { shared += 1 }
      boundary = max(0, shared)
    }
    return boundary
  }

  // MARK: parts

  private func encode(prompt: TextOrMessages, notes: inout [DataNote]) throws -> [Int32] {
    switch prompt {
    case .text(let prompt): return plainIDs(prompt, notes: &notes)
    case .messages(let messages):
      let rendered = try text.render(messages, addGenerationPrompt: true)
      return withOneBOS(text.encode(rendered, addSpecialTokens: false), notes: &notes)
    }
  }

  private func encode(
    prompt: TextOrMessages, response: TextOrMessages, atLeast count: Int, notes: inout [DataNote]
  ) throws -> [Int32] {
    switch prompt {
    case .text(let prompt):
      return withEOS(plainIDs(prompt + response.plainText, notes: &notes), after: count)
    case .messages(let messages):
      let turns = response.asTurns
      let rendered = try text.render(messages + turns, addGenerationPrompt: false)
      let trimmed = rendered.trimmedEnd()
      let content = turns.last?.content.trimmedEnd() ?? ""
      let hasEndOfTurn = content.isEmpty || !trimmed.utf8.reversed().starts(with: content.utf8.reversed())
      let ids = text.encode(hasEndOfTurn ? trimmed : rendered, addSpecialTokens: false)
      let whole = withOneBOS(ids, notes: &notes)
      return hasEndOfTurn ? whole : withEOS(whole, after: count)
    }
  }

  /// Ids with the tokenizer's special tokens, but no EOS that a post-processor put at the end.
  private func plainIDs(_ string: String, notes: inout [DataNote]) -> [Int32] {
    var ids = withOneBOS(text.encode(string, addSpecialTokens: true), notes: &notes)
    if let eos = text.eosTokenID, ids.last == eos, text.encode(string, addSpecialTokens: false).last != eos {
      ids.removeLast()
    }
    return ids
  }

  /// A text that is already templated brings its own BOS and gets another from the tokenizer.
  private func withOneBOS(_ ids: [Int32], notes: inout [DataNote]) -> [Int32] {
    guard let bos = text.bosTokenID, ids.count >= 2, ids[0] == bos, ids[1] == bos else { return ids }
    notes.append(.doubleBOS)
    let rest = ids.drop { $0 == bos }
    return [bos] + rest
  }

  /// EOS at the end exactly once; a prompt's own last token does not count as the response's.
  private func withEOS(_ ids: [Int32], after prompt: Int) -> [Int32] {
    guard let eos = text.eosTokenID else { return ids }
    return ids.last == eos && ids.count > prompt ? ids : ids + [eos]
  }
}

extension TextOrMessages {
  var isMessages: Bool {
    if case .messages = self { true } else { false }
  }

  /// A response as turns of the conversation.
  var asTurns: [ChatMessage] {
    switch self {
    case .text(let text): [ChatMessage(role: "assistant", content: text)]
    case .messages(let messages): messages
    }
  }
}

extension [DataNote] {
  func withoutRepeats() -> [DataNote] { DataNote.allCases.filter(contains) }
}
