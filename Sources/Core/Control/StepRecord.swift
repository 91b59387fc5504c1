/// The numbers of one optimizer step.
public struct StepRecord: Sendable, Equatable {
  /// Counted from 1.
  public var step: Int
  /// Passes over the training prompts, with fractions.
  public var epoch: Double
  public var values: MetricValues
  /// One entry per prompt of the step, in training order.
  public var visits: [PromptVisit]

  public init(step: Int, epoch: Double, values: MetricValues, visits: [PromptVisit]) {
    self.step = step
    self.epoch = epoch
    self.values = values
    self.visits = visits
  }

  /// A record of the numbers that every run measures.
  public init(
    step: Int, epoch: Double, loss: Double, learningRate: Double, gradientNorm: Double, chosenReward: Double,
    rejectedReward: Double, margin: Double, accuracy: Double, chosenLogProb: Double, rejectedLogProb: Double,
    gamma: Double?, ess: Double?, saturatedShare: Double?, tokens: Int, stepTime: Double, beta: Double,
    visits: [PromptVisit], kl: Double? = nil
  ) {
    self.init(step: step, epoch: epoch, values: MetricValues(), visits: visits)
    self.loss = loss
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.chosenReward = chosenReward
    self.rejectedReward = rejectedReward
    self.margin = margin
    self.accuracy = accuracy
    self.chosenLogProb = chosenLogProb
    self.rejectedLogProb = rejectedLogProb
    self.gamma = gamma
    self.ess = ess
    self.saturatedShare = saturatedShare
    self.beta = beta
    self.kl = kl
    self.tokens = tokens
    self.stepTime = stepTime
  }
}

// MARK: - Metrics by name

extension StepRecord {
  public var loss: Double {
    get { values.number(.loss) }
    set { values[.loss] = newValue }
  }
  public var learningRate: Double {
    get { values.number(.learningRate) }
    set { values[.learningRate] = newValue }
  }
  public var gradientNorm: Double {
    get { values.number(.gradientNorm) }
    set { values[.gradientNorm] = newValue }
  }
  public var chosenReward: Double {
    get { values.number(.chosenReward) }
    set { values[.chosenReward] = newValue }
  }
  public var rejectedReward: Double {
    get { values.number(.rejectedReward) }
    set { values[.rejectedReward] = newValue }
  }
  public var margin: Double {
    get { values.number(.margin) }
    set { values[.margin] = newValue }
  }
  public var accuracy: Double {
    get { values.number(.accuracy) }
    set { values[.accuracy] = newValue }
  }
  public var chosenLogProb: Double {
    get { values.number(.chosenLogProb) }
    set { values[.chosenLogProb] = newValue }
  }
  public var rejectedLogProb: Double {
    get { values.number(.rejectedLogProb) }
    set { values[.rejectedLogProb] = newValue }
  }
  public var gamma: Double? {
    get { values[.gamma] }
    set { values[.gamma] = newValue }
  }
  public var ess: Double? {
    get { values[.ess] }
    set { values[.ess] = newValue }
  }
  public var saturatedShare: Double? {
    get { values[.saturatedShare] }
    set { values[.saturatedShare] = newValue }
  }
  public var beta: Double {
    get { values.number(.beta) }
    set { values[.beta] = newValue }
  }
  public var kl: Double? {
    get { values[.kl] }
    set { values[.kl] = newValue }
  }
  public var tokens: Int {
    get { values.count(.tokens) }
    set { values[.tokens] = Double(newValue) }
  }
  public var stepTime: Double {
    get { values.number(.stepTime) }
    set { values[.stepTime] = newValue }
  }
}
