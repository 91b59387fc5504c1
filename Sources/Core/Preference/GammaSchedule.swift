/// The run's plan for the hardness γ over its optimizer steps (HPS paper, section 5: "linearly increase from −5 to 5,
/// with updates applied at every 20 % of training").
public enum GammaSchedule: Sendable, Equatable, Codable {
  /// `stairs` plateaus of equal length, both ends reached: −5, −2.5, 0, 2.5, 5.
  case staircase(start: Double, end: Double, stairs: Int)
  /// What the authors' code computes: the same plateaus, each start + i·(end − start)/stairs, so the end is never
  /// reached: −5, −3, −1, 1, 3.
  case staircaseReference(start: Double, end: Double, stairs: Int)
  /// Continuous: start at the first step, end at the last.
  case linear(start: Double, end: Double)
  case constant(Double)
  /// Linear between points; two points at one fraction make a jump. Fraction 0 is the first step, 1 the last.
  case piecewise([Point])

  public struct Point: Sendable, Equatable, Codable {
    /// Share of the run, 0…1.
    public var fraction: Double
    public var value: Double

    public init(fraction: Double, value: Double) {
      self.fraction = fraction
      self.value = value
    }
  }

  public static let maximumStairs = 10_000

  /// The paper's schedule.
  public static let standard = GammaSchedule.staircase(start: -5, end: 5, stairs: 5)

  /// Throws the first `PreferenceError` in the schedule's numbers.
  public func validate() throws(PreferenceError) {
    switch self {
    case .staircase(let start, let end, let stairs), .staircaseReference(let start, let end, let stairs):
      try Self.requireFinite(start)
      try Self.requireFinite(end)
      guard (1...Self.maximumStairs).contains(stairs) else { throw .stairs(stairs) }
    case .linear(let start, let end):
      try Self.requireFinite(start)
      try Self.requireFinite(end)
    case .constant(let value):
      try Self.requireFinite(value)
    case .piecewise(let points):
      guard !points.isEmpty else { throw .piecewiseEmpty }
      for (i, point) in points.enumerated() {
        try Self.requireFinite(point.value)
        guard (0...1).contains(point.fraction) else { throw .piecewiseFraction(point.fraction) }
        if i > 0, points[i - 1].fraction > point.fraction {
          throw .piecewiseOrder(points[i - 1].fraction, point.fraction)
        }
      }
    }
  }

  static func requireFinite(_ gamma: Double) throws(PreferenceError) {
    guard gamma.isFinite else { throw .gammaNotFinite(gamma) }
  }

  /// γ in force during optimizer step `step`, counted from 1; steps outside 1…totalSteps take the nearest end.
  public func value(step: Int, totalSteps: Int) -> Double {
    let total = Double(max(totalSteps, 1))
    let done = Double(min(max(step, 1), max(totalSteps, 1)) - 1)
    let fraction = total > 1 ? done / (total - 1) : 0
    switch self {
    case .staircase(let start, let end, let stairs):
      let last = Double(max(stairs, 1) - 1)
      let stair = min((done * Double(max(stairs, 1)) / total).rounded(.down), last)
      return last > 0 ? Self.mix(start, end, stair / last) : start
    case .staircaseReference(let start, let end, let stairs):
      let count = Double(max(stairs, 1))
      let stair = min((done * count / total).rounded(.down), count - 1)
      return Self.mix(start, end, stair / count)
    case .linear(let start, let end):
      return Self.mix(start, end, fraction)
    case .constant(let value):
      return value
    case .piecewise(let points):
      // Of several points at one fraction the last one counts from there on.
      guard let next = points.firstIndex(where: { $0.fraction > fraction }) else { return points.last?.value ?? 0 }
      guard next > 0 else { return points[0].value }
      let (a, b) = (points[next - 1], points[next])
      return Self.mix(a.value, b.value, (fraction - a.fraction) / (b.fraction - a.fraction))
    }
  }

  /// γ for every step; index 0 is step 1.
  public func plan(totalSteps: Int) -> [Double] {
    guard totalSteps > 0 else { return [] }
    return (1...totalSteps).map { value(step: $0, totalSteps: totalSteps) }
  }

  /// start at t = 0 and end at t = 1, both exactly.
  static func mix(_ start: Double, _ end: Double, _ t: Double) -> Double {
    start * (1 - t) + end * t
  }
}
