/// Tells values that stand out from the newest ones by their robust z-score, |x − median| / (1.4826 · MAD), where MAD is
/// the median absolute deviation and 1.4826 makes it a standard deviation for normal values.
struct Outliers: Sendable {
  static let window = 64
  /// Fewer values than this do not tell what is usual.
  static let least = 16
  static let limit = 6.0

  private var recent: [Double] = []
  private var next = 0

  /// True if `value` is no number or stands out from those before it.
  mutating func add(_ value: Double) -> Bool {
    guard value.isFinite else { return true }
    let standsOut = (score(value) ?? 0) > Self.limit
    if recent.count < Self.window {
      recent.append(value)
    } else {
      recent[next] = value
      next = (next + 1) % Self.window
    }
    return standsOut
  }

  /// The robust z-score of `value` against the newest values, with a spread of at least 1 % of the median; nil while
  /// there are too few.
  func score(_ value: Double) -> Double? {
    guard recent.count >= Self.least else { return nil }
    let median = Self.median(recent)
    let deviation = Self.median(recent.map { abs($0 - median) })
    let distance = abs(value - median)
    // A curve that hardly moves at all has no outliers of a hair's breadth.
    let spread = max(1.4826 * deviation, 0.01 * abs(median))
    return distance == 0 ? 0 : distance / spread
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
