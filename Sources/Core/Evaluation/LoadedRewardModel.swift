import Checkpoint
import Device
import DeviceCPU
import Model
import PreferenceData
import Text

/// A reward model that is ready to grade: checkpoint, tokenizer, chat template, and an adapter where there is one.
public struct LoadedRewardModel {
  public let folder: CheckpointFolder
  public let text: TextFolder
  public let model: RewardModel
  public let adapter: LoRAAdapter?

  /// - Parameters:
  ///   - path: a folder of a …ForSequenceClassification model with one label, or of ArmoRM; of a language model where the
  ///     adapter brings the head.
  ///   - adapterPath: a PEFT folder to use with it; its `score`, if it has one, takes the place of the model's own.
  /// - Throws: `CheckpointError`, `TokenizerError`, `ChatTemplateError` or `ModelError`.
  public init(path: String, adapterPath: String? = nil, threads: Int, precision: Precision) throws {
    folder = try CheckpointFolder(path: path, use: .hiddenStates)
    text = try TextFolder(path: path)
    let configuration = folder.configuration
    let files = try adapterPath.map { try AdapterFolder.read(path: $0, model: configuration) }
    adapter = try files.map { try LoRAAdapter(folder: $0, model: configuration) }
    model = try RewardModel(
      checkpoint: folder, device: CPUDevice(threads: threads, precision: precision), score: files?.scoreHead)
  }

  /// The rewards of responses to one prompt, in their order, each with the token that it was read at.
  /// - Throws: `RewardTextError`, `ModelError`, or the chat template's sentence.
  public func grade(prompt: TextOrMessages, responses: [TextOrMessages]) throws -> [GradedResponse] {
    let texts = try RewardTextEncoder(text: text, gate: model.head.hasGate ? RewardTextEncoder.armoRMGate : nil)
      .encode(prompt: prompt, responses: responses)
    let rewards = try model.score(texts.groups, adapter: adapter)
    return texts.places.map { place in
      let group = texts.groups[place.group]
      let ids = group.prompt + group.responses[place.response]
      let last = ids[ids.count - 1]
      return GradedResponse(
        reward: rewards[place.group][place.response],
        scoredToken: ScoredToken(
          id: last, text: text.decode([last], skipSpecialTokens: false), position: ids.count - 1))
    }
  }
}

/// One response's reward, and where in the text it was read.
public struct GradedResponse: Sendable, Equatable {
  public var reward: Reward
  public var scoredToken: ScoredToken
}

/// The token whose hidden state the head read: a reward at another token is another reward.
public struct ScoredToken: Sendable, Equatable {
  public var id: Int32
  public var text: String
  /// From 0.
  public var position: Int
}

/// Why a reward model cannot read a text.
public enum RewardTextError: Error, Equatable, CustomStringConvertible {
  case empty
  case noGateToken

  public var description: String {
    switch self {
    case .empty: "the text has no token, so there is none to grade it at"
    case .noGateToken:
      "the rendered text lacks the header of an assistant's turn, which the model's gate reads its prompt before"
    }
  }
}

/// Turns prompts with responses into the token ids that a reward model grades: the chat template's whole text, nothing
/// added and nothing trimmed, since the reward is read at its last token. Plain text is taken as it stands.
public struct RewardTextEncoder {
  let text: any TextEncoding
  /// The ids of an assistant turn's header, of which the gate reads the first; nil where there is no gate.
  let gate: [Int32]?

  /// ArmoRM's, in Llama 3's vocabulary: <|eot_id|> and the header of an assistant's turn.
  public static let armoRMGate: [Int32] = [128_009, 128_006, 78_191, 128_007, 271]

  public init(text: any TextEncoding, gate: [Int32]? = nil) {
    self.text = text
    self.gate = gate
  }

  /// Texts that begin alike share their beginning as a prompt.
  public struct Encoded: Equatable {
    public var groups: [PromptGroup] = []
    /// Where each response is.
    public var places: [Place] = []

    public struct Place: Equatable {
      public var group, response: Int
    }
  }

  public func encode(prompt: TextOrMessages, responses: [TextOrMessages]) throws -> Encoded {
    let wholes = try responses.map { try ids(prompt: prompt, response: $0) }
    guard wholes.allSatisfy({ !$0.isEmpty }) else { throw RewardTextError.empty }
    guard let gate else { return shared(wholes, beginning: Self.commonPrefix(wholes)) }
    let ends = try wholes.map { ids in
      guard let start = Self.lastOccurrence(of: gate, in: ids) else { throw RewardTextError.noGateToken }
      return start + 1
    }
    // The gate reads the end of what is called the prompt here, so texts share it only where it ends alike.
    if let end = ends.first, ends.allSatisfy({ $0 == end }), Self.commonPrefix(wholes) >= end {
      return shared(wholes, beginning: end)
    }
    var encoded = Encoded()
    for (ids, end) in zip(wholes, ends) {
      encoded.places.append(.init(group: encoded.groups.count, response: 0))
      encoded.groups.append(PromptGroup(prompt: Array(ids[..<end]), responses: [Array(ids[end...])]))
    }
    return encoded
  }

  private func shared(_ wholes: [[Int32]], beginning count: Int) -> Encoded {
    guard let first = wholes.first else { return Encoded() }
    guard count > 0 else {
      // Nothing in common, as without BOS: each has its own first token as its prompt.
      return Encoded(
        groups: wholes.map { PromptGroup(prompt: [$0[0]], responses: [Array($0.dropFirst())]) },
        places: wholes.indices.map { .init(group: $0, response: 0) })
    }
    return Encoded(
      groups: [PromptGroup(prompt: Array(first[..<count]), responses: wholes.map { Array($0[count...]) })],
      places: wholes.indices.map { .init(group: 0, response: $0) })
  }

  private func ids(prompt: TextOrMessages, response: TextOrMessages) throws -> [Int32] {
    let turns: [ChatMessage]
    switch (prompt, response) {
    case (.text(let prompt), .text(let response)) where !text.hasChatTemplate:
      return text.encode(prompt + response, addSpecialTokens: true)
    case (.text(let prompt), let response): turns = [ChatMessage(role: "user", content: prompt)] + response.turns
    case (.messages(let messages), let response): turns = messages + response.turns
    }
    // The template writes BOS itself where the model wants one.
    return text.encode(try text.render(turns, addGenerationPrompt: false), addSpecialTokens: false)
  }

  /// How many ids all begin with.
  static func commonPrefix(_ lists: [[Int32]]) -> Int {
    guard let first = lists.first else { return 0 }
    return lists.dropFirst().reduce(first.count) { count, list in
      zip(first.prefix(count), list).prefix { $0 == $1 }.count
    }
  }

  static func lastOccurrence(of pattern: [Int32], in ids: [Int32]) -> Int? {
    guard !pattern.isEmpty, ids.count >= pattern.count else { return nil }
    return (0...ids.count - pattern.count).last { ids[$0..<$0 + pattern.count].elementsEqual(pattern) }
  }
}

extension TextOrMessages {
  /// A plain text is an assistant's turn.
  fileprivate var turns: [ChatMessage] {
    switch self {
    case .text(let text): [ChatMessage(role: "assistant", content: text)]
    case .messages(let messages): messages
    }
  }
}
