import Control
import Preference

/// Why a change of a setting is refused: one sentence.
struct SettingRefusal: Error, Equatable, CustomStringConvertible {
  var description: String
}

/// A setting of a running loop: what it is, and what a change makes of it.
protocol LiveSetting: Sendable {
  var setting: Setting { get }
  /// The number that a person sets, as it is in force during optimizer step `step`, counted from 1.
  func value(step: Int) -> Double
  /// The value of every step of the run; nil where it only ever is what it was set to last.
  var plan: [Double]? { get }
  /// - Parameter next: the first step that has not begun.
  /// - Returns: the first step that runs under the change.
  mutating func apply(_ change: Change, from next: Int) throws(SettingRefusal) -> Int
  /// Makes a change again that was made before, whatever this run's length is.
  mutating func reapply(_ change: Change, from next: Int) throws
  /// Takes the value from a checkpoint. One that the checkpoint does not hold stays what the run file says.
  mutating func restore(_ state: TrainerState, totalSteps: Int) throws
  func save(in state: inout TrainerState)
}

/// A setting that is one number until somebody sets another one. A step reads its settings when it begins, so a new value
/// takes its place at once.
struct HeldSetting: LiveSetting {
  let setting: Setting
  private(set) var value: Double

  init(_ setting: Setting, value: Double) {
    self.setting = setting
    self.value = value
  }

  func value(step: Int) -> Double { value }
  var plan: [Double]? { nil }

  mutating func apply(_ change: Change, from next: Int) throws(SettingRefusal) -> Int {
    guard case .hold(let value) = change else {
      throw SettingRefusal(description: "\(setting.name) can be set to a value and nothing else")
    }
    if let refusal = setting.refusal(of: value) { throw SettingRefusal(description: refusal) }
    self.value = value
    return next
  }

  mutating func reapply(_ change: Change, from next: Int) throws { _ = try apply(change, from: next) }
  mutating func restore(_ state: TrainerState, totalSteps: Int) { value = state[setting.key] ?? value }
  func save(in state: inout TrainerState) { state[setting.key] = value }
}

/// γ: its schedule, and every change over it by step.
struct GammaSetting: LiveSetting {
  private(set) var control: GammaControl
  /// The preference model of a run in which γ has no meaning.
  let unused: PreferenceModel?

  init(_ control: GammaControl, objective: Objective) {
    self.control = control
    unused = objective.usesGamma ? nil : objective.model
  }

  var setting: Setting { .gamma }
  func value(step: Int) -> Double { control.value(step: step) }
  var plan: [Double]? { control.plan() }

  mutating func apply(_ change: Change, from next: Int) throws(SettingRefusal) -> Int {
    if let unused {
      throw SettingRefusal(
        description: "γ belongs to the preference model hps; this run uses \(unused.rawValue)")
    }
    var effect = next
    if case .at(let step, _) = change {
      guard step >= next else {
        throw SettingRefusal(description: "step \(step) is past or under way; the next one is \(next)")
      }
      guard step <= control.totalSteps else {
        throw SettingRefusal(description: "the run ends at step \(control.totalSteps)")
      }
      effect = step
    }
    do throws(PreferenceError) {
      try control.apply(change, from: next)
    } catch {
      throw SettingRefusal(description: error.description)
    }
    return effect
  }

  mutating func reapply(_ change: Change, from next: Int) throws { try control.apply(change, from: next) }

  mutating func restore(_ state: TrainerState, totalSteps: Int) throws {
    control = try state.gamma.lasting(totalSteps)
  }
  func save(in state: inout TrainerState) { state.gamma = control }
}

/// The steerable settings of one run.
struct LiveSettings: Sendable {
  private(set) var gamma: GammaSetting
  private(set) var held: [HeldSetting]

  var all: [any LiveSetting] { [gamma] + held }

  /// The value of a setting that is one number; NaN for any other key.
  func value(_ key: Setting.Key) -> Double { held.first { $0.setting.key == key }?.value ?? .nan }

  /// By key, as they are in force during step `step`.
  func values(step: Int) -> [Setting.Key: Double] {
    Dictionary(all.map { ($0.setting.key, $0.value(step: step)) }, uniquingKeysWith: { first, _ in first })
  }

  /// - Returns: the first step that runs under the change, the value that it would have had, and the one it has.
  mutating func apply(
    _ change: Change, to key: Setting.Key, from next: Int
  ) throws(SettingRefusal) -> (effect: Int, old: Double, new: Double, plan: [Double]?) {
    if gamma.setting.key == key { return try Self.apply(change, to: &gamma, from: next) }
    guard let index = held.firstIndex(where: { $0.setting.key == key }) else {
      throw SettingRefusal(description: Setting.unknown(key, among: all.map(\.setting)))
    }
    return try Self.apply(change, to: &held[index], from: next)
  }

  private static func apply(
    _ change: Change, to live: inout some LiveSetting, from next: Int
  ) throws(SettingRefusal) -> (effect: Int, old: Double, new: Double, plan: [Double]?) {
    let old = live.value(step: next)
    let effect = try live.apply(change, from: next)
    return (effect, old, live.value(step: effect), live.plan)
  }

  /// - Throws: `SettingRefusal` for a setting that this run does not have.
  mutating func reapply(_ change: RecordedChange) throws {
    if gamma.setting.key == change.key { return try gamma.reapply(change.change, from: change.nextStep) }
    guard let index = held.firstIndex(where: { $0.setting.key == change.key }) else {
      throw SettingRefusal(description: Setting.unknown(change.key, among: all.map(\.setting)))
    }
    try held[index].reapply(change.change, from: change.nextStep)
  }

  /// - Parameter kept: settings that stay as the run file has them.
  mutating func restore(_ state: TrainerState, totalSteps: Int, keeping kept: Set<Setting.Key>) throws {
    if !kept.contains(gamma.setting.key) { try gamma.restore(state, totalSteps: totalSteps) }
    for index in held.indices where !kept.contains(held[index].setting.key) {
      held[index].restore(state, totalSteps: totalSteps)
    }
  }

  func save(in state: inout TrainerState) {
    for live in all { live.save(in: &state) }
  }
}
