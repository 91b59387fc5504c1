import Control

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
  /// Every change of a setting that was answered, in order, those before the checkpoint included.
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

/// A change of a setting as it was made.
public struct RecordedChange: Sendable, Equatable {
  public var key: Setting.Key
  public var change: Change
  /// Optimizer steps complete when it was made, and the first step that had not begun.
  public var requestStep: Int
  public var nextStep: Int

  /// nil for anything but a change that was made.
  public init?(_ answer: CommandAcknowledgement) {
    guard answer.refusal == nil, let next = answer.nextStep, case .set(let key, let change) = answer.command else {
      return nil
    }
    self.key = key
    self.change = change
    requestStep = answer.requestStep
    nextStep = next
  }
}
