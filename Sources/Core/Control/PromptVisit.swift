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
