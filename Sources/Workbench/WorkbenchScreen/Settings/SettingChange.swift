import Control

/// What is done to a steerable setting. The trainer's commands still have a case a setting; this is the one place that
/// knows them.
struct SettingChange: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    /// This value from the next step on.
    case hold(Double)
    /// Linearly to the value over so many steps.
    case ramp(target: Double, steps: Int)
    /// This value from that step on.
    case at(step: Int, value: Double)
    /// Back to the run's schedule.
    case schedule
  }

  var setting: SteerableSetting.Key
  var kind: Kind

  init(_ setting: SteerableSetting.Key, _ kind: Kind) {
    self.setting = setting
    self.kind = kind
  }

  /// nil for a command that changes no setting.
  init?(_ command: RunCommand) {
    switch command {
    case .learningRate(let value): self.init(.learningRate, .hold(value))
    case .beta(let value): self.init(.beta, .hold(value))
    case .gamma(.hold(let value)): self.init(.gamma, .hold(value))
    case .gamma(.ramp(let target, let steps)): self.init(.gamma, .ramp(target: target, steps: steps))
    case .gamma(.at(let step, let value)): self.init(.gamma, .at(step: step, value: value))
    case .gamma(.schedule): self.init(.gamma, .schedule)
    case .pause, .resume, .step, .checkpoint, .stop, .inspect: return nil
    }
  }

  /// nil for a change that the setting does not know.
  var command: RunCommand? {
    switch (setting, kind) {
    case (.gamma, .hold(let value)): .gamma(.hold(value))
    case (.gamma, .ramp(let target, let steps)): .gamma(.ramp(target: target, steps: steps))
    case (.gamma, .at(let step, let value)): .gamma(.at(step: step, value: value))
    case (.gamma, .schedule): .gamma(.schedule)
    case (.learningRate, .hold(let value)): .learningRate(value)
    case (.beta, .hold(let value)): .beta(value)
    case (.learningRate, _), (.beta, _): nil
    }
  }

  /// The value that is aimed at; nil for the schedule.
  var value: Double? {
    switch kind {
    case .hold(let value), .ramp(let value, _), .at(_, let value): value
    case .schedule: nil
    }
  }
}
