import Control

/// The trainer's answers in words.
enum AcknowledgementText {
  /// nil for what `stateChanged` or `inspected` tells anyway.
  static func text(_ answer: CommandAcknowledgement) -> String? {
    let who = "(\(answer.origin))"
    if let change = SettingChange(answer.command) { return text(answer, change, who) }
    switch answer.command {
    case .checkpoint: return "checkpoint asked for \(who), after step \(answer.effectStep)"
    case .stop: return "stop asked for \(who), after step \(answer.effectStep)"
    case .pause: return "pause asked for \(who), after step \(answer.effectStep)"
    case .resume, .step, .inspect, .set: return nil
    }
  }

  private static func text(_ answer: CommandAcknowledgement, _ change: SettingChange, _ who: String) -> String {
    let setting = SteerableSetting.of(change.setting)
    let reason = answer.reason.map { ": \($0)" } ?? ""
    let from = "from step \(answer.effectStep) \(who)\(reason)"
    let old = answer.oldValue.map { setting.format($0) + " → " } ?? ""
    let change =
      switch change.kind {
      case .hold(let value): "\(setting.format(answer.newValue ?? value)) \(from)"
      case .ramp(let target, let steps): "\(setting.format(target)) over \(steps) steps \(from)"
      case .at(let step, let value): "\(setting.format(value)) from step \(step) \(who)\(reason)"
      case .schedule: "\(answer.newValue.map { setting.format($0) } ?? "schedule"), back to the schedule \(from)"
      }
    return "\(setting.name) \(old)\(change)"
  }

  /// On the charts; nil where nothing was edited.
  static func mark(_ answer: CommandAcknowledgement) -> Mark? {
    guard let change = SettingChange(answer.command) else { return nil }
    let setting = SteerableSetting.of(change.setting)
    var step = answer.effectStep
    if case .at(let later, _) = change.kind { step = later }
    let label = change.value.map { setting.mark + setting.markFormat($0) } ?? "\(setting.mark) sched"
    return Mark(step: step, label: label, kind: .override)
  }
}
