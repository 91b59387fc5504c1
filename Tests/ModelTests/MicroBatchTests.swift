import Testing

@testable import Model

@Suite struct MicroBatchTests {
  /// As few micro-batches as the budget allows and, of that many, the ones whose longest is shortest; groups in order.
  @Test func splitsEvenly() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let budget = Int.random(in: 8...40, using: &generator)
      let counts = (0..<Int.random(in: 0...9, using: &generator)).map { _ in Int.random(in: 2...20, using: &generator) }
      let groups = counts.map { PromptGroup(prompt: [Int32](repeating: 1, count: $0 - 1), responses: [[2, 3]]) }
      let found = MicroBatch.split(groups, tokenBudget: budget, everyRow: false, sharing: false)
      #expect(found.flatMap(\.groups) == groups)
      #expect(found.map(\.firstGroup) == found.indices.map { found[..<$0].reduce(0) { $0 + $1.groups.count } })
      #expect(found.allSatisfy { $0.rows <= budget || $0.groups.count == 1 })
      let best = Self.best(counts, budget: budget)
      #expect(found.count == best.count, "\(counts) in \(budget)")
      #expect(found.map(\.rows).max() ?? 0 == best.longest, "\(counts) in \(budget)")
    }
  }

  /// Rows are filled up to what a product's tile takes at once and no further.
  @Test(arguments: [false, true])
  func fillsUpNoFurtherThanItsProductsAsk(everyRow: Bool) {
    for rows in [1, 7, 8, 9, 31, 32, 33, 255, 256, 257, 1000] {
      let group = PromptGroup(prompt: [Int32](repeating: 1, count: rows), responses: [[2]])
      let batch = MicroBatch([group], everyRow: everyRow)
      #expect(batch.rows == rows)
      #expect(batch.paddedRows == (rows + 7) / 8 * 8)
      #expect(batch.tokens.count == batch.paddedRows && batch.positions.count == batch.paddedRows)
    }
  }

  /// Every way to cut the list, tried.
  private static func best(_ counts: [Int], budget: Int) -> (count: Int, longest: Int) {
    guard !counts.isEmpty else { return (0, 0) }
    var best = (count: Int.max, longest: Int.max)
    for cuts in 0..<(1 << (counts.count - 1)) {
      var sums = [counts[0]]
      var single = [true]
      for index in counts.indices.dropFirst() {
        if cuts >> (index - 1) & 1 == 1 {
          sums.append(counts[index])
          single.append(true)
        } else {
          sums[sums.count - 1] += counts[index]
          single[single.count - 1] = false
        }
      }
      guard zip(sums, single).allSatisfy({ $0 <= budget || $1 }) else { continue }
      let this = (count: sums.count, longest: sums.max() ?? 0)
      if this < best { best = this }
    }
    return best
  }
}
