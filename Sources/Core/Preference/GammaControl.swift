/// The γ of a run: its schedule and every override a person made, each from the step at which it took effect. The whole
/// history is kept (and goes into checkpoints), so a resumed or replayed run sees the same γ at every step.
public struct GammaControl: Sendable, Equatable, Codable {
  public let schedule: GammaSchedule
  public let totalSteps: Int
  /// Ascending by `from`; the last one whose `from` is not after a step rules it.
  public private(set) var overrides: [Override] = []

  public struct Override: Sendable, Equatable, Codable {
    /// The first optimizer step (counted from 1) that runs under it.
    public var from: Int
    public var kind: Kind

    public enum Kind: Sendable, Equatable, Codable {
      case hold(Double)
      /// Linear: the first step already moves by (target − start)/steps, the last of `steps` reaches the target.
      case ramp(start: Double, target: Double, steps: Int)
      /// The schedule until `step`, then `value`.
      case at(step: Int, value: Double)
      case schedule
    }
  }

  /// - Parameter totalSteps: optimizer steps of the whole run.
  public init(schedule: GammaSchedule, totalSteps: Int) throws(PreferenceError) {
    try schedule.validate()
    self.schedule = schedule
    self.totalSteps = totalSteps
  }

  /// The same overrides over the schedule of a run of that many steps.
  public func lasting(_ totalSteps: Int) throws(PreferenceError) -> GammaControl {
    var control = try GammaControl(schedule: schedule, totalSteps: totalSteps)
    control.overrides = overrides
    return control
  }

  /// γ in force during optimizer step `step`, counted from 1.
  public func value(step: Int) -> Double {
    guard let ruling = overrides.last(where: { $0.from <= step }) else { return scheduled(step) }
    switch ruling.kind {
    case .hold(let value):
      return value
    case .ramp(let start, let target, let steps):
      // Double keeps a hostile step count from overflowing.
      let progress = (Double(step) - Double(ruling.from) + 1) / Double(steps)
      return progress >= 1 ? target : GammaSchedule.mix(start, target, progress)
    case .at(let from, let value):
      return step >= from ? value : scheduled(step)
    case .schedule:
      return scheduled(step)
    }
  }

  /// γ for every step of the run, what already ran included; index 0 is step 1.
  public func plan(totalSteps: Int) -> [Double] {
    guard totalSteps > 0 else { return [] }
    return (1...totalSteps).map { value(step: $0) }
  }

  public func plan() -> [Double] { plan(totalSteps: totalSteps) }

  // MARK: - Overrides. `from` is the first step that has not begun.

  /// Keeps γ at `value` from step `from` on.
  public mutating func hold(_ value: Double, from: Int) throws(PreferenceError) {
    try GammaSchedule.requireFinite(value)
    try put(.hold(value), from: from)
  }

  /// Moves γ linearly from its value before step `from` to `target` over `steps` steps, then holds it.
  public mutating func ramp(to target: Double, steps: Int, from: Int) throws(PreferenceError) {
    try GammaSchedule.requireFinite(target)
    guard steps >= 1 else { throw .rampSteps(steps) }
    try Self.requireStep(from)
    try put(.ramp(start: value(step: max(from - 1, 1)), target: target, steps: steps), from: from)
  }

  /// The schedule until step `step`, then `value`.
  public mutating func set(_ value: Double, at step: Int, from: Int) throws(PreferenceError) {
    try GammaSchedule.requireFinite(value)
    try Self.requireStep(step)
    try put(.at(step: step, value: value), from: from)
  }

  /// Gives γ back to the schedule.
  public mutating func returnToSchedule(from: Int) throws(PreferenceError) {
    try put(.schedule, from: from)
  }

  private mutating func put(_ kind: Override.Kind, from: Int) throws(PreferenceError) {
    try Self.requireStep(from)
    // An override for steps that have not run replaces all that were planned for them.
    overrides.removeAll { $0.from >= from }
    overrides.append(Override(from: from, kind: kind))
  }

  private func scheduled(_ step: Int) -> Double {
    schedule.value(step: step, totalSteps: totalSteps)
  }

  private static func requireStep(_ step: Int) throws(PreferenceError) {
    guard step >= 1 else { throw .stepNotPositive(step) }
  }
}
