import PreferenceData

/// One prompt with its responses as token ids, best first.
public struct RankedGroup: Sendable, Equatable {
  /// [P], never scored.
  public var prompt: [Int32]
  /// [n][R_i], each with its end-of-turn token, best first.
  public var responses: [[Int32]]
  /// [n] annotated rewards, descending, as the objective reads them.
  public var rewards: [Double]

  public init(prompt: [Int32], responses: [[Int32]], rewards: [Double]) {
    self.prompt = prompt
    self.responses = responses
    self.rewards = rewards
  }
}

/// Prompts with ranked responses, any of them by its index: what a model is scored on. A training set is one, and so is a
/// plain list of examples.
public protocol RankedGroups: Sendable {
  var count: Int { get }

  /// - Throws: `DataError.damagedCache` where the file behind the groups has been changed meanwhile.
  func group(_ index: Int) throws -> RankedGroup

  /// Of a prompt's responses, best first, without reading them.
  func rewards(_ index: Int) -> [Double]

  func responseCount(_ index: Int) -> Int
}

extension RankedGroups {
  public var indices: Range<Int> { 0..<count }

  /// Every prompt with all its responses, as `GroupScorer` is asked for them.
  public var everyResponse: [(prompt: Int, responses: [Int])] {
    indices.map { (prompt: $0, responses: Array(0..<responseCount($0))) }
  }
}

/// Examples in memory.
extension [RankedGroup]: RankedGroups {
  public func group(_ index: Int) -> RankedGroup { self[index] }
  public func rewards(_ index: Int) -> [Double] { self[index].rewards }
  public func responseCount(_ index: Int) -> Int { self[index].responses.count }

  public init(_ examples: [EncodedExample]) {
    self = examples.map { RankedGroup(prompt: $0.prompt, responses: $0.responses, rewards: $0.rewards) }
  }
}
