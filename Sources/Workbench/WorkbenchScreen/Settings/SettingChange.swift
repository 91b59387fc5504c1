import Control

/// What is done to a steerable setting, as `RunCommand.set` carries it.
struct SettingChange: Equatable, Sendable {
  var setting: Setting.Key
  var kind: Change

  init(_ setting: Setting.Key, _ kind: Change) {
    self.setting = setting
    self.kind = kind
  }

  /// nil for a command that changes no setting.
  init?(_ command: RunCommand) {
    guard case .set(let setting, let kind) = command else { return nil }
    self.init(setting, kind)
  }

  /// nil for a change that the setting does not know.
  var command: RunCommand? {
    Setting.named(setting)?.changes.contains(kind.kind) == false ? nil : .set(setting, kind)
  }

  /// The value that is aimed at; nil for the schedule.
  var value: Double? { kind.value }
}
