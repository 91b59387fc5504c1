import Control

/// The γ of a run: its schedule and every override a person made, each from the step at which it took effect. The whole
/// history is kept (and goes into checkpoints), so a resumed or replayed run sees the same γ at every step.
public struct GammaControl: Sendable, Equatable, Codable {
  public let schedule: GammaSchedule
  public let totalSteps: Int
  /// Ascending by `from`; the last one whose `from` is not after a step rules it.
  public private(set) var overrides: [Override] = []

  public struct Override: Sendable, Equatable {
    /// The first optimizer step (counted from 1) that runs under it.
    public var from: Int
    public var change: Change
    /// Where a ramp begins. Its first step already moves by (target − start)/steps, the last of `steps` reaches the
    /// target.
    public var start: Double?
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
    switch ruling.change {
    case .hold(let value):
      return value
    case .ramp(let target, let steps):
      // Double keeps a hostile step count from overflowing.
      let progress = (Double(step) - Double(ruling.from) + 1) / Double(steps)
      return progress >= 1 ? target : GammaSchedule.mix(ruling.start ?? target, target, progress)
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

  // MARK: - Overrides

  /// - Parameter from: the first step that has not begun.
  public mutating func apply(_ change: Change, from: Int) throws(PreferenceError) {
    if let value = change.value { try GammaSchedule.requireFinite(value) }
    var start: Double?
    switch change {
    case .hold, .schedule: break
    case .ramp(_, let steps):
      guard steps >= 1 else { throw .rampSteps(steps) }
      try Self.requireStep(from)
      start = value(step: max(from - 1, 1))
    case .at(let step, _): try Self.requireStep(step)
    }
    try Self.requireStep(from)
    // An override for steps that have not run replaces all that were planned for them.
    overrides.removeAll { $0.from >= from }
    overrides.append(Override(from: from, change: change, start: start))
  }

  private func scheduled(_ step: Int) -> Double {
    schedule.value(step: step, totalSteps: totalSteps)
  }

  private static func requireStep(_ step: Int) throws(PreferenceError) {
    guard step >= 1 else { throw .stepNotPositive(step) }
  }
}

// MARK: - In checkpoints

extension GammaControl.Override: Codable {
  /// The form in `trainer_state.json`.
  private enum Kind: Codable {
    case hold(Double)
    case ramp(start: Double, target: Double, steps: Int)
    case at(step: Int, value: Double)
    case schedule
  }

  private enum CodingKeys: String, CodingKey { case from, kind }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    from = try fields.decode(Int.self, forKey: .from)
    switch try fields.decode(Kind.self, forKey: .kind) {
    case .hold(let value): change = .hold(value)
    case .ramp(let begin, let target, let steps):
      change = .ramp(target: target, steps: steps)
      start = begin
    case .at(let step, let value): change = .at(step: step, value: value)
    case .schedule: change = .schedule
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(from, forKey: .from)
    let kind: Kind =
      switch change {
      case .hold(let value): .hold(value)
      case .ramp(let target, let steps): .ramp(start: start ?? target, target: target, steps: steps)
      case .at(let step, let value): .at(step: step, value: value)
      case .schedule: .schedule
      }
    try fields.encode(kind, forKey: .kind)
  }
}
