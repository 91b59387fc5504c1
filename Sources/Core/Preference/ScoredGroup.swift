/// The responses of one prompt that enter a loss, in the order of `Selection.responses`: the preferred one (or the
/// `preferred: k` ones) first. All arrays have the same length.
public struct ScoredGroup: Sendable, Equatable {
  /// l_i = Σ_t log π_θ(y_i,t | x, y_i,<t), nats, summed over the response's tokens, the end-of-turn token included.
  public var logProbs: [Double]
  /// l_i^ref, the same under the reference model; unused by reference-free losses.
  public var referenceLogProbs: [Double]
  /// |y_i|, scored tokens.
  public var lengths: [Int]
  /// r_i, annotated rewards after `RewardScale`.
  public var rewards: [Double]
  /// KTO only: the batch's KL estimate (`KTOLoss.klEstimate`), nats.
  public var kl: Double

  public init(
    logProbs: [Double], referenceLogProbs: [Double], lengths: [Int], rewards: [Double], kl: Double = 0
  ) {
    self.logProbs = logProbs
    self.referenceLogProbs = referenceLogProbs
    self.lengths = lengths
    self.rewards = rewards
    self.kl = kl
  }

  public var count: Int { logProbs.count }

  var isConsistent: Bool {
    referenceLogProbs.count == count && lengths.count == count && rewards.count == count
  }
}

/// The loss of one prompt and its derivative by each summed log-prob, dL/dl_i, in the group's order.
public struct LossValue: Sendable, Equatable {
  public var loss: Double
  public var gradient: [Double]

  public init(loss: Double, gradient: [Double]) {
    self.loss = loss
    self.gradient = gradient
  }
}

/// What one visit of a prompt trains on.
public struct Selection: Sendable, Equatable {
  /// Indices into the prompt's best-first list that must be scored, preferred ones first; a `ScoredGroup` follows this
  /// order.
  public var responses: [Int]
  /// How many of `responses`, from the front, are preferred.
  public var preferred: Int
  /// The one dispreferred response the loss is computed against (drawn by HPS, the worst for BT), as an index into the
  /// best-first list; nil where all enter.
  public var drawn: Int?
  /// HPS: q_i over all n responses of the list (Eq. 7), 0 for those that are no candidates; empty otherwise.
  public var probabilities: [Double]
  /// HPS: log q_i, −∞ for those that are no candidates; keeps what `probabilities` loses to underflow.
  public var logProbabilities: [Double]
  /// N, the number of dispreferred candidates.
  public var candidates: Int
  /// HPS: 1/Σ q_i², from 1 to N.
  public var ess: Double?
  /// Each response stands on its own (KTO, APO): the first `preferred` of `responses`, which may be none, are desirable
  /// and the others are not.
  public var isJudged: Bool

  public init(
    responses: [Int], preferred: Int = 1, drawn: Int? = nil, probabilities: [Double] = [],
    logProbabilities: [Double] = [], candidates: Int, ess: Double? = nil, isJudged: Bool = false
  ) {
    self.responses = responses
    self.preferred = preferred
    self.drawn = drawn
    self.probabilities = probabilities
    self.logProbabilities = logProbabilities
    self.candidates = candidates
    self.ess = ess
    self.isJudged = isJudged
  }
}
