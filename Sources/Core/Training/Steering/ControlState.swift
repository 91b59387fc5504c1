import Control

/// What commands have made of a run: its settings, and what was asked for and is still to be done. A value that knows
/// nothing of models; `TrainingLoop` owns one and does what it says.
struct ControlState: Sendable {
  /// Where the loop is when a command is read.
  struct Moment: Sendable {
    /// Optimizer steps complete.
    var step: Int
    var stepUnderWay = false
    var totalSteps: Int
    /// Training prompts.
    var prompts: Int
    /// Whether there is a session folder for checkpoints.
    var canSave = false
    /// While the disk refuses, a resume means: try again now.
    var waitsForDisk = false

    /// The first step that is not under way yet.
    var nextStep: Int { step + (stepUnderWay ? 2 : 1) }
    /// Complete steps once the one under way has ended.
    var settledStep: Int { step + (stepUnderWay ? 1 : 0) }
  }

  /// What a command asked for that must not fall into a step.
  enum Work: Equatable {
    case checkpoint(CommandRequest)
    case inspection(prompt: Int)
  }

  private(set) var settings: LiveSettings
  private(set) var pauseRequested = false
  /// True while the loop waits in a pause.
  var isPaused = false
  /// Steps to run before the next pause, the one to come included; nil for no such pause.
  private(set) var stepsBeforePause: Int?
  private(set) var stopRequest: CommandRequest?
  private var checkpoints: [CommandRequest] = []
  private var inspection: Int?
  /// Changes that an earlier process made after the checkpoint, waiting for their step.
  private var waiting: [RecordedChange] = []

  init(settings: LiveSettings) { self.settings = settings }

  // MARK: Commands

  /// Takes a command.
  /// - Returns: what is to be published, in order. A command that is work gets its answer when it is done.
  mutating func apply(_ request: CommandRequest, at moment: Moment) -> [RunEvent] {
    do throws(SettingRefusal) {
      return try take(request, at: moment)
    } catch {
      return [Self.refusal(request, error.description, step: moment.step)]
    }
  }

  private mutating func take(_ request: CommandRequest, at moment: Moment) throws(SettingRefusal) -> [RunEvent] {
    if request.command.needsAnotherStep {
      try require(stopRequest == nil, "the run is stopping")
      try require(
        moment.nextStep <= moment.totalSteps, "no step is left: the run ends at step \(moment.totalSteps)")
    }
    switch request.command {
    case .pause:
      try require(!pauseRequested, "the run is already paused or about to pause")
      pauseRequested = true
      stepsBeforePause = nil
      let answer = Self.answer(request, effectStep: moment.settledStep, at: moment)
      return moment.stepUnderWay ? [answer, .stateChanged(.pausing(afterStep: moment.settledStep))] : [answer]
    case .resume:
      try require(
        pauseRequested || stepsBeforePause != nil || moment.waitsForDisk, "the run is not paused")
      pauseRequested = false
      stepsBeforePause = nil
      let answer = Self.answer(request, effectStep: moment.nextStep, at: moment)
      return moment.stepUnderWay ? [answer, .stateChanged(.running)] : [answer]
    case .step(let count):
      try require(isPaused, "single steps need a paused run")
      try require(count >= 1, "the number of steps must be at least 1")
      pauseRequested = false
      // Two requests that come together add up; the run's length keeps a huge count from overflowing.
      stepsBeforePause = min(count, moment.totalSteps) + (stepsBeforePause.map { $0 + 1 } ?? 0) - 1
      return [Self.answer(request, effectStep: moment.nextStep, at: moment)]
    case .checkpoint:
      try require(moment.canSave, "this run has no session folder to save into")
      checkpoints.append(request)
      return []
    case .stop:
      try require(stopRequest == nil, "the run is already stopping")
      stopRequest = request
      return [.stateChanged(.stopping)]
    case .set(let key, let change): return try set(change, to: key, request, at: moment)
    case .inspect(let prompt):
      try require(
        (0..<moment.prompts).contains(prompt), "there is no prompt \(prompt); the run has \(moment.prompts)")
      inspection = prompt
      return [Self.answer(request, effectStep: moment.settledStep, at: moment)]
    }
  }

  private func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(SettingRefusal) {
    if !condition { throw SettingRefusal(description: sentence()) }
  }

