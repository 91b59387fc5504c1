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
