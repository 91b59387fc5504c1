/// One metric over a run, every point kept, with a pyramid above it so that any range of steps can be summed up as its
/// minimum and maximum in O(log n). Level k holds one block for each 4^(k+1) points.
struct Series: Sendable {
  /// What a range of points holds.
  struct Extent: Equatable, Sendable {
    var minimum = Double.infinity
    var maximum = -Double.infinity
    /// Points that are NaN or infinite, which no chart can place.
    var invalid = 0
    var count = 0

    var isEmpty: Bool { minimum > maximum }

    mutating func add(_ value: Double) {
      count += 1
      guard value.isFinite else {
        invalid += 1
        return
      }
      minimum = min(minimum, value)
      maximum = max(maximum, value)
    }

    mutating func add(_ other: Extent) {
      minimum = min(minimum, other.minimum)
      maximum = max(maximum, other.maximum)
      invalid += other.invalid
      count += other.count
    }
  }

  private static let fanOut = 4
  /// Ascending.
  private(set) var steps: [Int] = []
  private(set) var values: [Double] = []
  private var levels: [[Extent]] = []

  var count: Int { values.count }
  var last: Double? { values.last }
  var lastStep: Int? { steps.last }

  /// Appends a point; one whose step is not after the last is ignored.
  mutating func append(step: Int, _ value: Double) {
    if let lastStep = steps.last, step <= lastStep { return }
    let index = values.count
    steps.append(step)
    values.append(value)
    var block = index
    for level in levels.indices {
      block /= Self.fanOut
      if block == levels[level].count { levels[level].append(Extent()) }
      levels[level][block].add(value)
    }
    // The top level is one block; when it becomes two, a level that sums both begins.
    if let top = levels.last {
      if top.count > 1 { levels.append([top.reduce(into: Extent()) { $0.add($1) }]) }
    } else {
      levels.append([values.reduce(into: Extent()) { $0.add($1) }])
    }
  }

  /// Positions of the points with `from <= step < to`.
  func indices(from: Int, to: Int) -> Range<Int> {
    let lower = position(of: from)
    return lower..<max(lower, position(of: to))
  }

  /// The first position whose step is not before `step`.
  private func position(of step: Int) -> Int {
    var low = 0
    var high = steps.count
    while low < high {
      let middle = (low + high) / 2
      if steps[middle] < step { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Minimum and maximum over the points with `from <= step < to`.
  func extent(from: Int, to: Int) -> Extent {
    extent(indices(from: from, to: to))
  }

  func extent(_ range: Range<Int>) -> Extent {
    var result = Extent()
    var index = range.lowerBound
    while index < range.upperBound {
      // The largest whole block that begins here and ends inside.
      var size = 1
      var level = -1
      while level + 1 < levels.count, index % (size * Self.fanOut) == 0, index + size * Self.fanOut <= range.upperBound
      {
        size *= Self.fanOut
        level += 1
      }
      if level < 0 {
        result.add(values[index])
      } else {
        result.add(levels[level][index / size])
      }
      index += size
    }
    return result
  }

  /// The last finite value with `from <= step < to`.
  func lastValue(from: Int, to: Int) -> Double? {
    var range = indices(from: from, to: to)
    while let index = range.last {
      if values[index].isFinite { return values[index] }
      range = range.dropLast()
    }
    return nil
  }

  /// The value in force at `step`: that of the nearest point not after it.
  func value(at step: Int) -> Double? {
    guard step < .max else { return last }
    let next = position(of: step + 1)
    return next > 0 ? values[next - 1] : nil
  }

  /// Mean of the finite values among the last `count` points, those after `step` left out.
  func recentMean(_ count: Int, until step: Int = .max) -> Double? {
    let recent = values[..<position(of: step == .max ? step : step + 1)].suffix(count).filter(\.isFinite)
    return recent.isEmpty ? nil : recent.reduce(0, +) / Double(recent.count)
  }
}

/// How much a line is smoothed; `s` goes through these.
public enum Smoothing: Int, CaseIterable, Sendable {
  case off, light, medium, heavy

  /// Weight of the past in the exponential moving average.
  var factor: Double? {
    switch self {
    case .off: nil
    case .light: 0.6
    case .medium: 0.9
    case .heavy: 0.99
    }
  }

  var title: String {
    switch self {
    case .off: "raw"
    case .light: "ema .6"
    case .medium: "ema .9"
    case .heavy: "ema .99"
    }
  }

  var next: Smoothing { Smoothing(rawValue: rawValue + 1) ?? .off }
}

/// A metric together with its exponential moving averages, bias-corrected as in Adam: m_t / (1 − factor^t).
/// A value that is not finite leaves the averages as they were and a gap in them.
struct SmoothedSeries: Sendable {
  private struct Average: Sendable {
    var factor: Double
    var moment = 0.0
    var weight = 0.0
    var series = Series()

    mutating func append(step: Int, _ value: Double) {
      guard value.isFinite else {
        series.append(step: step, .nan)
        return
      }
      moment = factor * moment + (1 - factor) * value
      weight = factor * weight + (1 - factor)
      series.append(step: step, moment / weight)
    }
  }

  private(set) var raw = Series()
  private var averages = Smoothing.allCases.compactMap { $0.factor.map { Average(factor: $0) } }

  mutating func append(step: Int, _ value: Double) {
    if let last = raw.lastStep, step <= last { return }
    raw.append(step: step, value)
    for index in averages.indices { averages[index].append(step: step, value) }
  }

  func smoothed(_ smoothing: Smoothing) -> Series {
    smoothing == .off ? raw : averages[smoothing.rawValue - 1].series
  }
}
