/// What a policy's implicit rewards say about its training, beside the loss.
public enum PolicyDiagnostics {
  /// How many response pairs the implicit reward orders as annotated.
  public struct Ranking: Sendable, Equatable {
    /// Pairs with different annotated rewards.
    public var pairs: Int
    /// Of these, those that β·D orders the same way, strictly.
    public var agreeing: Int
    /// agreeing/pairs; NaN without pairs.
    public var accuracy: Double { Double(agreeing) / Double(pairs) }

    public init(pairs: Int = 0, agreeing: Int = 0) {
      self.pairs = pairs
      self.agreeing = agreeing
    }

    public static func + (a: Ranking, b: Ranking) -> Ranking {
      Ranking(pairs: a.pairs + b.pairs, agreeing: a.agreeing + b.agreeing)
    }
  }

  /// Over all pairs of one prompt's responses, in any order.
  public static func ranking(of group: ScoredGroup) -> Ranking {
    guard group.isConsistent else { return Ranking() }
    let ratios = zip(group.logProbs, group.referenceLogProbs).map { $0 - $1 }
    var result = Ranking()
    for i in ratios.indices {
      for j in ratios.indices where group.rewards[i] > group.rewards[j] {
        result.pairs += 1
        if ratios[i] > ratios[j] { result.agreeing += 1 }
      }
    }
    return result
  }

  /// KL(policy ‖ reference) in nats a response from token log-ratios d = log π − log π_ref [response][token] of responses
  /// that the policy sampled at temperature 1: mean over responses of Σ_t (e^−d_t − 1 + d_t). By the chain rule the KL of
  /// a sequence is the expected sum of its tokens' KLs, each of which this estimates without bias and never below 0
  /// (Schulman 2020, "k3"); the sum over tokens varies far less than the same function of the whole sequence.
  ///
  /// - Returns: NaN for no responses.
  public static func kl(tokenLogRatios: [[Double]]) -> Double {
    let sums = tokenLogRatios.map { $0.reduce(0) { $0 + (StableMath.expMinusOne(-$1) + $1) } }
    return sums.reduce(0, +) / Double(sums.count)
  }

  /// Pearson correlation of two equally long lists, such as implicit rewards and lengths; NaN where either does not
  /// vary or the counts differ.
  public static func correlation(_ x: [Double], _ y: [Double]) -> Double {
    guard x.count == y.count, !x.isEmpty else { return .nan }
    let count = Double(x.count)
    let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
      xy += (a - meanX) * (b - meanY)
    }
    return xy / (xx.squareRoot() * yy.squareRoot())
  }
}
