import Control

/// What the training loop needs to know, free of files and YAML.
public struct LoopSettings: Sendable {
  public var promptsPerStep: Int
  public var totalSteps: Int
  public var learningRate: LearningRateSchedule
  public var weightDecay: Double
  public var maxGradientNorm: Double
  public var seed: UInt64
  /// Orders each epoch's prompts; `seed` unless the run is a branch.
  public var orderSeed: UInt64
  /// Optimizer steps between evaluations; 0: none.
  public var evaluationSteps: Int
  /// Optimizer steps between checkpoints; 0: only at the end.
  public var saveSteps: Int
  /// The last so many checkpoints are kept, and the best one; nil keeps all.
  public var savedCheckpoints: Int?
  /// An evaluation that improves on this saves a checkpoint, which is kept until a better one comes.
  public var bestMetric: EvaluationMetric?
  /// Score the reference anew at every visit instead of once per response; for checking and for benchmarks.
  public var liveReference: Bool
  /// Tokens of prompt and response together, for pairs that are not rows of the data (KTO's mismatched ones).
  public var maxLength = Int.max
  /// LoRA+: how many times the learning rate of A that of B is.
  public var loraPlusRatio = 1.0
  /// Measured beside the catalogue's metrics, after every step.
  public var extraMetrics: [ExtraMetric] = []
  /// May be steered beside those of `Setting.table`: each with its value to begin with. What reads them is an
  /// `ExtraMetric`.
  public var extraSettings: [(setting: Setting, value: Double)] = []

  public init(
    promptsPerStep: Int, totalSteps: Int, learningRate: LearningRateSchedule, weightDecay: Double,
    maxGradientNorm: Double, seed: UInt64, evaluationSteps: Int, saveSteps: Int, liveReference: Bool,
    savedCheckpoints: Int? = nil, bestMetric: EvaluationMetric? = nil
  ) {
    self.promptsPerStep = promptsPerStep
    self.totalSteps = totalSteps
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.maxGradientNorm = maxGradientNorm
    self.seed = seed
    orderSeed = seed
    self.evaluationSteps = evaluationSteps
    self.saveSteps = saveSteps
    self.liveReference = liveReference
    self.savedCheckpoints = savedCheckpoints
    self.bestMetric = bestMetric
  }

  /// Optimizer steps of one pass over `prompts` prompts; the last one may be shorter.
  public static func stepsPerEpoch(prompts: Int, promptsPerStep: Int) -> Int {
    (prompts + promptsPerStep - 1) / promptsPerStep
  }
}
