import CKernels

// MARK: The same attention on pairs of bf16: inputs stay bf16, sums are fp32
//
// Keys run along k in some products, so the two runs of a strip (prefix, own) each begin at an even column: where the
// prefix is odd, one column that nobody sees lies between them.

extension AttentionHead {
  func forwardPairs(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, scratch: Matrix
  ) {
    let keys = group.rows
    var memory = ScratchMemory(scratch)
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension / 2, wide)
    let vPairs = memory.take(Self.pairCount(group), dim)
    let output = memory.take(Self.strip, dim)
    let scores = memory.take(Self.strip, wide)
    let p = memory.take(Self.strip, wide, .bf16)
    transposeWords(k.rows(keys), into: kT)
    let starts = pairSegments(v, group, into: vPairs)

    for (index, segment) in group.segments.enumerated() {
      for start in stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.strip) {
        let view = PairView(group: group, segment: segment, ownPair: starts[index], start: start)
        multiply(q.rows(view.rows), kT, view, into: scores)
        if view.hasGap { fillColumn(scores, view.prefixCount, view.rows.count, with: -.infinity) }
        runtime.kernels.softmax(
          Int64(view.rows.count), Int64(view.columns), scores.floats, Int64(scores.stride), scale,
          Int64(view.firstVisible), logSums.floats + view.rows.lowerBound)
        runtime.convert(
          scores.rows(0..<view.rows.count).columns(0..<view.columns),
          into: p.rows(0..<view.rows.count).columns(0..<view.columns))
        weigh(p, vPairs, view, into: output)
        runtime.convert(output.rows(0..<view.rows.count).columns(0..<headDimension), into: o.rows(view.rows))
      }
    }
  }

  func backwardPairs(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, d: Matrix, dq: Matrix,
    dk: Matrix, dv: Matrix, scratch: Matrix
  ) {
    let keys = group.rows
    var memory = ScratchMemory(scratch)
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension / 2, wide)
    let vT = memory.take(headDimension / 2, wide)
    let kPairs = memory.take(Self.pairCount(group), dim)
    let keyGradients = memory.take(keys.count, dim)
    let valueGradients = memory.take(keys.count, dim)
    let output = memory.take(Self.strip, dim)
    let outputGradients = memory.take(Self.strip, dim)
    let queryGradients = memory.take(Self.strip, dim)
    let queryPairs = memory.take(Self.strip / 2, dim)
    let gradientPairs = memory.take(Self.strip / 2, dim)
    let delta = memory.take(1, Self.strip)
    let scores = memory.take(Self.strip, wide)
    let scoreGradients = memory.take(Self.strip, wide)
    // One after another: the score gradients by rows, then both by pairs of rows.
    let narrow = memory.take(Self.strip / 2, wide)
    transposeWords(k.rows(keys), into: kT)
    transposeWords(v.rows(keys), into: vT)
    let starts = pairSegments(k, group, into: kPairs)
    runtime.zero(keyGradients)
    runtime.zero(valueGradients)

    for (index, segment) in group.segments.enumerated() {
      for start in stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.strip) {
        let view = PairView(group: group, segment: segment, ownPair: starts[index], start: start)
        let m = view.rows.count
        runtime.convert(o.rows(view.rows), into: output.rows(0..<m).columns(0..<headDimension))
        runtime.convert(d.rows(view.rows), into: outputGradients.rows(0..<m).columns(0..<headDimension))
        runtime.kernels.row_dots(
          Int64(m), Int64(headDimension), outputGradients.floats, Int64(dim), output.floats, Int64(dim), delta.floats)
        pairRows(q.rows(view.rows), into: queryPairs)
        pairRows(d.rows(view.rows), into: gradientPairs)
        multiply(q.rows(view.rows), kT, view, into: scores)
        multiply(d.rows(view.rows), vT, view, into: scoreGradients)
        if view.hasGap {
          fillColumn(scores, view.prefixCount, m, with: -.infinity)
          fillColumn(scoreGradients, view.prefixCount, m, with: 0)
        }
        runtime.kernels.softmax_backward(
          Int64(m), Int64(view.columns), scores.floats, scoreGradients.floats, Int64(scores.stride), scale,
          Int64(view.firstVisible), logSums.floats + view.rows.lowerBound, delta.floats)
        let strip = scoreGradients.rows(0..<m).columns(0..<view.columns)
        let rows = Matrix(
          base: narrow.base, rows: Self.strip, columns: wide, stride: wide, type: .bf16, owner: narrow.owner)
        runtime.convert(strip, into: rows.rows(0..<m).columns(0..<view.columns))
        weigh(rows, kPairs, view, into: queryGradients)
        runtime.convert(queryGradients.rows(0..<m).columns(0..<headDimension), into: dq.rows(view.rows))
        pairRows(strip, into: narrow, fillTo: view.columns)
        scatter(narrow, queryPairs, view, into: keyGradients)
        pairRows(scores.rows(0..<m).columns(0..<view.columns), into: narrow, fillTo: view.columns)
        scatter(narrow, gradientPairs, view, into: valueGradients)
      }
    }
    runtime.convert(keyGradients.columns(0..<headDimension), into: dk.rows(keys))
    runtime.convert(valueGradients.columns(0..<headDimension), into: dv.rows(keys))
  }

  // MARK: Strips

  private struct PairView {
    let rows: Range<Int>
    let prefixStart, prefixCount, ownStart, ownCount: Int
    /// First pair of the segment's own rows; the prefix's is 0, as a prompt comes first in its group.
    let prefixPair, ownPair: Int
    let firstVisible: Int

    init(group: AttentionGroup, segment: AttentionSegment, ownPair: Int, start: Int) {
      rows = start..<min(start + AttentionHead.strip, segment.rows.upperBound)
      prefixStart = segment.prefix.lowerBound - group.rows.lowerBound
      prefixCount = segment.prefix.count
      ownStart = segment.rows.lowerBound - group.rows.lowerBound
      ownCount = rows.upperBound - segment.rows.lowerBound
      prefixPair = 0
      self.ownPair = ownPair
      firstVisible = (prefixCount + 1) / 2 * 2 + start - segment.rows.lowerBound + 1
    }

    var hasGap: Bool { prefixCount % 2 == 1 }
    /// Where the own columns begin.
    var ownColumn: Int { (prefixCount + 1) / 2 * 2 }
    /// All columns, up to an even number.
    var columns: Int { ownColumn + (ownCount + 1) / 2 * 2 }
    /// The runs of keys: their first row, how many, and the column of the strip where they begin.
    var runs: [(start: Int, count: Int, column: Int)] {
      let own = (ownStart, ownCount, ownColumn)
      return prefixCount > 0 ? [(prefixStart, prefixCount, 0), own] : [own]
    }
  }

  /// s[m, columns] = x[m, d] · t[d, keys].
  private func multiply(_ x: Matrix, _ t: Matrix, _ view: PairView, into s: Matrix) {
    let pairs = Int64(headDimension / 2)
    for (start, count, column) in view.runs {
      runtime.kernels.gemm_pairs(
        Int64(view.rows.count), Int64(Self.padded(count)), pairs, x.words, Int64(x.stride / 2), 1, t.words + start,
        Int64(t.stride), s.floats + column, Int64(s.stride), 0)
    }
  }

  /// y[m, d] = s[m, columns] · x[keys, d].
  private func weigh(_ s: Matrix, _ x: Matrix, _ view: PairView, into y: Matrix) {
    let dim = Int64(x.stride)
    for (index, run) in view.runs.enumerated() {
      let pair = run.column == 0 && view.prefixCount > 0 ? view.prefixPair : view.ownPair
      runtime.kernels.gemm_pairs(
        Int64(view.rows.count), dim, Int64((run.count + 1) / 2), s.words + run.column / 2, Int64(s.stride / 2), 1,
        x.words + pair * x.stride, dim, y.floats, dim, index > 0 ? 1 : 0)
    }
  }

  /// g[keys, d] += s[m, columns]ᵀ · x[m, d], both by pairs of rows.
  private func scatter(_ s: Matrix, _ x: Matrix, _ view: PairView, into g: Matrix) {
    let dim = Int64(x.stride)
    for run in view.runs {
      runtime.kernels.gemm_pairs(
        Int64(run.count), dim, Int64((view.rows.count + 1) / 2), s.words + run.column, 1, Int64(s.stride), x.words, dim,
        g.floats + run.start * g.stride, dim, 1)
    }
  }

  private func fillColumn(_ s: Matrix, _ column: Int, _ rows: Int, with value: Float) {
    for row in 0..<rows { s.floats[row * s.stride + column] = value }
  }

  private func transposeWords(_ x: Matrix, into y: Matrix) {
    runtime.kernels.transpose_words(
      Int64(x.rows), Int64(x.columns / 2), x.words, Int64(x.stride / 2), y.words, Int64(y.stride))
  }

  /// Rows by pairs, the columns that only fill a panel zeroed.
  private func pairRows(_ x: Matrix, into y: Matrix, fillTo width: Int? = nil) {
    let pairs = (x.rows + 1) / 2
    let width = width ?? y.columns
    if width > x.columns { runtime.zero(y.rows(0..<pairs).columns(x.columns..<width)) }
    runtime.kernels.pair_rows(
      Int64(x.rows), Int64(x.columns), x.base, Int64(x.stride), x.type.kernelType, y.words, Int64(y.stride))
  }

  /// Every segment's rows by pairs, each from a pair of its own; returns where each begins.
  private func pairSegments(_ x: Matrix, _ group: AttentionGroup, into y: Matrix) -> [Int] {
    var next = 0
    return group.segments.map { segment in
      let pairs = (segment.rows.count + 1) / 2
      pairRows(x.rows(segment.rows), into: y.rows(next..<next + pairs))
      defer { next += pairs }
      return next
    }
  }

  private static func pairCount(_ group: AttentionGroup) -> Int {
    group.segments.reduce(0) { $0 + ($1.rows.count + 1) / 2 }
  }
}
