/// The numbers of one optimizer step. Names in comments are those of the headless output (TRL's where TRL has one).
public struct StepRecord: Sendable, Equatable {
  /// `step`, counted from 1.
  public var step: Int
  /// `epoch`, fractional.
  public var epoch: Double
  /// `loss`: mean over the step's prompts.
  public var loss: Double
  /// `learning_rate` in force during the step.
  public var learningRate: Double
  /// `grad_norm`: L2 norm of the whole gradient before clipping.
  public var gradientNorm: Double
  /// `rewards/chosen`, `rewards/rejected`: mean β(l − l_ref), nats.
  public var chosenReward: Double
  public var rejectedReward: Double
  /// `rewards/margins`.
  public var margin: Double
  /// `rewards/accuracies`: share of prompts with chosen reward > rejected reward (strict).
  public var accuracy: Double
  /// `logps/chosen`, `logps/rejected`: mean summed log-probs under the policy, nats.
  public var chosenLogProb: Double
  public var rejectedLogProb: Double
  /// `gamma` in force during the step; nil for preference models without γ.
  public var gamma: Double?
  /// `ess`: mean over prompts of 1/Σq².
  public var ess: Double?
  /// Share of prompts with ESS < 1.5.
  public var saturatedShare: Double?
  /// `num_tokens` seen since the run began.
  public var tokens: Int
  /// `step_time`, seconds.
  public var stepTime: Double
  public var beta: Double
  /// `kl`: KTO's reference point, max(0, mean log-ratio of mismatched pairs), nats; nil for every other loss.
  public var kl: Double?
  /// One entry per prompt of the step, in training order.
  public var visits: [PromptVisit]

  public init(
    step: Int, epoch: Double, loss: Double, learningRate: Double, gradientNorm: Double, chosenReward: Double,
    rejectedReward: Double, margin: Double, accuracy: Double, chosenLogProb: Double, rejectedLogProb: Double,
    gamma: Double?, ess: Double?, saturatedShare: Double?, tokens: Int, stepTime: Double, beta: Double,
    visits: [PromptVisit], kl: Double? = nil
  ) {
    self.step = step
    self.epoch = epoch
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
    self.tokens = tokens
    self.stepTime = stepTime
    self.beta = beta
    self.visits = visits
    self.kl = kl
  }
}

/// One prompt's part in one optimizer step.
public struct PromptVisit: Sendable, Equatable {
  /// Index into the run's `PromptCatalogue`.
  public var prompt: Int
  /// The dispreferred response the loss was computed against: the drawn one for HPS `sample`/`sample_n`, the worst for
  /// BT, nil where all responses enter (PL, HPS `expectation`).
  public var drawn: Int?
  /// q_drawn (HPS Eq. 7) at the γ in force; nil without a draw.
  public var drawnProbability: Double?
  /// 1/Σq² of this prompt at the γ in force.
  public var ess: Double?
  /// The responses that were scored, with their numbers.
  public var scored: [ScoredResponse]
  /// β[(l_best − l_best^ref) − (l_drawn − l_drawn^ref)]; against the hardest dispreferred where none was drawn.
  public var margin: Double
  /// This prompt's loss.
  public var loss: Double

  public init(
    prompt: Int, drawn: Int?, drawnProbability: Double?, ess: Double?, scored: [ScoredResponse], margin: Double,
    loss: Double
  ) {
    self.prompt = prompt
    self.drawn = drawn
    self.drawnProbability = drawnProbability
    self.ess = ess
    self.scored = scored
    self.margin = margin
    self.loss = loss
  }
}

/// A response's log-probs under policy and reference, summed over its tokens, nats.
public struct ScoredResponse: Sendable, Equatable, Codable {
  /// Index into `CataloguedPrompt.responses` (0 is the best).
  public var response: Int
  public var logProb: Double
  public var referenceLogProb: Double
  /// Scored tokens, the end-of-turn token included.
  public var tokens: Int

  public init(response: Int, logProb: Double, referenceLogProb: Double, tokens: Int) {
    self.response = response
    self.logProb = logProb
    self.referenceLogProb = referenceLogProb
    self.tokens = tokens
  }
}

/// All responses of one prompt scored at one moment, for the inspector.
public struct PromptInspection: Sendable, Equatable, Codable {
  public var prompt: Int
  /// Optimizer steps complete when it was scored.
  public var step: Int
  public var scored: [ScoredResponse]

  public init(prompt: Int, step: Int, scored: [ScoredResponse]) {
    self.prompt = prompt
    self.step = step
    self.scored = scored
  }
}

/// The numbers of one evaluation on held-out prompts (`eval_` names in the headless output).
public struct EvaluationRecord: Sendable, Equatable, Codable {
  public var step: Int
  public var epoch: Double
  public var loss: Double
  public var chosenReward: Double
  public var rejectedReward: Double
  public var margin: Double
  public var accuracy: Double
  public var chosenLogProb: Double
  public var rejectedLogProb: Double
  /// RM_DPO of the best against the hardest dispreferred response (paper Table 1), mean over prompts.
  public var hardestMargin: Double
  /// The same against the mean of all dispreferred responses.
  public var meanMargin: Double
  public var prompts: Int
  public var runtime: Double
  /// What the policy's implicit rewards say beside the loss; nil in records made without them.
  public var diagnostics: EvaluationDiagnostics?

  public init(
    step: Int, epoch: Double, loss: Double, chosenReward: Double, rejectedReward: Double, margin: Double,
    accuracy: Double, chosenLogProb: Double, rejectedLogProb: Double, hardestMargin: Double, meanMargin: Double,
    prompts: Int, runtime: Double, diagnostics: EvaluationDiagnostics? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.chosenReward = chosenReward
    self.rejectedReward = rejectedReward
    self.margin = margin
    self.accuracy = accuracy
    self.chosenLogProb = chosenLogProb
    self.rejectedLogProb = rejectedLogProb
    self.hardestMargin = hardestMargin
    self.meanMargin = meanMargin
    self.prompts = prompts
    self.runtime = runtime
    self.diagnostics = diagnostics
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

public struct GenerationRecord: Sendable, Equatable, Codable {
  public var step: Int
  public var prompt: String
  public var policy: String
  public var reference: String
  /// The rubric's word for each answer where the data's truth is known.
  public var policyGrade: String?
  public var referenceGrade: String?
  /// 0 is greedy.
  public var temperature: Double

  public init(
    step: Int, prompt: String, policy: String, reference: String, policyGrade: String? = nil,
    referenceGrade: String? = nil, temperature: Double
  ) {
    self.step = step
    self.prompt = prompt
    self.policy = policy
    self.reference = reference
    self.policyGrade = policyGrade
    self.referenceGrade = referenceGrade
    self.temperature = temperature
  }
}

/// Shares of answer kinds, as a rubric that knows the truth grades them.
public struct AnswerShares: Sendable, Equatable, Codable {
  public struct Share: Sendable, Equatable, Codable {
    public var kind: String
    public var fraction: Double

    public init(kind: String, fraction: Double) {
      self.kind = kind
      self.fraction = fraction
    }
  }
  public var step: Int
  public var samples: Int
  public var temperature: Double
  /// In the rubric's order, best kind first; fractions add up to 1.
  public var shares: [Share]

  public init(step: Int, samples: Int, temperature: Double, shares: [Share]) {
    self.step = step
    self.samples = samples
    self.temperature = temperature
    self.shares = shares
  }
}
