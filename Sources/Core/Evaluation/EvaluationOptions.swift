/// What an evaluation does beside the held-out loss and margins.
public struct EvaluationOptions: Sendable {
  /// Held-out prompts answered greedily by policy and reference at every evaluation.
  public var generations = 2
  public var maxNewTokens = 128
  public var grader: (any AnswerGrader)?
  /// Answers sampled and graded at every evaluation where there is a grader.
  public var gradedSamples = 200
  public var gradedTemperature = 0.9
  public var samplesPerPrompt = 5
  /// Held-out prompts answered at temperature 1 for the estimate of KL(policy ‖ reference), and answers to each; 0: none.
  public var divergencePrompts = 4
  public var divergenceSamples = 4
  /// α of RM_R-DPO, nats a token.
  public var lengthWeight = 0.05
  /// Tokens of prompt and response together (`LoopSettings.maxLength`).
  public var maxLength = Int.max

  public init() {}

  /// The most answers to one prompt that are sampled together.
  public var mostSamples: Int {
    [generations > 0 ? 1 : 0, divergencePrompts > 0 ? divergenceSamples : 0, grader == nil ? 0 : samplesPerPrompt]
      .reduce(0, max)
  }
}
