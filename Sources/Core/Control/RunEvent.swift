/// Everything a trainer tells its observers. Screen, headless log and recorder all live on this one stream, so they
/// cannot drift apart. Events are small values; an observer never holds the trainer up.
public enum RunEvent: Sendable {
  /// What is being prepared before the first step.
  case loading(LoadingProgress)
  /// The run is ready: sent once, before the first step.
  case started(RunDescription)
  case stateChanged(RunState)
  case step(StepRecord)
  case evaluation(EvaluationRecord)
  /// Policy beside reference on one held-out prompt.
  case generation(GenerationRecord)
  /// Shares of answer kinds among samples to held-out prompts; only for data whose truth is known (the demo world).
  case answerShares(AnswerShares)
  /// The planned γ for every optimizer step (index 0 is step 1), sent at start and after each override.
  case gammaPlan([Double])
  case acknowledged(CommandAcknowledgement)
  case inspected(PromptInspection)
  case checkpoint(step: Int, path: String)
  case log(LogLine)
  case finished(RunSummary)
}

public struct LoadingProgress: Sendable, Equatable {
  /// A short phrase: "reading prefs.jsonl.gz", "mapping model.safetensors".
  public var what: String
  /// 0…1, or nil where the total is not known.
  public var fraction: Double?

  public init(what: String, fraction: Double? = nil) {
    self.what = what
    self.fraction = fraction
  }
}

/// What does not change during a run.
public struct RunDescription: Sendable {
  /// The run's short name (the session folder's last component).
  public var name: String
  public var modelName: String
  /// "HPS-DPO", "BT-DPO", …
  public var method: String
  /// "sample", "sample_n" or "expectation" for HPS; nil otherwise.
  public var estimator: String?
  /// Responses from the front of each list that count as preferred (HPS, Appendix E).
  public var preferred: Int
  public var totalSteps: Int
  public var stepsPerEpoch: Double
  public var promptsPerStep: Int
  public var learningRate: Double
  public var beta: Double
  public var precision: String
  public var threads: Int
  /// Trainable parameters of the adapter.
  public var trainableParameters: Int
  public var sessionPath: String?
  public var catalogue: any PromptCatalogue
  /// Rewards of prompts spread evenly over the catalogue, for estimates over the whole data set.
  public var rewardSample: [[Double]]
  /// A sentence the screen always shows, such as the demo's "a teaching world".
  public var notice: String?
  /// Names what grades the run's answers (`AnswerGrader.key`); nil where nothing does.
  public var grader: String?
  /// The run that this one is a branch of.
  public var parent: ParentRun?

  public init(
    name: String, modelName: String, method: String, estimator: String?, totalSteps: Int, stepsPerEpoch: Double,
    promptsPerStep: Int, learningRate: Double, beta: Double, precision: String, threads: Int,
    trainableParameters: Int, sessionPath: String?, catalogue: any PromptCatalogue,
    rewardSample: [[Double]]? = nil, preferred: Int = 1, notice: String? = nil,
    grader: String? = nil, parent: ParentRun? = nil
  ) {
    self.name = name
    self.modelName = modelName
    self.method = method
    self.estimator = estimator
    self.preferred = preferred
    self.totalSteps = totalSteps
    self.stepsPerEpoch = stepsPerEpoch
    self.promptsPerStep = promptsPerStep
    self.learningRate = learningRate
    self.beta = beta
    self.precision = precision
    self.threads = threads
    self.trainableParameters = trainableParameters
    self.sessionPath = sessionPath
    self.catalogue = catalogue
    self.rewardSample = rewardSample ?? catalogue.rewardSample
    self.notice = notice
    self.grader = grader
    self.parent = parent
  }
}

/// Where a branch began.
public struct ParentRun: Sendable, Equatable {
  /// The parent's session folder.
  public var session: String
  /// Optimizer steps complete at the checkpoint.
  public var step: Int

  public init(session: String, step: Int) {
    self.session = session
    self.step = step
  }
}

/// The training prompts with their ranked responses, as text, for an observer to show.
public protocol PromptCatalogue: Sendable {
  var count: Int { get }
  /// Responses are sorted by annotated reward, best first; their indices are those of `PromptVisit`.
  func prompt(_ index: Int) -> CataloguedPrompt
  /// The prompt's rewards alone, best first.
  func rewards(_ index: Int) -> [Double]
}

extension PromptCatalogue {
  public func rewards(_ index: Int) -> [Double] { prompt(index).rewards }

  /// Prompts in `rewardSample`.
  public static var mostSampled: Int { 2_500 }

  /// Rewards of at most `mostSampled` prompts, evenly spread.
  public var rewardSample: [[Double]] {
    let sampled = min(count, Self.mostSampled)
    // Exact, and free of overflow for any count.
    return (0..<sampled).map { rewards($0 * (count / sampled) + $0 * (count % sampled) / sampled) }
  }
}

public struct CataloguedPrompt: Sendable, Equatable {
  public var text: String
  public var responses: [String]
  /// Annotated rewards r_i, best first, as the sampler sees them (after `reward_scale`).
  public var rewards: [Double]

  public init(text: String, responses: [String], rewards: [Double]) {
    self.text = text
    self.responses = responses
    self.rewards = rewards
  }
}

public struct LogLine: Sendable, Equatable, Codable {
  public enum Level: String, Sendable, CaseIterable, Codable { case info, warning, error }
  public var level: Level
  public var text: String

  public init(level: Level, text: String) {
    self.level = level
    self.text = text
  }
}

public struct RunSummary: Sendable, Equatable, Codable {
  public var steps: Int
  /// Wall seconds from the first step's begin to the last one's end, pauses left out.
  public var trainRuntime: Double
  public var trainLoss: Double
  public var pairsPerSecond: Double
  /// The last checkpoint, if one was written.
  public var checkpointPath: String?
  public var reason: Reason

  /// Why a run has ended.
  public enum Reason: String, Sendable, Codable {
    /// It ran its last step.
    case completed
    /// Somebody asked for it.
    case stopped
    /// By a signal.
    case interrupted
    /// By an error.
    case failed
  }

  public init(
    steps: Int, trainRuntime: Double, trainLoss: Double, pairsPerSecond: Double, checkpointPath: String?,
    reason: Reason
  ) {
    self.steps = steps
    self.trainRuntime = trainRuntime
    self.trainLoss = trainLoss
    self.pairsPerSecond = pairsPerSecond
    self.checkpointPath = checkpointPath
    self.reason = reason
  }
}
