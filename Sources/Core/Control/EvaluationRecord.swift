/// The numbers of one evaluation on held-out prompts.
public struct EvaluationRecord: Sendable, Equatable {
  /// Optimizer steps complete.
  public var step: Int
  public var epoch: Double
  public var values: MetricValues

  public init(step: Int, epoch: Double, values: MetricValues) {
    self.step = step
    self.epoch = epoch
    self.values = values
  }

  /// A record of the numbers that every evaluation measures.
  public init(
    step: Int, epoch: Double, loss: Double, chosenReward: Double, rejectedReward: Double, margin: Double,
    accuracy: Double, chosenLogProb: Double, rejectedLogProb: Double, hardestMargin: Double, meanMargin: Double,
    prompts: Int, runtime: Double, diagnostics: EvaluationDiagnostics? = nil
  ) {
    self.init(step: step, epoch: epoch, values: MetricValues())
    self.loss = loss
    self.chosenReward = chosenReward
    self.rejectedReward = rejectedReward
    self.margin = margin
    self.accuracy = accuracy
    self.chosenLogProb = chosenLogProb
    self.rejectedLogProb = rejectedLogProb
    self.hardestMargin = hardestMargin
    self.meanMargin = meanMargin
    self.diagnostics = diagnostics
    self.prompts = prompts
    self.runtime = runtime
  }
}

// MARK: - Metrics by name

extension EvaluationRecord {
  public var loss: Double {
    get { values.number(.evalLoss) }
    set { values[.evalLoss] = newValue }
  }
  public var chosenReward: Double {
    get { values.number(.evalChosenReward) }
    set { values[.evalChosenReward] = newValue }
  }
  public var rejectedReward: Double {
    get { values.number(.evalRejectedReward) }
    set { values[.evalRejectedReward] = newValue }
  }
  public var margin: Double {
    get { values.number(.evalMargin) }
    set { values[.evalMargin] = newValue }
  }
  public var accuracy: Double {
    get { values.number(.evalAccuracy) }
    set { values[.evalAccuracy] = newValue }
  }
  public var chosenLogProb: Double {
    get { values.number(.evalChosenLogProb) }
    set { values[.evalChosenLogProb] = newValue }
  }
  public var rejectedLogProb: Double {
    get { values.number(.evalRejectedLogProb) }
    set { values[.evalRejectedLogProb] = newValue }
  }
  public var hardestMargin: Double {
    get { values.number(.evalHardestMargin) }
    set { values[.evalHardestMargin] = newValue }
  }
  public var meanMargin: Double {
    get { values.number(.evalMeanMargin) }
    set { values[.evalMeanMargin] = newValue }
  }
  public var prompts: Int {
    get { values.count(.evalPrompts) }
    set { values[.evalPrompts] = Double(newValue) }
  }
  public var runtime: Double {
    get { values.number(.evalRuntime) }
    set { values[.evalRuntime] = newValue }
  }

  /// What the policy's implicit rewards say beside the loss; nil in records made without them.
  public var diagnostics: EvaluationDiagnostics? {
    get {
      guard values[.evalRankingAccuracy] != nil else { return nil }
      return EvaluationDiagnostics(
        lengthHardestMargin: values.number(.evalLengthHardestMargin),
        lengthMeanMargin: values.number(.evalLengthMeanMargin),
        rankingAccuracy: values.number(.evalRankingAccuracy),
        lengthCorrelation: values.number(.evalLengthCorrelation), policyKL: values[.evalPolicyKL], kl: values[.evalKL])
    }
    set {
      values[.evalLengthHardestMargin] = newValue?.lengthHardestMargin
      values[.evalLengthMeanMargin] = newValue?.lengthMeanMargin
      values[.evalRankingAccuracy] = newValue?.rankingAccuracy
      values[.evalLengthCorrelation] = newValue?.lengthCorrelation
      values[.evalPolicyKL] = newValue?.policyKL
      values[.evalKL] = newValue?.kl
    }
  }
}

/// Measures of a policy on held-out prompts beside its loss and RM_DPO. A number that the data does not give (a ranking
/// accuracy without pairs) is NaN.
public struct EvaluationDiagnostics: Sendable, Equatable, Codable {
  /// RM_R-DPO = RM_DPO + α(|y_w| − |y_l|) (paper Table 1) against the hardest dispreferred response and against the mean
  /// of all; mean over prompts.
  public var lengthHardestMargin: Double
  public var lengthMeanMargin: Double
  /// Share of all pairs of responses with different annotated rewards that β(l − l_ref) orders as annotated, strictly.
  public var rankingAccuracy: Double
  /// Pearson correlation of implicit reward and tokens over all held-out responses.
  public var lengthCorrelation: Double
  /// KL(policy ‖ reference) in nats an answer, estimated from answers that the policy samples at temperature 1; nil
  /// where none were sampled.
  public var policyKL: Double?
  /// KTO's reference point on the held-out prompts, nats; nil for every other loss.
  public var kl: Double?

  public init(
    lengthHardestMargin: Double, lengthMeanMargin: Double, rankingAccuracy: Double, lengthCorrelation: Double,
    policyKL: Double? = nil, kl: Double? = nil
  ) {
    self.lengthHardestMargin = lengthHardestMargin
    self.lengthMeanMargin = lengthMeanMargin
    self.rankingAccuracy = rankingAccuracy
    self.lengthCorrelation = lengthCorrelation
    self.policyKL = policyKL
    self.kl = kl
  }
}
