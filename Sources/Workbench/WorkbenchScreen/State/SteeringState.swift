import Control

/// What this screen may ask of the run, what it has asked and awaits an answer to, and how it is to end.
struct SteeringState: Sendable {
  /// Where the run's events come from.
  var place: Place = .trainer
  var controls = Controls()
  /// A process without a screen could go on with the run.
  var canDetach = false

  /// The newest edit that the trainer took.
  private(set) var lastEdit: TakenEdit?
  /// What rules each setting in place of its schedule.
  private var overrides: [Setting.Key: Change] = [:]

  /// One step was asked for, after which the run pauses by itself.
  var isStepping = false
  private var nextCommand = 1
  /// Requests without an answer yet.
  private(set) var pending: [Int: CommandRequest] = [:]
  /// The prompt whose inspection is under way, and the one wanted next.
  private(set) var inspecting: Int?
  private var wantsInspection: Int?

  /// The first TERM, HUP or INT.
  var signal: Int32?
  /// Set once the person has chosen how to leave; the screen closes when it is done.
  var leaving: QuitChoice?
  /// Set when the screen is to close.
  var exit: ScreenExit?
}

extension SteeringState {
  /// A command on its way; it stays `pending` until the trainer answers.
  mutating func request(_ command: RunCommand, origin: CommandOrigin? = nil) -> ScreenEffect {
    let request = CommandRequest(id: nextCommand, command: command, origin: origin ?? controls.origin)
    nextCommand += 1
    pending[request.id] = request
    return .send(request)
  }

  /// True if the answer is to a request of this screen, which waits no more then.
  mutating func settle(_ answer: CommandAcknowledgement) -> Bool {
    guard let request = pending[answer.id], request.command == answer.command, request.origin == answer.origin else {
      return false
    }
    pending[answer.id] = nil
    return true
  }

  /// An edit was taken, by whomever it was asked for.
  mutating func remember(_ answer: CommandAcknowledgement, text: String) {
    guard let change = SettingChange(answer.command) else { return }
    lastEdit = TakenEdit(change, old: answer.oldValue, last: overrides[change.setting], text: text) ?? lastEdit
    overrides[change.setting] = change.kind == .schedule ? nil : change.kind
  }

  /// Asks for the numbers of a prompt. One request at a time is under way, and of those that come meanwhile only the
  /// last is kept, so that holding a key down never queues work for the trainer.
  mutating func inspect(_ prompt: Int) -> [ScreenEffect] {
    if inspecting != nil {
      wantsInspection = prompt
      return []
    }
    inspecting = prompt
    return [request(.inspect(prompt: prompt))]
  }

  /// The trainer keeps the newest inspection only, so one that another screen's has replaced is never answered: any
  /// answer ends the waiting.
  /// - Returns: the prompt that is wanted next.
  mutating func endInspection() -> Int? {
    guard let prompt = inspecting else { return nil }
    inspecting = nil
    guard let wanted = wantsInspection else { return nil }
    wantsInspection = nil
    return wanted == prompt ? nil : wanted
  }

  /// Nobody will answer what was sent.
  mutating func forgetRequests() {
    pending = [:]
    isStepping = false
    inspecting = nil
    wantsInspection = nil
  }

  /// The run's events come again from the first one on.
  mutating func restart() {
    forgetRequests()
    lastEdit = nil
    overrides = [:]
    signal = nil
    leaving = nil
    exit = nil
  }

  /// Closes the screen if the run has ended and the person, or a signal, waits for that.
  mutating func leaveIfDone(_ run: ObservedRun) {
    guard run.hasEnded, exit == nil else { return }
    // A run that was asked to stop sends its summary last; a failed one may not.
    if case .finished = run.phase, run.summary == nil { return }
    if let signal {
      exit = .signal(signal)
    } else if let leaving {
      if case .failed(let sentence) = run.phase {
        exit = .finished(sentence)
      } else {
        exit = .quit(leaving == .pausedAndSaved ? .stopped : leaving)
      }
    }
  }
}

/// Where a screen's events come from.
enum Place: Equatable, Sendable {
  /// The trainer is in this process.
  case trainer
  /// Another process trains; this one reads its record.
  case follower
  /// A record is read; nothing trains.
  case recording
}

public enum QuitChoice: Equatable, Sendable {
  /// The run was stopped with a checkpoint.
  case stopped
  /// The run was paused and its state saved; it can be resumed later.
  case pausedAndSaved
  /// The run was stopped with a checkpoint, to be taken up by a process without a screen.
  case detached
}

public enum ScreenExit: Equatable, Sendable {
  /// The run had ended before the person left; the reason is `RunSummary.reason` or the failure's sentence.
  case finished(String)
  case quit(QuitChoice)
  /// TERM, HUP or INT; the run has saved if it could within 10 s.
  case signal(Int32)
}
