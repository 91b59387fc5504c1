import Control

/// An edit that the trainer took, with what takes it back.
struct TakenEdit: Equatable, Sendable {
  var inverse: RunCommand
  /// The edit in words.
  var text: String
}

extension TakenEdit {
  /// nil for commands that edit nothing, and where the old value is not known.
  /// - Parameter lastGamma: the change of γ in force before this one; nil for the schedule.
  init?(_ answer: CommandAcknowledgement, lastGamma: Change?, text: String) {
    self.text = text
    guard case .set(let key, _) = answer.command,
      let inverse = Setting.named(key)?.inverse(old: answer.oldValue, last: key == .gamma ? lastGamma : nil)
    else { return nil }
    self.inverse = .set(key, inverse)
  }

  /// What the inverse does, in words.
  var inverseText: String {
    switch inverse {
    case .set(.learningRate, .hold(let value)): "the peak learning rate goes back to \(NumberText.scientific(value))"
    case .set(.beta, .hold(let value)): "β goes back to \(NumberText.plain(value, decimals: 3))"
    case .set(.gamma, .hold(let value)): "γ goes back to \(NumberText.signed(value)) and is held"
    case .set(.gamma, _): "γ goes back to the run's schedule"
    default: ""
    }
  }
}
