/// Some of a pass's rows, as runs in ascending order, so that a loop can leave the others out.
///
/// Runs begin and end at multiples of `unit`, which is what the packed products take at once and even, as gradients by
/// pairs of rows want it.
public struct RowSpans: Sendable, Equatable {
  /// Disjoint, not empty, none touching the next.
  public let ranges: [Range<Int>]
  /// Rows of all runs.
  public let count: Int

  public static let unit = 8

  /// The next multiple of `unit`, at least one.
  public static func filled(_ count: Int) -> Int { (max(count, 1) + unit - 1) / unit * unit }

  /// All rows of 0..<rows in one run.
  public init(rows: Int) {
    ranges = rows > 0 ? [0..<rows] : []
    count = rows
  }

  /// Runs that cover `ranges`, which ascend, and lie within 0..<rows, a multiple of `unit`.
  public init(covering ranges: [Range<Int>], rows: Int) {
    precondition(rows % Self.unit == 0, "whole units")
    var runs: [Range<Int>] = []
    for range in ranges where !range.isEmpty {
      let wide =
        range.lowerBound / Self.unit * Self.unit..<(range.upperBound + Self.unit - 1) / Self.unit * Self.unit
      if let last = runs.last, last.upperBound >= wide.lowerBound {
        runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, wide.upperBound)
      } else {
        runs.append(wide)
      }
    }
    precondition(runs.last.map { $0.upperBound <= rows } ?? true, "within the pass")
    self.ranges = runs
    count = runs.reduce(0) { $0 + $1.count }
  }

  /// Rows number `numbers` of all runs' rows, in pieces of at most `longest`.
  package func pieces(_ numbers: Range<Int>, longest: Int) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var first = 0
    for range in ranges {
      let part = numbers.clamped(to: first..<first + range.count)
      let shift = range.lowerBound - first
      for start in stride(from: part.lowerBound, to: part.upperBound, by: longest) {
        pieces.append(start + shift..<min(start + longest, part.upperBound) + shift)
      }
      first += range.count
    }
    return pieces
  }

  /// All rows in pieces of at most `longest`.
  public func pieces(longest: Int) -> [Range<Int>] { pieces(0..<count, longest: longest) }
}
