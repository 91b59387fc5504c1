import Base
import PreferenceData

/// Keeps a run's memory. The trainer opens it before the run begins, asks between steps whether it can still write, and
/// waits while it cannot; what it is told it learns from the run's events.
public protocol RunRecorder: AnyObject, Sendable {
  /// Takes the session folder for this process, and writes down what the run is. Called once, before
  /// `RunEvent.started`.
  /// - Throws: one sentence; the run does not begin then.
  func open(_ facts: RunFacts) throws
  /// Lets go of a session that was opened for a run that could not begin after all, and takes back what `open` made.
  func abandon()
  /// Whether the session folder is still the one that `open` took. Asked before every write into it.
  /// - Throws: `TrainingError.folderLost` where it was removed or replaced.
  func requireFolder() throws
  /// Reference log-probs that runs beside this one have computed with the same model, engine and token ids.
  func knownReferences(_ facts: RunFacts) -> [ResumePoint.Reference]
  /// One sentence while events wait because they cannot be written; nil otherwise. Never waits.
  var trouble: String? { get }
  /// Tries now to write what waits.
  func retry()
}

/// What decides a run's numbers, so that a later process can tell whether it would compute the same ones.
public struct RunFacts: Sendable {
  /// The run file with every value resolved, YAML.
  public var runFile: String
  /// `CheckpointFolder.contentHash()`, and what its weights were quantized to.
  public var modelHash: String
  /// Hash of the encoded training set: token ids and rewards, in order.
  public var dataHash: String
  /// `EngineVersion.name(of:)`.
  public var engine: String
  /// The machine in words, by topic.
  public var machine: [String: String]
  /// Optimizer steps complete when this process began; nil for a new run.
  public var resumedFrom: Int?
  /// `--live-reference`.
  public var liveReference: Bool
  /// By prompt and response of the training set.
  public var tokenHashes: TokenHashes
  /// Set by the first process of a branch.
  public var branch: BranchOrigin?

  public init(
    runFile: String, modelHash: String, dataHash: String, engine: String, machine: [String: String],
    resumedFrom: Int?, liveReference: Bool, tokenHashes: TokenHashes,
    branch: BranchOrigin? = nil
  ) {
    self.runFile = runFile
    self.modelHash = modelHash
    self.dataHash = dataHash
    self.engine = engine
    self.machine = machine
    self.resumedFrom = resumedFrom
    self.liveReference = liveReference
    self.tokenHashes = tokenHashes
    self.branch = branch
  }
}
