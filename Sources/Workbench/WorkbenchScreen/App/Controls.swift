import Control

/// Who may steer a run. One screen or none holds the controls; the trainer's process decides, and tells all screens.
struct Controls: Equatable, Sendable {
  enum Holder: Equatable, Sendable {
    /// This screen.
    case here
    /// The screen of that name, or none of them: a run without a screen.
    case elsewhere(String?)
  }

  var holder = Holder.here
  /// This screen has asked for the controls.
  var asks = false
  /// Who asks this screen for the controls.
  var askedBy: String?
  /// Seconds after which they go to who asks.
  var patience = 0.0
  /// Who this screen's commands are from, as the record names it.
  var origin = CommandOrigin.you
}

/// What the trainer's process says about the controls.
public enum ControlsNews: Sendable, Equatable {
  /// This screen holds them now.
  case here
  /// The screen of that name holds them; nil: nobody does.
  case elsewhere(String?)
  /// Someone asks this screen for them. They go over when that many seconds pass without an answer.
  case asked(by: String, seconds: Double)
  /// The one who asked has them otherwise, or has gone.
  case askedNoMore
  /// This screen asked, and the holder keeps them.
  case kept(by: String)
  /// The trainer's process cannot be reached, or has not taken a command.
  case unreachable(String)
}

/// What a person wants of the controls.
public enum ControlsRequest: Sendable, Equatable {
  case ask, give, keep
}

extension Reducer {
  static func controls(_ state: inout ScreenState, _ news: ControlsNews) {
    switch news {
    case .here:
      if state.controls.holder != .here { state.say("you hold the controls", .good) }
      state.controls.holder = .here
      state.controls.asks = false
    case .elsewhere(let name):
      if state.controls.holder == .here, let name {
        state.say("\(name) holds the controls now; L asks for them", .warning)
      }
      if state.controls.holder == .here, case .editor = state.overlay { state.overlay = nil }
      state.controls.holder = .elsewhere(name)
      state.controls.asks = false
      state.controls.askedBy = nil
    case .asked(let name, let seconds):
      state.controls.askedBy = name
      state.controls.patience = seconds
    case .askedNoMore:
      if let name = state.controls.askedBy { state.say("\(name) does not ask for the controls any more", .text) }
      state.controls.askedBy = nil
    case .kept(let name):
      state.controls.asks = false
      state.say("\(name) keeps the controls", .warning)
    case .unreachable(let why):
      state.controls.asks = false
      // Nobody will answer what was sent.
      state.pending = [:]
      state.isStepping = false
      state.inspecting = nil
      state.wantsInspection = nil
      state.say(why, .warning)
    }
  }

  static func keepControls(_ state: inout ScreenState) -> [ScreenEffect] {
    state.controls.askedBy = nil
    return [.controls(.keep)]
  }

  /// `L`: asks for the controls, or hands them to the one who asks.
  static func exchangeControls(_ state: inout ScreenState) -> [ScreenEffect] {
    if state.controls.holder == .here {
      state.controls.askedBy = nil
      return [.controls(.give)]
    }
    state.controls.asks = true
    if case .elsewhere(let name?) = state.controls.holder { state.say("asking \(name) for the controls", .text) }
    return [.controls(.ask)]
  }
}

extension ScreenState {
  /// The question to whoever holds the controls; it stays on the last line until it is answered.
  var questionOfControls: String? {
    guard let name = controls.askedBy, controls.holder == .here else { return nil }
    let answer =
      switch context {
      case .main: "y gives, n keeps them"
      case .replay: "y gives, R and n keep them"
      default: "Esc, then y or n"
      }
    let wait = NumberText.duration(controls.patience)
    return "\(name) asks for the controls: \(answer); given in \(wait)"
  }

  var obstacleToAnswering: String? { controls.askedBy == nil ? "nobody asks for the controls" : nil }

  var obstacleToControls: String? {
    if place == .recording { return "this is a recording, nothing is training" }
    if hasEnded { return "the run has ended" }
    if controls.holder == .here {
      return controls.askedBy == nil ? "you hold the controls and nobody asks for them" : nil
    }
    return controls.asks ? "asked already; the holder has not answered yet" : nil
  }

  /// Why the holder of the controls keeps this screen from steering.
  var obstacleOfControls: String? {
    guard case .elsewhere(let name) = controls.holder else { return nil }
    guard let name else { return "you follow this run; L takes the controls" }
    return "\(name) holds the controls; L asks for them"
  }
}
