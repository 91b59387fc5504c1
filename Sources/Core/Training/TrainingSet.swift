import Control
import Numerics
import Preference
import PreferenceData
import Text

/// Tokenised prompts with their ranked responses, ready for the loop: responses best first, rewards as the sampler
/// sees them.
public struct TrainingSet: Sendable {
  public struct Item: Sendable {
    public var prompt: [Int32]
    /// Each with its end-of-turn token, best first.
    public var responses: [[Int32]]
    public var rewards: [Double]
  }
  public let items: [Item]
  /// The same prompts as text, for observers.
  public let catalogue: RecordCatalogue

  /// - Parameter reference: the training data's annotated rewards, for held-out data to be in the same units.
  public init(
    examples: [EncodedExample], records: [PreferenceRecord], rewardScale: RewardScale, reference: [[Double]]? = nil
  ) {
    let scaled = rewardScale.apply(to: examples.map(\.rewards), momentsOf: reference)
    items = zip(examples, scaled).map { Item(prompt: $0.prompt, responses: $0.responses, rewards: $1) }
    catalogue = RecordCatalogue(records: examples.map { records[$0.record] }, rewards: scaled)
  }

  public var count: Int { items.count }

  /// The order of one epoch: Fisher–Yates with a stream of its own, so it depends on (seed, epoch) alone.
  func order(seed: UInt64, epoch: Int) -> [Int] {
    var stream = RandomStream(seed: seed, purpose: .shuffle, epoch: epoch)
    return Array(items.indices).shuffled(using: &stream)
  }
}

/// Text and rewards of a training set's prompts.
public struct RecordCatalogue: PromptCatalogue {
  private let records: [PreferenceRecord]
  private let rewards: [[Double]]

  init(records: [PreferenceRecord], rewards: [[Double]]) {
    self.records = records
    self.rewards = rewards
  }

  public var count: Int { records.count }

  public func prompt(_ index: Int) -> CataloguedPrompt {
    let record = records[index]
    return CataloguedPrompt(
      text: record.prompt.displayText, responses: record.responses.map(\.displayText), rewards: rewards[index])
  }
}

extension TextOrMessages {
  /// For a person to read: a single user turn as it is, longer conversations with the roles named.
  var displayText: String {
    switch self {
    case .text(let text): return text
    case .messages(let messages):
      if messages.count == 1 { return messages[0].content }
      return messages.map { "\($0.role): \($0.content)" }.joined(separator: "\n")
    }
  }
}
