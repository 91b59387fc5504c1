import CKernels

// MARK: The same attention on pairs of bf16: inputs stay bf16, sums are fp32
//
// Keys run along k in some products, so the two runs of a strip (prefix, own) each begin at an even column: where the
// prefix is odd, one column that nobody sees lies between them.

extension AttentionHead {
  func forwardPairs(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, scratch: Matrix
  ) {
    var memory = ScratchMemory(scratch)
    let order = KeyOrder(group, k: k, v: v, runtime: runtime, memory: &memory)
    let keys = order.group.rows
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension / 2, wide)
    let vPairs = memory.take(Self.pairCount(order.group), dim)
    let output = memory.take(Self.strip, dim)
    let width = StripView.width(keys: keys.count, window: mask.window)
    let scores = memory.take(Self.strip, width)
    let p = memory.take(Self.strip, width, .bf16)
    for input in [order.keys, order.values] { runtime.prefetch(input, rows: keys) }
    transposeWords(order.keys.rows(keys), into: kT)
    let starts = pairSegments(order.values, order.group, into: vPairs)

    forEachStrip(order.group, heads: q.columns / headDimension, reading: [q, o], shift: order.shift) {
      segment, start, head in
      let view = StripView(
        segment: order.group.segments[segment], start: start, base: keys.lowerBound, window: mask.window,
        ownPair: starts[segment])
      let rows = order.rows(view.rows)
      multiply(q.rows(rows).columns(columns(head)), kT, view, into: scores)
      capScores(scores, view, .bf16)
      if let gap = view.gap { fillColumn(scores, gap, rows.count, with: -.infinity) }
      softmax(scores, view, logSums: logSums.floats + head * logSums.stride + rows.lowerBound, into: p)
      weigh(p, vPairs, view, into: output)
      runtime.convert(
        output.rows(0..<rows.count).columns(0..<headDimension), into: o.rows(rows).columns(columns(head)))
    }
  }

  func backwardPairs(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, d: Matrix,
    into gradients: AttentionGradients, scratch: Matrix
  ) {
    var memory = ScratchMemory(scratch)
    let order = KeyOrder(group, k: k, v: v, runtime: runtime, memory: &memory)
    let keys = order.group.rows
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension / 2, wide)
    let vT = memory.take(headDimension / 2, wide)
    let kPairs = memory.take(Self.pairCount(order.group), dim)
    var sums = KeyGradientSums(runtime: runtime, rows: keys.count, columns: dim, memory: &memory)
    let queryGradients = memory.take(Self.strip, dim)
    let queryPairs = memory.take(Self.strip / 2, dim)
    let gradientPairs = memory.take(Self.strip / 2, dim)
    let delta = memory.take(1, Self.strip)
    let width = StripView.width(keys: keys.count, window: mask.window)
    let scores = memory.take(Self.strip, width)
    let outputScores = memory.take(Self.strip, width)
    let scoreGradients = memory.take(Self.strip, width, .bf16)
    let probabilityPairs = memory.take(Self.strip / 2, width)
    let scorePairs = memory.take(Self.strip / 2, width)
    for input in [order.keys, order.values] { runtime.prefetch(input, rows: keys) }
    transposeWords(order.keys.rows(keys), into: kT)
    transposeWords(order.values.rows(keys), into: vT)
    let starts = pairSegments(order.keys, order.group, into: kPairs)

    forEachStrip(order.group, heads: q.columns / headDimension, reading: [q, o, d], shift: order.shift) {
      segment, start, head in
      sums.begin(head)
      let view = StripView(
        segment: order.group.segments[segment], start: start, base: keys.lowerBound, window: mask.window,
        ownPair: starts[segment])
      let rows = order.rows(view.rows)
      let m = rows.count
      func ofHead(_ x: Matrix) -> Matrix { x.rows(rows).columns(columns(head)) }
      let (queries, slopes, output) = (ofHead(q), ofHead(d), ofHead(o))
      runtime.kernels.row_dots(
        Int64(m), Int64(headDimension), slopes.base, Int64(slopes.stride), output.base, Int64(output.stride),
        delta.floats, WB_BF16)
      pairRows(queries, into: queryPairs)
      pairRows(slopes, into: gradientPairs)
      multiply(queries, kT, view, into: scores)
      multiply(slopes, vT, view, into: outputScores)
      capScores(scores, view, .bf16)
      if let gap = view.gap {
        fillColumn(scores, gap, m, with: -.infinity)
        fillColumn(outputScores, gap, m, with: 0)
      }
      view.withSeen { seen in
        runtime.kernels.softmax_backward_pairs(
          Int64(m), Int64(view.columns), scores.floats, outputScores.floats, Int64(width), scale, mask.softCap ?? 0,
          seen, logSums.floats + head * logSums.stride + rows.lowerBound, delta.floats, scoreGradients.halves,
          Int64(width), probabilityPairs.words, scorePairs.words, Int64(width))
      }
      weigh(scoreGradients, kPairs, view, into: queryGradients)
      store(queryGradients.rows(0..<m), rows, turn: gradients.queryTurn, into: gradients.dq.columns(columns(head)))
      scatter(scorePairs, queryPairs, view, into: sums.keys)
      scatter(probabilityPairs, gradientPairs, view, into: sums.values)
    }
    sums.finish()
    storeKeys(sums.joinedKeys, order, shared: gradients.sharedKeys, turn: gradients.keyTurn, into: gradients.dk)
    storeKeys(sums.joinedValues, order, shared: gradients.sharedValues, turn: nil, into: gradients.dv)
  }

  // MARK: Strips

  /// s[m, columns] = x[m, d] · t[d, keys], as far as a row sees.
  private func multiply(_ x: Matrix, _ t: Matrix, _ view: StripView, into s: Matrix) {
    for run in view.runs {
      runtime.kernels.gemm_pairs(
        Int64(view.rows.count), Int64(Self.padded(run.count)), Int64(headDimension / 2), x.words, Int64(x.stride / 2),
        1, t.words + run.start, Int64(t.stride), s.floats + run.column, Int64(s.stride), 0,
        run.scores)
    }
  }

  /// y[m, d] = s[m, columns] · x[keys, d]; s is 0 where a row does not see.
  private func weigh(_ s: Matrix, _ x: Matrix, _ view: StripView, into y: Matrix) {
    let dim = Int64(x.stride)
    for (index, run) in view.runs.enumerated() {
      runtime.kernels.gemm_pairs(
        Int64(view.rows.count), dim, Int64((run.count + 1) / 2), s.words + run.column / 2, Int64(s.stride / 2), 1,
        x.words + run.pair * x.stride, dim, y.floats, dim, index > 0 ? 1 : 0,
        run.overKeys)
    }
  }

  /// g[keys, d] += s[m, columns]ᵀ · x[m, d], both by pairs of rows; s is 0 where a row does not see.
  private func scatter(_ s: Matrix, _ x: Matrix, _ view: StripView, into g: Matrix) {
    let dim = Int64(x.stride)
    for run in view.runs {
      runtime.kernels.gemm_pairs(
        Int64(run.count), dim, Int64((view.rows.count + 1) / 2), s.words + run.column, 1, Int64(s.stride), x.words, dim,
        g.floats + run.start * g.stride, dim, 1, run.overQueries)
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
  private func pairRows(_ x: Matrix, into y: Matrix) {
    let pairs = (x.rows + 1) / 2
    if y.columns > x.columns { runtime.zero(y.rows(0..<pairs).columns(x.columns..<y.columns)) }
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
