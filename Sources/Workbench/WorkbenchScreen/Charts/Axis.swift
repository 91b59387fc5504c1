import Foundation

/// The steps a chart shows: dot i stands for the steps `from + i·perDot ..< from + (i+1)·perDot`.
struct StepDomain: Equatable, Sendable {
  var from: Int
  var perDot: Int
  var dots: Int

  func steps(ofDot dot: Int) -> (from: Int, to: Int) {
    let start = from + dot * perDot
    return (start, start + perDot)
  }

  /// May lie outside 0..<dots.
  func dot(ofStep step: Int) -> Int {
    let distance = step - from
    return distance >= 0 ? distance / perDot : (distance - perDot + 1) / perDot
  }

  /// Steps a dot only in the sequence 1, 2, 5, 10, …: the scale then changes seldom, and between changes a new step
  /// touches a single column of the screen.
  static func scale(steps: Int, dots: Int) -> Int {
    guard dots > 0 else { return 1 }
    var unit = 1
    while unit < 1_000_000_000 {
      for factor in [1, 2, 5] where steps <= unit * factor * dots { return unit * factor }
      unit *= 10
    }
    return unit
  }

  init(from: Int, perDot: Int, dots: Int) {
    self.from = from
    self.perDot = max(1, perDot)
    self.dots = max(1, dots)
  }

  /// - Parameters:
  ///   - first, last: the first and the newest step of the run.
  init(_ mode: DomainMode, first: Int, last: Int, dots: Int) {
    var end = max(first, last)
    if case .frozen(let frozen) = mode { end = max(first, min(end, frozen)) }
    let steps = end - first + 1
    let whole = Self.scale(steps: steps, dots: dots)
    guard mode == .follow, whole > 1 else {
      self.init(from: first, perDot: whole, dots: dots)
      return
    }
    let perDot = Self.scale(steps: max(dots, steps / 5), dots: dots)
    // Moves on by a quarter of the width at a time, not at every step.
    let quarter = max(1, dots / 4) * perDot
    let window = dots * perDot
    let hidden = max(0, steps - window)
    self.init(from: first + (hidden + quarter - 1) / quarter * quarter, perDot: perDot, dots: dots)
  }
}

/// The values a chart shows, from a round number to a round number.
struct ValueRange: Equatable, Sendable {
  var low: Double
  var high: Double
  var decimals: Int

  /// Round bounds around what is to be seen. Without anything to see: 0…1.
  init(_ extent: Series.Extent, including values: [Double] = []) {
    var low = extent.minimum
    var high = extent.maximum
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    guard low <= high else {
      self.init(low: 0, high: 1, decimals: 1)
      return
    }
    let middle = (low + high) / 2
    if high - low < max(1e-12, abs(middle) * 1e-9) {
      let margin = middle == 0 ? 1 : abs(middle) * 0.1
      low -= margin
      high += margin
    }
    let span = high - low
    guard span.isFinite, span > 0 else {
      self.init(low: low, high: high, decimals: 1)
      return
    }
    let magnitude = pow(10, floor(log10(span / 4)))
    let unit = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= span / 4 } ?? magnitude
    // 1e-9: a bound that is round already must not move on by its rounding error.
    low = (low / unit + 1e-9).rounded(.down) * unit
    high = (high / unit - 1e-9).rounded(.up) * unit
    let exponent = floor(log10(unit) + 1e-9)
    self.init(low: low, high: high, decimals: exponent < 0 ? min(6, NumberText.whole(-exponent)) : 0)
  }

  init(low: Double, high: Double, decimals: Int) {
    self.low = low
    self.high = high
    self.decimals = decimals
  }

  /// Dot row of a value, 0 at the top; a value outside is moved to the edge.
  func row(of value: Double, height: Int) -> Int {
    guard height > 1, high > low else { return 0 }
    let share = (high - value) / (high - low)
    guard share.isFinite else { return share > 0 ? height - 1 : 0 }
    return NumberText.whole((max(0, min(1, share)) * Double(height - 1)).rounded())
  }

  func label(_ value: Double) -> String { NumberText.plain(value, decimals: decimals) }
}
