import CKernels

/// Where the gradients of an attention go, and the rotation that they are taken back through on the way.
public struct AttentionGradients: Sendable {
  /// dL/dq [T, heads · d], dL/dk and dL/dv [T, d], of any type. They may lie where q, k and v do: each is written when
  /// nothing reads its inputs any more.
  public var dq, dk, dv: Matrix
  /// dL/dk and dL/dv [shared, d] before RoPE of the group's first keys, fp32: keys of other groups too, so that somebody
  /// else adds them up.
  public var sharedKeys, sharedValues: Matrix?
  /// RoPE's tables and the position of every row of T; nil leaves the gradient as it is.
  public var queryTurn, keyTurn: RotaryTurn?

  public init(
    dq: Matrix, dk: Matrix, dv: Matrix, sharedKeys: Matrix? = nil, sharedValues: Matrix? = nil,
    queryTurn: RotaryTurn? = nil, keyTurn: RotaryTurn? = nil
  ) {
    self.dq = dq
    self.dk = dk
    self.dv = dv
    self.sharedKeys = sharedKeys
    self.sharedValues = sharedValues
    self.queryTurn = queryTurn
    self.keyTurn = keyTurn
  }
}

/// RoPE's table, which may be narrower than a head, and the position of every row.
public struct RotaryTurn: Sendable {
  public var table: Matrix
  public var positions: [Int32]

  public init(table: Matrix, positions: [Int32]) {
    self.table = table
    self.positions = positions
  }
}

/// Causal attention of the query heads that share one key-value head over one group, by strips of queries: scores of a
/// strip against everything it sees, an exact soft-max, the weighted values. Nothing of size T × T is kept; the backward
/// pass recomputes the scores from the saved log-sum-exp (Dao et al., FlashAttention, 2022). Soft-max and sums are
/// fp32; the products take pairs of bf16 where inputs are bf16 and the processor multiplies such pairs
/// (PairAttention.swift), and fp32 elsewhere. Of a window, a strip's keys begin where its first query's do (StripView); a
/// cap is applied to the scores before all else.
///
/// How many heads there are is read off the columns of q. Gradients of keys and values are summed per query head and
/// then over the heads in their order, so heads may as well be handed in one by one and added up outside.
public struct AttentionHead: Sendable {
  let runtime: CPUDevice
  public let headDimension: Int
  public let scale: Float
  public let mask: AttentionMask

  static let strip = 64

  public init(runtime: CPUDevice, headDimension: Int, scale: Float, mask: AttentionMask = AttentionMask()) {
    precondition(mask.window ?? 1 > 0 && mask.softCap ?? 1 > 0, "a window with a key, a cap above 0")
    self.runtime = runtime
    self.headDimension = headDimension
    self.scale = scale
    self.mask = mask
  }

  /// fp32 numbers of scratch a worker needs for groups of up to `rows` rows.
  public static func scratchCount(rows: Int, headDimension: Int) -> Int {
    let dim = padded(headDimension)
    let keys = padded(rows) + 2 * Int(WB_PANEL)
    // The pairs' strips add half a strip each, and their segments may each take one more pair than their rows. Keys and
    // values with shared rows are copied.
    return 9 * keys * dim + 4 * strip * keys + 5 * strip * dim + 4 * strip
  }

  /// o [T, heads · d] = softmax(scale · q kᵀ) v, logSums [heads, T]; q holds the heads' columns, k and v one head's.
  public func forward(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, scratch: Matrix
  ) {
    if runtime.panelFormat(x: q.type) == .pairs {
      forwardPairs(group, q: q, k: k, v: v, o: o, logSums: logSums, scratch: scratch)
      return
    }
    var memory = ScratchMemory(scratch)
    let order = KeyOrder(group, k: k, v: v, runtime: runtime, memory: &memory)
    let keys = order.group.rows
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension, wide)
    let values = memory.take(keys.count, dim)
    let queries = memory.take(Self.strip, dim)
    let output = memory.take(Self.strip, dim)
    let scores = memory.take(Self.strip, StripView.width(keys: keys.count, window: mask.window))
    for input in [order.keys, order.values] { runtime.prefetch(input, rows: keys) }
    transpose(order.keys.rows(keys), into: kT)
    widen(order.values.rows(keys), into: values)

