/// What a person or a script may ask of a running trainer. The trainer reads commands between layers and answers each
/// with exactly one `RunEvent.acknowledged`.
public enum RunCommand: Sendable, Equatable {
  /// Stop before the next optimizer step.
  case pause
  case resume
  /// While paused: run this many optimizer steps, then pause again.
  case step(Int)
  /// Write a checkpoint after the step under way, and read it back.
  case checkpoint
  /// Finish the step under way, write a checkpoint, end the run.
  case stop
  /// Change a setting of the run.
  case set(Setting.Key, Change)
  /// Score all responses of one prompt with the present policy; answered by `RunEvent.inspected` as well.
  case inspect(prompt: Int)
}

extension RunCommand {
  /// The command's name in control input and in events.
  public var name: String {
    switch self {
    case .pause: "pause"
    case .resume: "resume"
    case .step: "step"
    case .checkpoint: "checkpoint"
    case .stop: "stop"
    case .set: "set"
    case .inspect: "inspect"
    }
  }

  /// What a `set` changes.
  public var key: Setting.Key? { if case .set(let key, _) = self { key } else { nil } }

  // MARK: Settings that every run has

  public static func gamma(_ change: Change) -> RunCommand { .set(.gamma, change) }
  public static func learningRate(_ value: Double) -> RunCommand { .set(.learningRate, .hold(value)) }
  public static func beta(_ value: Double) -> RunCommand { .set(.beta, .hold(value)) }
}

/// Who asked for a command.
public enum CommandOrigin: Sendable, Equatable {
  /// The person at the trainer's own screen.
  case you
  /// `--control`.
  case control
  /// INT, TERM or HUP, or a reader of standard output that has gone.
  case signal
  /// Another process's screen, by its name; or somebody that another version of this program has recorded.
  case other(String)
}

extension CommandOrigin: RawRepresentable, CustomStringConvertible {
  public init(rawValue: String) {
    switch rawValue {
    case "you": self = .you
    case "control": self = .control
    case "signal": self = .signal
    default: self = .other(rawValue)
    }
  }

  /// As records and answers name it.
  public var rawValue: String {
    switch self {
    case .you: "you"
    case .control: "control"
    case .signal: "signal"
    case .other(let name): name
    }
  }

  public var description: String { rawValue }
}

/// A command on its way to the trainer.
public struct CommandRequest: Sendable, Equatable {
  /// Chosen by the sender; comes back in the acknowledgement.
  public var id: Int
  public var command: RunCommand
  public var origin: CommandOrigin
  /// A reason a person typed, kept in the run's record.
  public var reason: String?

  public init(id: Int, command: RunCommand, origin: CommandOrigin, reason: String? = nil) {
    self.id = id
    self.command = command
    self.origin = origin
    self.reason = reason
  }
}

/// The trainer's answer to one `CommandRequest`.
public struct CommandAcknowledgement: Sendable, Equatable {
  public var id: Int
  public var command: RunCommand
  public var origin: CommandOrigin
  public var reason: String?
  /// Optimizer steps complete when the command was read.
  public var requestStep: Int
  /// The first optimizer step (counted from 1) that runs under the new setting; for pause, stop and checkpoint the
  /// number of complete steps at which it takes effect.
  public var effectStep: Int
  public var oldValue: Double?
  public var newValue: Double?
  /// Set when the command was refused: one sentence that says why. Nothing has changed then.
  public var refusal: String?
  /// Set for a checkpoint: the folder, after it was synced and read back.
  public var path: String?
  /// The first optimizer step that had not begun when the command was read: with it a resumed run makes the change
  /// again at the same place.
  public var nextStep: Int?

  public init(
    id: Int, command: RunCommand, origin: CommandOrigin, reason: String? = nil, requestStep: Int, effectStep: Int,
    oldValue: Double? = nil, newValue: Double? = nil, refusal: String? = nil, path: String? = nil,
    nextStep: Int? = nil
  ) {
    self.id = id
    self.command = command
    self.origin = origin
    self.reason = reason
    self.requestStep = requestStep
    self.effectStep = effectStep
    self.oldValue = oldValue
    self.newValue = newValue
    self.refusal = refusal
    self.path = path
    self.nextStep = nextStep
  }
}
