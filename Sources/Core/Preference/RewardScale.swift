/// In which units γ meets the annotated rewards. The order of the responses never changes.
public enum RewardScale: String, CaseIterable, Sendable, Codable {
  /// As annotated (the paper).
  case none
  /// (r − mean)/sd over each prompt's responses.
  case promptZscore = "prompt_zscore"
  /// (r − mean)/sd over all responses of the dataset.
  case datasetZscore = "dataset_zscore"

  /// - Parameters:
  ///   - rewards: [prompts][responses].
  ///   - reference: the rewards whose moments `datasetZscore` uses, so that held-out data is in the training data's
  ///     units; nil for `rewards` themselves.
  /// - Returns: the same shape. sd is the population's (divided by the count); where it is 0, all rewards become 0.
  public func apply(to rewards: [[Double]], momentsOf reference: [[Double]]? = nil) -> [[Double]] {
    switch self {
    case .none:
      return rewards
    case .promptZscore:
      return rewards.map { list in
        let (mean, deviation) = Self.moments(CollectionOfOne(list))
        return list.map { Self.standardise($0, mean, deviation) }
      }
    case .datasetZscore:
      let (mean, deviation) = Self.moments(reference ?? rewards)
      return rewards.map { list in list.map { Self.standardise($0, mean, deviation) } }
    }
  }

  /// Two passes: the mean first, so that large offsets do not cancel.
  private static func moments(_ lists: some Collection<[Double]>) -> (mean: Double, deviation: Double) {
    var count = 0
    var sum = 0.0
    for list in lists {
      count += list.count
      for r in list { sum += r }
    }
    guard count > 0 else { return (0, 0) }
    let mean = sum / Double(count)
    var squares = 0.0
    for list in lists { for r in list { squares += (r - mean) * (r - mean) } }
    return (mean, (squares / Double(count)).squareRoot())
  }

  private static func standardise(_ r: Double, _ mean: Double, _ deviation: Double) -> Double {
    deviation == 0 ? 0 : (r - mean) / deviation
  }
}
