/// Where a replay stands, as the screen shows it.
struct ReplayPosition: Equatable, Sendable {
  /// Optimizer steps complete at the moment that is shown.
  var step = 0
  /// The last step of the record.
  var lastStep = 0
  var playing = false
  /// Recorded seconds a second.
  var speed = 1
  /// The curves are those of the whole record and the moment is marked on them; otherwise they end with it.
  var showsWhole = false

  static let speeds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]

  mutating func changeSpeed(_ by: Int) {
    let present = Self.speeds.firstIndex { $0 >= speed } ?? 0
    speed = Self.speeds[max(0, min(Self.speeds.count - 1, present + by))]
  }

  /// The speed at which a record of that many seconds takes about 20.
  static func speed(forRecordOf seconds: Double) -> Int {
    speeds.last { Double($0) <= max(1, seconds / 20) } ?? 1
  }
}

/// What a key asks of the record; the reducer knows no record, so `Stage` does it.
public enum ReplayRequest: Equatable, Sendable {
  /// Look back from the present moment.
  case enter(showsWhole: Bool)
  /// Back to the run as it is.
  case leave
  case move(steps: Int)
  case to(step: Int)
  case toEnd
  /// The next (1) or the previous (-1) event that is marked on the charts.
  case event(Int)
  /// The next or the previous step whose loss or gradient norm stands out.
  case anomaly(Int)
}
