import Control

/// What the run's events say about it, up to one moment. Nothing in it depends on the person at the screen, so a replay
/// takes the same events and gets the same value.
struct ObservedRun: Sendable {
  var phase: RunState = .loading
  var loading: [LoadingProgress] = []
  /// nil until the run has started.
  var description: RunDescription?
  /// The newest step, without its visits.
  var lastStep: StepRecord?
  var metrics = Metrics()
  /// The planned γ by step, index 0 is step 1.
  var gammaPlan: [Double] = []
  /// What the schedule of the learning rate is multiplied with.
  var peakLearningRate: Double?
  var marks: [Mark] = []
  var sampling = SamplingWindow()
  var prompts = PromptBook()
  /// The prompt that headed the list after the first step with visits.
  var firstListed: Int?
  /// The newest step's prompts, in training order.
  var lastVisits: [PromptVisit] = []
  var generations = GenerationBook()
  var shares: [AnswerShares] = []
  var lastEvaluation: EvaluationRecord?
  /// Those in force, the gravest first.
  var alarms: [Alarm] = []
  /// The step at which each was last told of as an event.
  var alarmNotes: [Alarm.Kind: Int] = [:]
  var events = Bounded<EventLine>(capacity: 2_000)
  var logs = Bounded<LogEntry>(capacity: 5_000)
  var lastCheckpoint: (step: Int, path: String)?
  /// Steps of all checkpoints that were written, ascending.
  var checkpoints: [Int] = []
  var summary: RunSummary?
  /// When the list of prompts was sorted last, seconds of the clock.
  private var lastSort = -Double.infinity
}

// MARK: - What follows from it

extension ObservedRun {
  var isPaused: Bool {
    if case .paused = phase { return true }
    return false
  }

  var isPausedOrPausing: Bool {
    if case .pausing = phase { return true }
    return isPaused
  }

  /// The trainer takes commands.
  var isSteerable: Bool {
    switch phase {
    case .running, .pausing, .paused: true
    case .loading, .stopping, .finished, .failed: false
    }
  }

  var hasEnded: Bool {
    switch phase {
    case .finished, .failed: true
    default: false
    }
  }

  /// The run's preference model has a γ.
  var hasGamma: Bool { !gammaPlan.isEmpty || lastStep?.gamma != nil }

  /// Responses from the front of a list that are no negatives.
  var preferred: Int { description?.preferred ?? 1 }

  /// Rewards of training prompts, evenly spread, for the what-if.
  var rewardSample: [[Double]] { description?.rewardSample ?? [] }

  /// Optimizer steps complete.
  var completedSteps: Int { lastStep?.step ?? 0 }

  /// γ in force now, or at the first step.
  var presentGamma: Double? { lastStep?.gamma ?? gammaPlan.first }

  var presentBeta: Double? { lastStep?.beta ?? description?.beta }

  func catalogued(_ prompt: Int) -> CataloguedPrompt? {
    guard let description, prompt >= 0, prompt < description.catalogue.count else { return nil }
    return description.catalogue.prompt(prompt)
  }

  /// The step's prompts with their share of its loss, the largest first. Losses below zero (IPO's and SPPO's are not,
  /// but a foreign record may hold any) count as nothing.
  var samplesByLoss: [(visit: PromptVisit, share: Double)] {
    let losses = lastVisits.map { $0.loss.isFinite ? max(0, $0.loss) : 0 }
    let total = losses.reduce(0, +)
    return zip(lastVisits, losses).map { ($0, total > 0 ? $1 / total : 0) }
      .sorted { $0.1 == $1.1 ? $0.0.prompt < $1.0.prompt : $0.1 > $1.1 }
  }
}

// MARK: - Small changes

extension ObservedRun {
  mutating func note(_ text: String, step: Int? = nil, _ style: Style = .text) {
    events.append(EventLine(step: step ?? completedSteps, text: text, style: style))
  }

  mutating func sortPrompts(now: Double) {
    prompts.sort()
    lastSort = now
  }

  /// Sorts once a second: a list that jumps with every step cannot be read. Less often where there is much to sort.
  mutating func sortPromptsIfDue(now: Double) {
    let interval = max(1, Double(prompts.entries.count) / 5_000)
    if now - lastSort >= interval { sortPrompts(now: now) }
  }
}
