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

extension ScreenState {
  mutating func take(_ news: ControlsNews) {
    let held = steering.controls.holder == .here
    switch news {
    case .here:
      if !held { say("you hold the controls", .good) }
      steering.controls.holder = .here
      steering.controls.asks = false
    case .elsewhere(let name):
      if held, let name { say("\(name) holds the controls now; L asks for them", .warning) }
      if held, case .editor = view.overlay { view.overlay = nil }
      steering.controls.holder = .elsewhere(name)
      steering.controls.asks = false
      steering.controls.askedBy = nil
    case .asked(let name, let seconds):
      steering.controls.askedBy = name
      steering.controls.patience = seconds
    case .askedNoMore:
      if let name = steering.controls.askedBy { say("\(name) does not ask for the controls any more", .text) }
      steering.controls.askedBy = nil
    case .kept(let name):
      steering.controls.asks = false
      say("\(name) keeps the controls", .warning)
    case .unreachable(let why):
      steering.controls.asks = false
      steering.forgetRequests()
      say(why, .warning)
    }
  }

  /// The question to whoever holds the controls; it stays on the last line until it is answered.
  var questionOfControls: String? {
    guard let name = steering.controls.askedBy, steering.controls.holder == .here else { return nil }
    let answer =
      switch context {
      case .main: "y gives, n keeps them"
      case .replay: "y gives, R and n keep them"
      default: "Esc, then y or n"
      }
    let wait = NumberText.duration(steering.controls.patience)
    return "\(name) asks for the controls: \(answer); given in \(wait)"
  }

  var obstacleToControls: String? {
    if steering.place == .recording { return "this is a recording, nothing is training" }
    if run.hasEnded { return "the run has ended" }
    if steering.controls.holder == .here {
      return steering.controls.askedBy == nil ? "you hold the controls and nobody asks for them" : nil
    }
    return steering.controls.asks ? "asked already; the holder has not answered yet" : nil
  }
}

extension SteeringState {
  var obstacleToAnswering: String? { controls.askedBy == nil ? "nobody asks for the controls" : nil }

  /// Why the holder of the controls keeps this screen from steering.
  var obstacleOfControls: String? {
    guard case .elsewhere(let name) = controls.holder else { return nil }
    guard let name else { return "you follow this run; L takes the controls" }
    return "\(name) holds the controls; L asks for them"
  }
}
