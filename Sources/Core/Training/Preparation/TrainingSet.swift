import Base
import Control
import Evaluation
import Preference
import PreferenceData
import Text

/// Tokenised prompts with their ranked responses, ready for the loop: responses best first, rewards as the sampler
/// sees them. Token ids and texts are read from their store when they are asked for.
public struct TrainingSet: Sendable, SequenceLengths, RankedGroups {
  public typealias Item = RankedGroup

  /// The items by index.
  public struct Items: Sendable {
    fileprivate let data: PreferenceReader.Encoded
    /// Scaled; all items', one after another.
    fileprivate let rewards: ScaledRewards

    public var indices: Range<Int> { 0..<data.count }

    /// - Throws: `DataError.damagedCache` where the file behind the store has been changed meanwhile.
    public subscript(index: Int) -> Item {
      get throws {
        let example = try data.store.example(data.indices[index])
        return Item(prompt: example.prompt, responses: example.responses, rewards: rewards[index])
      }
    }
  }

  public let items: Items
  /// The same prompts as text, for observers.
  public let catalogue: DataCatalogue

  /// - Parameter reference: the training data's annotated rewards, for held-out data to be in the same units.
  public init(_ data: PreferenceReader.Encoded, rewardScale: RewardScale, reference: [[Double]]? = nil) {
    items = Items(
      data: data, rewards: ScaledRewards(data, scale: rewardScale, reference: reference))
    catalogue = DataCatalogue(items: items)
  }

  /// Examples that are at hand.
  public init(
    examples: [EncodedExample], records: [PreferenceRecord], rewardScale: RewardScale, reference: [[Double]]? = nil
  ) {
    let store = ExampleStore(examples, records)
    self.init(
      PreferenceReader.Encoded(store: store, indices: Array(0..<store.count), report: DataReport()),
      rewardScale: rewardScale, reference: reference)
  }

  public var count: Int { items.data.count }

  public func group(_ index: Int) throws -> RankedGroup { try items[index] }

  /// Of a prompt's responses, best first, without reading them.
  public func rewards(_ index: Int) -> [Double] { items.rewards[index] }

  public func responseCount(_ index: Int) -> Int { items.data.store.responseCount(items.data.indices[index]) }

  /// Tokens of the longest prompt with its longest response.
  public var longestSequence: Int { items.data.longestSequence }

  /// Tokens of the longest prompt with all its responses.
  public var longestGroup: Int { items.data.longestGroup }

  /// Tokens of the longest prompt.
  public var longestPrompt: Int { items.data.longestPrompt }

  /// The most tokens that one prompt's responses have together.
  public var longestResponses: Int { items.data.longestResponses }

  /// The order of one epoch: Fisher–Yates with a stream of its own, so it depends on (seed, epoch) alone.
  func order(seed: UInt64, epoch: Int) -> [Int] {
    var stream = RandomStream(seed: seed, purpose: .shuffle, epoch: epoch)
    return Array(items.indices).shuffled(using: &stream)
  }
}

/// Lists of rewards in one array.
private struct ScaledRewards: Sendable {
  private var values: [Double] = []
  private var starts: [Int] = [0]

  init(_ data: PreferenceReader.Encoded, scale: RewardScale, reference: [[Double]]?) {
    // Only the whole data set's moments need all lists at once.
    let step = scale == .datasetZscore ? max(1, data.count) : 4096
    for start in stride(from: 0, to: data.count, by: step) {
      let lists = data.indices[start..<min(start + step, data.count)].map(data.store.rewards)
      for list in scale.apply(to: lists, momentsOf: reference) {
        values += list
        starts.append(values.count)
      }
    }
  }

  subscript(index: Int) -> [Double] { Array(values[starts[index]..<starts[index + 1]]) }
}

/// Text and rewards of a training set's prompts.
public struct DataCatalogue: PromptCatalogue {
  fileprivate let items: TrainingSet.Items

  public var count: Int { items.data.count }

  public func rewards(_ index: Int) -> [Double] { items.rewards[index] }

  public func prompt(_ index: Int) -> CataloguedPrompt {
    let rewards = items.rewards[index]
    do {
      let texts = try items.data.store.texts(items.data.indices[index])
      return CataloguedPrompt(text: texts.prompt, responses: texts.responses, rewards: rewards)
    } catch {
      // The next step that needs these rows ends the run with this sentence.
      return CataloguedPrompt(text: "\(error)", responses: rewards.map { _ in "" }, rewards: rewards)
    }
  }
}