    forEachStrip(order.group, heads: q.columns / headDimension, reading: [q, o], shift: order.shift) {
      segment, start, head in
      let view = StripView(
        segment: order.group.segments[segment], start: start, base: keys.lowerBound, window: mask.window)
      let rows = order.rows(view.rows)
      widen(q.rows(rows).columns(columns(head)), into: queries)
      multiply(queries, kT, view, into: scores)
      capScores(scores, view, .fp32)
      softmax(
        scores, view, logSums: logSums.floats + head * logSums.stride + rows.lowerBound, into: scores)
      weigh(scores, values, view, into: output)
      runtime.convert(
        output.rows(0..<rows.count).columns(0..<headDimension), into: o.rows(rows).columns(columns(head)))
    }
  }

  /// The gradients for d = dL/do: dk and dv of every row of the group, dq of its queries.
  public func backward(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, d: Matrix,
    into gradients: AttentionGradients, scratch: Matrix
  ) {
    if runtime.panelFormat(x: q.type) == .pairs {
      backwardPairs(group, q: q, k: k, v: v, o: o, logSums: logSums, d: d, into: gradients, scratch: scratch)
      return
    }
    var memory = ScratchMemory(scratch)
    let order = KeyOrder(group, k: k, v: v, runtime: runtime, memory: &memory)
    let keys = order.group.rows
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension, wide)
    let vT = memory.take(headDimension, wide)
    let keyRows = memory.take(keys.count, dim)
    var sums = KeyGradientSums(runtime: runtime, rows: keys.count, columns: dim, memory: &memory)
    let queries = memory.take(Self.strip, dim)
    let output = memory.take(Self.strip, dim)
    let outputGradients = memory.take(Self.strip, dim)
    let queryGradients = memory.take(Self.strip, dim)
    let delta = memory.take(1, Self.strip)
    let width = StripView.width(keys: keys.count, window: mask.window)
    let scores = memory.take(Self.strip, width)
    let scoreGradients = memory.take(Self.strip, width)
    for input in [order.keys, order.values] { runtime.prefetch(input, rows: keys) }
    transpose(order.keys.rows(keys), into: kT)
    transpose(order.values.rows(keys), into: vT)
    widen(order.keys.rows(keys), into: keyRows)

    forEachStrip(order.group, heads: q.columns / headDimension, reading: [q, o, d], shift: order.shift) {
      segment, start, head in
      sums.begin(head)
      let view = StripView(
        segment: order.group.segments[segment], start: start, base: keys.lowerBound, window: mask.window)
      let rows = order.rows(view.rows)
      let m = Int64(rows.count)
      widen(q.rows(rows).columns(columns(head)), into: queries)
      widen(o.rows(rows).columns(columns(head)), into: output)
      widen(d.rows(rows).columns(columns(head)), into: outputGradients)
      // The soft-max's own gradient needs Σ_j p_j dp_j, which is do · o.
      runtime.kernels.row_dots(
        m, Int64(headDimension), outputGradients.base, Int64(dim), output.base, Int64(dim), delta.floats, WB_F32)
      multiply(queries, kT, view, into: scores)
      multiply(outputGradients, vT, view, into: scoreGradients)
      capScores(scores, view, .fp32)
      view.withSeen { seen in
        runtime.kernels.softmax_backward(
          m, Int64(view.columns), scores.floats, scoreGradients.floats, Int64(scores.stride), scale,
          mask.softCap ?? 0, seen, logSums.floats + head * logSums.stride + rows.lowerBound, delta.floats)
      }
      weigh(scoreGradients, keyRows, view, into: queryGradients)
      store(
        queryGradients.rows(0..<rows.count), rows, turn: gradients.queryTurn,
        into: gradients.dq.columns(columns(head)))
      scatter(scores, outputGradients, view, into: sums.values)
      scatter(scoreGradients, queries, view, into: sums.keys)
    }
    sums.finish()
    storeKeys(sums.joinedKeys, order, shared: gradients.sharedKeys, turn: gradients.keyTurn, into: gradients.dk)
    storeKeys(sums.joinedValues, order, shared: gradients.sharedValues, turn: nil, into: gradients.dv)
  }

  // MARK: Heads

  func columns(_ head: Int) -> Range<Int> { head * headDimension..<(head + 1) * headDimension }

  /// Head by head, segment by segment, strip by strip. Before each strip's work, the next one's rows of `inputs`, which
  /// hold the heads side by side, are asked for: two cache lines of each row, which no processor guesses.
  func forEachStrip(
    _ group: AttentionGroup, heads: Int, reading inputs: [Matrix] = [], shift: Int = 0,
    _ body: (_ segment: Int, _ start: Int, _ head: Int) -> Void
  ) {
    var previous: (segment: Int, start: Int, head: Int)?
    for head in 0..<heads {
      for (index, segment) in group.segments.enumerated() {
        for start in stride(from: segment.queries.lowerBound, to: segment.queries.upperBound, by: Self.strip) {
          let rows = start + shift..<min(start + Self.strip, segment.queries.upperBound) + shift
          for input in inputs { runtime.prefetch(input.columns(columns(head)), rows: rows) }
          if let previous { body(previous.segment, previous.start, previous.head) }
          previous = (index, start, head)
        }
      }
    }
    if let previous { body(previous.segment, previous.start, previous.head) }
  }

  /// The first columns of x, turned back, as `rows` of y.
  func store(_ x: Matrix, _ rows: Range<Int>, turn: RotaryTurn?, into y: Matrix) {
    runtime.turn(
      x.columns(0..<headDimension), headDimension: headDimension, by: turn, rows: rows, backward: true,
      into: y.rows(rows))
  }

  /// The gradients of the group's own keys, or values, to their rows; those of shared ones to be added up elsewhere.
  func storeKeys(_ x: Matrix, _ order: KeyOrder, shared: Matrix?, turn: RotaryTurn?, into y: Matrix) {
    let keys = order.group.rows
    let count = shared?.rows ?? 0
    if let shared { runtime.convert(x.rows(0..<count).columns(0..<headDimension), into: shared) }
    guard count < keys.count else { return }
    store(
      x.rows(count..<keys.count), order.rows(keys.lowerBound + count..<keys.upperBound), turn: turn, into: y)
  }

  // MARK: Strips

  /// s = cap · tanh(scale · s / cap), for what ends in `type`; scores without a cap stay.
  func capScores(_ s: Matrix, _ view: StripView, _ type: ElementType) {
    guard let cap = mask.softCap else { return }
    view.withSeen { seen in
      runtime.kernels.soft_cap(
        Int64(view.rows.count), Int64(view.columns), s.floats, Int64(s.stride), scale, cap, seen,
        type.kernelType)
    }
  }

  /// The soft-max of capped scores, or of scale · s, in p, which may be s.
  func softmax(_ s: Matrix, _ view: StripView, logSums: UnsafeMutablePointer<Float>, into p: Matrix) {
    view.withSeen { seen in
      runtime.kernels.softmax(
        Int64(view.rows.count), Int64(view.columns), s.floats, Int64(s.stride), mask.softCap == nil ? scale : 1, seen,
        logSums, p.base, Int64(p.stride), p.type.kernelType)
    }
  }

  /// s[m, columns] = x[m, d] · t[d, keys], as far as a row sees. Whole panels are computed: what runs over is overwritten
  /// or never read.
  private func multiply(_ x: Matrix, _ t: Matrix, _ view: StripView, into s: Matrix) {
    for run in view.runs {
      runtime.kernels.gemm(
        Int64(view.rows.count), Int64(Self.padded(run.count)), Int64(headDimension), x.floats, Int64(x.stride), 1,
        t.floats + run.start, Int64(t.stride), s.floats + run.column, Int64(s.stride), 0,
        run.scores)
    }
  }

  /// y[m, d] = s[m, columns] · x[keys, d]; s is 0 where a row does not see.
  private func weigh(_ s: Matrix, _ x: Matrix, _ view: StripView, into y: Matrix) {
    let dim = Int64(x.stride)
    for (index, run) in view.runs.enumerated() {
      runtime.kernels.gemm(
        Int64(view.rows.count), dim, Int64(run.count), s.floats + run.column, Int64(s.stride), 1,
        x.floats + run.start * x.stride, dim, y.floats, dim, index > 0 ? 1 : 0,
        run.overKeys)
    }
  }

  /// g[keys, d] += s[m, columns]ᵀ · x[m, d]; s is 0 where a row does not see.
  private func scatter(_ s: Matrix, _ x: Matrix, _ view: StripView, into g: Matrix) {
    let dim = Int64(x.stride)
    for run in view.runs {
      runtime.kernels.gemm(
        Int64(run.count), dim, Int64(view.rows.count), s.floats + run.column, 1, Int64(s.stride), x.floats, dim,
        g.floats + run.start * g.stride, dim, 1, run.overQueries)
    }
  }

  private func transpose(_ x: Matrix, into y: Matrix) {
    runtime.kernels.transpose(
      Int64(x.rows), Int64(x.columns), x.base, Int64(x.stride), x.type.kernelType, y.floats, Int64(y.stride))
  }

  /// The rows of x in fp32, the columns that only fill a panel zeroed.
  private func widen(_ x: Matrix, into y: Matrix) {
    let target = y.rows(0..<x.rows)
    if y.columns > x.columns { runtime.zero(target.columns(x.columns..<y.columns)) }
    runtime.convert(x, into: target.columns(0..<x.columns))
  }

  static func padded(_ count: Int) -> Int { (count + Int(WB_PANEL) - 1) / Int(WB_PANEL) * Int(WB_PANEL) }
}
