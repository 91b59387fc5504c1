import Control
import Preference

/// Where an earlier process of a session was, and what it knew: all that the numbers to come depend on and that is not
/// in the run file.
public struct ResumePoint: Sendable {
  /// A reference log-prob that was used: Σ_t log π_ref(y_t | x, y_<t), nats.
  public struct Reference: Sendable, Equatable {
    public var prompt: Int
    public var response: Int
    public var logProb: Double

    public init(prompt: Int, response: Int, logProb: Double) {
      self.prompt = prompt
      self.response = response
      self.logProb = logProb
    }
  }

  /// The checkpoint to go on from; nil begins at step 1 again.
  public var checkpoint: CheckpointStore.Saved?
  /// In the order in which they were used.
  public var references: [Reference]
  /// Every change of γ, learning rate or β that was answered, in order, those before the checkpoint included.
  public var changes: [RecordedChange]
  /// What the session was trained with.
  public var modelHash: String
  public var dataHash: String
  public var engine: String
  /// Go on although one of them is another now.
  public var force: Bool
  /// Set where the checkpoint is another session's, of which this one is a branch.
  public var branch: BranchOrigin?
  /// What the session's record announces; nothing for a branch, which has no checkpoint of its own yet.
  public var announced: AnnouncedCheckpoints
  /// Keeps the checkpoint from being removed by the run that wrote it until it was read.
  public var reading: FolderInUse?
  /// The session's folder, from before its record was read; nil for a branch, which begins in one of its own.
  public var folder: HeldFolder?

  public init(
    checkpoint: CheckpointStore.Saved?, references: [Reference], changes: [RecordedChange], modelHash: String,
    dataHash: String, engine: String, force: Bool, branch: BranchOrigin? = nil,
    announced: AnnouncedCheckpoints = AnnouncedCheckpoints(), reading: FolderInUse? = nil,
    folder: HeldFolder? = nil
  ) {
    self.checkpoint = checkpoint
    self.references = references
    self.changes = changes
    self.modelHash = modelHash
    self.dataHash = dataHash
    self.engine = engine
    self.force = force
    self.branch = branch
    self.announced = announced
    self.reading = reading
    self.folder = folder
  }

  /// What is not as it was, one phrase each.
  func differences(from facts: RunFacts) -> [String] {
    var changed: [String] = []
    if facts.modelHash != modelHash { changed.append("the model's files have changed") }
    if facts.dataHash != dataHash { changed.append("the training data has changed") }
    if facts.engine != engine { changed.append("the engine was \(engine) and is \(facts.engine)") }
    return changed
  }
}

/// A change of γ, learning rate or β as it was obeyed.
public struct RecordedChange: Sendable, Equatable {
  public var command: RunCommand
  /// Optimizer steps complete when it was obeyed, and the first step that had not begun.
  public var requestStep: Int
  public var nextStep: Int

  /// nil for anything but an obeyed change.
  public init?(_ answer: CommandAcknowledgement) {
    guard answer.refusal == nil, let next = answer.nextStep else { return nil }
    switch answer.command {
    case .gamma, .learningRate, .beta: break
    default: return nil
    }
    command = answer.command
    requestStep = answer.requestStep
    nextStep = next
  }
}

extension TrainingLoop {
  /// Obeys again what was obeyed for steps after the checkpoint, each change from the step at which it came into force
  /// first. What the checkpoint already holds of it is only said twice. γ keeps its whole history by step, so it takes
  /// its changes at once; a later change for an earlier step replaces those planned after it, as at the first time.
  func obeyAgain(_ changes: [RecordedChange]) throws {
    for change in changes where change.nextStep > step {
      switch change.command {
      case .gamma(.hold(let value)): try gamma.hold(value, from: change.nextStep)
      case .gamma(.ramp(let target, let steps)): try gamma.ramp(to: target, steps: steps, from: change.nextStep)
      case .gamma(.at(let step, let value)): try gamma.set(value, at: step, from: change.nextStep)
      case .gamma(.schedule): try gamma.returnToSchedule(from: change.nextStep)
      default:
        pendingChanges.removeAll { $0.command.key == change.command.key && $0.nextStep >= change.nextStep }
        pendingChanges.append(change)
      }
    }
  }

  /// Changes that were obeyed between steps `number − 1` and `number`.
  func takePendingChanges(before number: Int) {
    take { $0.nextStep <= number }
  }

  /// Changes that were obeyed while step `number` was under way: an evaluation after it sees them.
  func takePendingChanges(during number: Int) {
    take { $0.nextStep == number + 1 && $0.requestStep < number }
  }

  private func take(_ isDue: (RecordedChange) -> Bool) {
    for change in pendingChanges where isDue(change) {
      switch change.command {
      case .learningRate(let value): learningRate.base = value
      case .beta(let value): objective.beta = value
      default: break
      }
    }
    pendingChanges.removeAll(where: isDue)
  }

  /// Throws where the session folder is not this run's any more.
  func requireFolder() throws { try journal?.requireFolder() }

  /// Waits while the record cannot be written.
  func untilTheRecordTakes() throws {
    try requireFolder()
    try untilTheDiskTakes { [journal] in
      guard journal?.trouble != nil else { return nil }
      try journal?.requireFolder()
      journal?.retry()
      return journal?.trouble
    }
  }

  /// Tries `attempt` until it has no complaint. Meanwhile the run is paused, says why, and reads commands; a resume
  /// tries at once, a stop gives up.
  func untilTheDiskTakes(_ attempt: () throws -> String?) throws {
    guard var complaint = try attempt() else { return }
    publish(
      .log(
        LogLine(
          level: .error,
          text: complaint + "; training is paused and goes on by itself when it can be written again")))
    publish(.stateChanged(.paused(atStep: step)))
    isBlocked = true
    defer { isBlocked = false }
    while true {
      for request in mailbox.wait(seconds: Self.secondsBetweenAttempts) { obey(request) }
      guard let left = try attempt() else { break }
      complaint = left
      if stopRequest != nil { throw TrainingError.diskRefuses(complaint) }
    }
    // A run that is told to stop may also have been told to wait for some of it no longer.
    guard stopRequest == nil else { return }
    publish(.log(LogLine(level: .info, text: "what waited is written")))
    if !pauseRequested { publish(.stateChanged(.running)) }
  }

  private static var secondsBetweenAttempts: Double { 1 }
}
