/// The newest visits that drew a negative: how often each rank was drawn, and how often q_γ says it should have been.
/// Each visit counts with the γ that was in force when it happened, so the two stay comparable across a change of γ.
struct SamplingWindow: Sendable {
  private struct Draw: Sendable {
    var rank: Int?
    /// q by rank; empty where there is no γ.
    var q: [Double]
  }

  static let capacity = 256
  private var draws: [Draw] = []
  private var next = 0
  /// By rank, index 0 the best response.
  private(set) var drawn: [Int] = []
  private(set) var expected: [Double] = []
  /// Visits in the window with a draw, and visits with a q.
  private(set) var drawCount = 0
  private(set) var expectedCount = 0

  var visits: Int { draws.count }

  mutating func add(rank: Int?, q: [Double]) {
    let limit = 4_096  // ranks beyond are not told apart
    let draw = Draw(rank: rank.flatMap { $0 >= 0 && $0 < limit ? $0 : nil }, q: Array(q.prefix(limit)))
    if draws.count < Self.capacity {
      draws.append(draw)
    } else {
      count(draws[next], -1)
      draws[next] = draw
      next = (next + 1) % Self.capacity
    }
    count(draw, 1)
  }

  private mutating func count(_ draw: Draw, _ sign: Int) {
    let ranks = max(draw.q.count, (draw.rank ?? -1) + 1)
    if drawn.count < ranks {
      drawn.append(contentsOf: repeatElement(0, count: ranks - drawn.count))
      expected.append(contentsOf: repeatElement(0, count: ranks - expected.count))
    }
    if let rank = draw.rank {
      drawn[rank] += sign
      drawCount += sign
    }
    if !draw.q.isEmpty {
      expectedCount += sign
      for rank in draw.q.indices { expected[rank] += Double(sign) * draw.q[rank] }
    }
  }

  /// Shares by rank of what was drawn; empty before the first draw.
  var drawnShares: [Double] {
    drawCount > 0 ? drawn.map { Double($0) / Double(drawCount) } : []
  }

  /// Mean q by rank; empty without γ.
  var expectedShares: [Double] {
    expectedCount > 0 ? expected.map { max(0, $0) / Double(expectedCount) } : []
  }

  /// Pearson's χ² of the draws against q, over ranks with at least 5 expected draws and one cell for the others;
  /// nil where fewer than two cells remain.
  var chiSquare: (value: Double, degrees: Int)? {
    guard drawCount > 0, drawCount == expectedCount else { return nil }
    var cells: [(observed: Double, expected: Double)] = []
    var rest = (observed: 0.0, expected: 0.0)
    for rank in expected.indices where expected[rank] > 1e-9 || drawn[rank] > 0 {
      if expected[rank] >= 5 {
        cells.append((Double(drawn[rank]), expected[rank]))
      } else {
        rest.observed += Double(drawn[rank])
        rest.expected += max(0, expected[rank])
      }
    }
    if rest.expected >= 1 { cells.append(rest) }
    guard cells.count >= 2 else { return nil }
    let value = cells.reduce(0) { sum, cell in
      let difference = cell.observed - cell.expected
      return sum + difference * difference / cell.expected
    }
    return (value, cells.count - 1)
  }
}
