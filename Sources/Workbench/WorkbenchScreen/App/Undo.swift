import Control

/// An edit that the trainer took, with what takes it back.
struct TakenEdit: Equatable, Sendable {
  var inverse: RunCommand
  /// The edit in words.
  var text: String
}

extension TakenEdit {
  /// nil for commands that edit nothing, and where the old value is not known.
  /// - Parameter lastGamma: the γ command in force before this one; nil for the schedule.
  init?(_ answer: CommandAcknowledgement, lastGamma: GammaOverride?, text: String) {
    self.text = text
    switch answer.command {
    case .learningRate:
      guard let old = answer.oldValue else { return nil }
      inverse = .learningRate(old)
    case .beta:
      guard let old = answer.oldValue else { return nil }
      inverse = .beta(old)
    case .gamma:
      switch lastGamma {
      case nil, .schedule: inverse = .gamma(.schedule)
      case .hold(let value): inverse = .gamma(.hold(value))
      // A ramp under way, or one that was still to come, is held where it stood.
      case .ramp, .at: inverse = .gamma(answer.oldValue.map { .hold($0) } ?? .schedule)
      }
    default: return nil
    }
  }

  /// What the inverse does, in words.
  var inverseText: String {
    switch inverse {
    case .learningRate(let value): "the peak learning rate goes back to \(NumberText.scientific(value))"
    case .beta(let value): "β goes back to \(NumberText.plain(value, decimals: 3))"
    case .gamma(.hold(let value)): "γ goes back to \(NumberText.signed(value)) and is held"
    case .gamma: "γ goes back to the run's schedule"
    default: ""
    }
  }
}
