import Control

/// An edit that the trainer took, with what takes it back.
struct TakenEdit: Equatable, Sendable {
  var inverse: SettingChange
  /// The edit in words.
  var text: String
}

extension TakenEdit {
  /// nil where the old value is not known.
  /// - Parameter last: the change in force before this one; nil for the run's schedule.
  init?(_ change: SettingChange, old: Double?, last: Change?, text: String) {
    guard let before = SteerableSetting.of(change.setting).setting.inverse(old: old, last: last) else { return nil }
    inverse = SettingChange(change.setting, before)
    self.text = text
  }

  /// What the inverse does, in words.
  var inverseText: String {
    let setting = SteerableSetting.of(inverse.setting)
    guard let value = inverse.value else { return "\(setting.name) goes back to the run's schedule" }
    let name = setting.title == setting.name ? setting.name : "the \(setting.valueName)"
    return "\(name) goes back to \(setting.format(value))" + (setting.isScheduled ? " and is held" : "")
  }
}