  private mutating func set(
    _ change: Change, to key: Setting.Key, _ request: CommandRequest, at moment: Moment
  ) throws(SettingRefusal) -> [RunEvent] {
    let made = try settings.apply(change, to: key, from: moment.nextStep)
    waiting.removeAll { $0.key == key }
    let answer = Self.answer(request, effectStep: made.effect, at: moment, old: made.old, new: made.new)
    return [answer] + (made.plan.map { [.gammaPlan($0)] } ?? [])
  }

  // MARK: Between steps

  /// Counts one step of those before the next pause.
  mutating func countStep() {
    guard let left = stepsBeforePause else { return }
    stepsBeforePause = left == 0 ? nil : left - 1
    if left == 0 { pauseRequested = true }
  }

  /// Whether the loop is to wait before the next step.
  var mustPause: Bool { pauseRequested && stopRequest == nil }

  /// What is to be done before the next step; nil: nothing.
  var work: Work? {
    if let request = checkpoints.first { return .checkpoint(request) }
    return inspection.map { .inspection(prompt: $0) }
  }

  /// Call it when a checkpoint is on the disk, and before an inspection: it reads commands between its layers, and a
  /// new one may come meanwhile.
  mutating func done(_ work: Work) {
    switch work {
    case .checkpoint: checkpoints.removeFirst()
    case .inspection: inspection = nil
    }
  }

  /// At the end of a run that failed: what cannot be done any more is refused, so that every command has an answer.
  mutating func fail(_ late: [CommandRequest], _ error: any Error, at moment: Moment) -> [RunEvent] {
    let left = checkpoints + (stopRequest.map { [$0] } ?? []) + late
    checkpoints = []
    return left.map { Self.refusal($0, "the run has failed: \(error)", step: moment.step) }
  }

  // MARK: Going on from a checkpoint

  mutating func restore(_ state: TrainerState, totalSteps: Int, keeping kept: Set<Setting.Key>) throws {
    try settings.restore(state, totalSteps: totalSteps, keeping: kept)
  }

  /// Makes the changes again that were made for steps after `step`, each from the step at which it came into force first.
  /// What the checkpoint already holds of it is only said twice. A setting with a plan keeps its whole history by step, so
  /// it takes its changes at once; a later change for an earlier step replaces those planned after it, as at the first
  /// time. A setting that is one number waits for its step.
  mutating func reapply(_ changes: [RecordedChange], after step: Int) throws {
    for change in changes where change.nextStep > step {
      guard let live = settings.all.first(where: { $0.setting.key == change.key }) else {
        throw SettingRefusal(description: Setting.unknown(change.key, among: settings.all.map(\.setting)))
      }
      if live.plan != nil {
        try settings.reapply(change)
      } else {
        waiting.removeAll { $0.key == change.key && $0.nextStep >= change.nextStep }
        waiting.append(change)
      }
    }
  }

  /// Makes the changes that were made between steps `number − 1` and `number`.
  mutating func makeChanges(before number: Int) throws {
    try make { $0.nextStep <= number }
  }

  /// Makes the changes that were made while step `number` was under way: an evaluation after it sees them.
  mutating func makeChanges(during number: Int) throws {
    try make { $0.nextStep == number + 1 && $0.requestStep < number }
  }

  private mutating func make(_ isDue: (RecordedChange) -> Bool) throws {
    for change in waiting where isDue(change) { try settings.reapply(change) }
    waiting.removeAll(where: isDue)
  }

  // MARK: Answers

  static func answer(
    _ request: CommandRequest, effectStep: Int, at moment: Moment, old: Double? = nil, new: Double? = nil,
    path: String? = nil
  ) -> RunEvent {
    .acknowledged(
      CommandAcknowledgement(
        id: request.id, command: request.command, origin: request.origin, reason: request.reason,
        requestStep: moment.step, effectStep: effectStep, oldValue: old, newValue: new, path: path,
        nextStep: moment.nextStep))
  }

  private static func refusal(_ request: CommandRequest, _ sentence: String, step: Int) -> RunEvent {
    .acknowledged(
      CommandAcknowledgement(
        id: request.id, command: request.command, origin: request.origin, reason: request.reason,
        requestStep: step, effectStep: step, refusal: sentence))
  }
}

extension RunCommand {
  /// Whether the command is about a step that has not begun.
  fileprivate var needsAnotherStep: Bool {
    switch self {
    case .pause, .resume, .step, .set: true
    case .checkpoint, .stop, .inspect: false
    }
  }
}
