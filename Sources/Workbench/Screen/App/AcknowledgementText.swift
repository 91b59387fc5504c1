import Control

/// The trainer's answers in words.
enum AcknowledgementText {
  static func isEdit(_ command: RunCommand) -> Bool {
    switch command {
    case .gamma, .learningRate, .beta: true
    default: false
    }
  }

  /// nil for what `stateChanged` or `inspected` tells anyway.
  static func text(_ answer: CommandAcknowledgement) -> String? {
    let who = "(\(answer.origin))"
    let reason = answer.reason.map { ": \($0)" } ?? ""
    let from = "from step \(answer.effectStep) \(who)\(reason)"
    switch answer.command {
    case .gamma(let override):
      let old = answer.oldValue.map { NumberText.signed($0) + " → " } ?? ""
      let new = answer.newValue.map { NumberText.signed($0) }
      switch override {
      case .hold(let value): return "γ \(old)\(new ?? NumberText.signed(value)) \(from)"
      case .ramp(let target, let steps): return "γ \(old)\(NumberText.signed(target)) over \(steps) steps \(from)"
      case .at(let step, let value): return "γ \(old)\(NumberText.signed(value)) from step \(step) \(who)\(reason)"
      case .schedule: return "γ \(old)\(new ?? "schedule"), back to the schedule \(from)"
      }
    case .learningRate(let value):
      let old = answer.oldValue.map { NumberText.scientific($0) + " → " } ?? ""
      return "learning rate \(old)\(NumberText.scientific(answer.newValue ?? value)) \(from)"
    case .beta(let value):
      let old = answer.oldValue.map { NumberText.plain($0, decimals: 3) + " → " } ?? ""
      return "β \(old)\(NumberText.plain(answer.newValue ?? value, decimals: 3)) \(from)"
    case .checkpoint: return "checkpoint asked for \(who), after step \(answer.effectStep)"
    case .stop: return "stop asked for \(who), after step \(answer.effectStep)"
    case .pause: return "pause asked for \(who), after step \(answer.effectStep)"
    case .resume, .step, .inspect: return nil
    }
  }

  static func markStep(_ answer: CommandAcknowledgement) -> Int {
    if case .gamma(.at(let step, _)) = answer.command { return step }
    return answer.effectStep
  }

  static func markLabel(_ answer: CommandAcknowledgement) -> String {
    switch answer.command {
    case .gamma(.hold(let value)), .gamma(.ramp(let value, _)), .gamma(.at(_, let value)):
      "γ" + NumberText.signed(value, decimals: 1)
    case .gamma(.schedule): "γ sched"
    case .learningRate(let value): "lr " + NumberText.scientific(value)
    case .beta(let value): "β" + NumberText.plain(value)
    default: ""
    }
  }
}
