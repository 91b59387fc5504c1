/// What is done to a setting.
public enum Change: Sendable, Equatable {
  /// Keep it at this value from the next step on.
  case hold(Double)
  /// Move linearly from the present value to `target` over `steps` optimizer steps, then hold it.
  case ramp(target: Double, steps: Int)
  /// From optimizer step `step` on, hold `value`; the schedule rules until then.
  case at(step: Int, value: Double)
  /// Return to the run's schedule.
  case schedule

  public enum Kind: String, Sendable, CaseIterable { case hold, ramp, at, schedule }

  public var kind: Kind {
    switch self {
    case .hold: .hold
    case .ramp: .ramp
    case .at: .at
    case .schedule: .schedule
    }
  }

  /// The value that it names.
  public var value: Double? {
    switch self {
    case .hold(let value), .ramp(let value, _), .at(_, let value): value
    case .schedule: nil
    }
  }
}
