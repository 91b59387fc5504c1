import CKernels

/// A run of query rows and what they see: all of `prefix`, and their own rows causally.
public struct AttentionSegment: Sendable, Equatable {
  /// Rows of the queries, and of their own keys.
  public var rows: Range<Int>
  /// Rows that every query of the segment sees; empty for a prompt.
  public var prefix: Range<Int>

  public init(rows: Range<Int>, prefix: Range<Int>) {
    self.rows = rows
    self.prefix = prefix
  }
}

/// Rows that attend only among themselves: a prompt and its responses.
public struct AttentionGroup: Sendable, Equatable {
  public var rows: Range<Int>
  public var segments: [AttentionSegment]

  public init(rows: Range<Int>, segments: [AttentionSegment]) {
    self.rows = rows
    self.segments = segments
  }
}

/// Causal attention of one query head over one group, by strips of queries: scores of a strip against everything it
/// sees, an exact soft-max, the weighted values. Nothing of size T × T is kept; the backward pass recomputes the
/// scores from the saved log-sum-exp (Dao et al., FlashAttention, 2022). Soft-max and sums are fp32; the products take
/// fp32 inputs in fp32 mode and pairs of bf16 in bf16 mode (PairAttention.swift).
public struct AttentionHead: Sendable {
  let runtime: Runtime
  public let headDimension: Int
  public let scale: Float

  static let strip = 64

  public init(runtime: Runtime, headDimension: Int, scale: Float) {
    self.runtime = runtime
    self.headDimension = headDimension
    self.scale = scale
  }

  /// fp32 numbers of scratch a worker needs for groups of up to `rows` rows.
  public static func scratchCount(rows: Int, headDimension: Int) -> Int {
    let dim = padded(headDimension)
    let keys = padded(rows) + 2 * Int(WB_PANEL)
    // The pairs' strip adds half a strip, and its segments may each take one more pair than their rows.
    return 6 * keys * dim + 3 * strip * keys + 5 * strip * dim + 4 * strip
  }

  /// o [T, d] = softmax(scale · q kᵀ) v, logSums [1, T]; q, k, v are the columns of one head.
  public func forward(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, scratch: Matrix
  ) {
    if q.type == .bf16 {
      forwardPairs(group, q: q, k: k, v: v, o: o, logSums: logSums, scratch: scratch)
      return
    }
    let keys = group.rows
    var memory = ScratchMemory(scratch)
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension, wide)
    let values = memory.take(keys.count, dim)
    let queries = memory.take(Self.strip, dim)
    let output = memory.take(Self.strip, dim)
    let scores = memory.take(Self.strip, wide)
    transpose(k.rows(keys), into: kT)
    widen(v.rows(keys), into: values)

    for segment in group.segments {
      for start in stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.strip) {
        let view = StripView(segment: segment, start: start, base: keys.lowerBound)
        widen(q.rows(view.rows), into: queries)
        multiply(queries, kT, view, into: scores)
        runtime.kernels.softmax(
          Int64(view.rows.count), Int64(view.columns), scores.floats, Int64(scores.stride), scale,
          Int64(view.firstVisible), logSums.floats + view.rows.lowerBound)
        weigh(scores, values, view, into: output)
        runtime.convert(output.rows(0..<view.rows.count).columns(0..<headDimension), into: o.rows(view.rows))
      }
    }
  }

  /// dq, dk, dv [T, d] fp32 of one query head, for d = dL/do; every row of the group is written.
  public func backward(
    _ group: AttentionGroup, q: Matrix, k: Matrix, v: Matrix, o: Matrix, logSums: Matrix, d: Matrix, dq: Matrix,
    dk: Matrix, dv: Matrix, scratch: Matrix
  ) {
    if q.type == .bf16 {
      backwardPairs(
        group, q: q, k: k, v: v, o: o, logSums: logSums, d: d, dq: dq, dk: dk, dv: dv, scratch: scratch)
      return
    }
    let keys = group.rows
    var memory = ScratchMemory(scratch)
    let wide = Self.padded(keys.count) + 2 * Int(WB_PANEL)
    let dim = Self.padded(headDimension)
    let kT = memory.take(headDimension, wide)
    let vT = memory.take(headDimension, wide)
    let keyRows = memory.take(keys.count, dim)
    let keyGradients = memory.take(keys.count, dim)
    let valueGradients = memory.take(keys.count, dim)
    let queries = memory.take(Self.strip, dim)
    let output = memory.take(Self.strip, dim)
    let outputGradients = memory.take(Self.strip, dim)
    let queryGradients = memory.take(Self.strip, dim)
    let delta = memory.take(1, Self.strip)
    let scores = memory.take(Self.strip, wide)
    let scoreGradients = memory.take(Self.strip, wide)
    transpose(k.rows(keys), into: kT)
    transpose(v.rows(keys), into: vT)
    widen(k.rows(keys), into: keyRows)
    runtime.zero(keyGradients)
    runtime.zero(valueGradients)

    for segment in group.segments {
      for start in stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.strip) {
        let view = StripView(segment: segment, start: start, base: keys.lowerBound)
        let m = Int64(view.rows.count)
        widen(q.rows(view.rows), into: queries)
        widen(o.rows(view.rows), into: output)
        widen(d.rows(view.rows), into: outputGradients)
        // The soft-max's own gradient needs Σ_j p_j dp_j, which is do · o.
        runtime.kernels.row_dots(
          m, Int64(headDimension), outputGradients.floats, Int64(dim), output.floats, Int64(dim), delta.floats)
        multiply(queries, kT, view, into: scores)
        multiply(outputGradients, vT, view, into: scoreGradients)
        runtime.kernels.softmax_backward(
          m, Int64(view.columns), scores.floats, scoreGradients.floats, Int64(scores.stride), scale,
          Int64(view.firstVisible), logSums.floats + view.rows.lowerBound, delta.floats)
        weigh(scoreGradients, keyRows, view, into: queryGradients)
        runtime.convert(queryGradients.rows(0..<view.rows.count).columns(0..<headDimension), into: dq.rows(view.rows))
        scatter(scores, outputGradients, view, into: valueGradients)
        scatter(scoreGradients, queries, view, into: keyGradients)
      }
    }
    runtime.convert(keyGradients.columns(0..<headDimension), into: dk.rows(keys))
    runtime.convert(valueGradients.columns(0..<headDimension), into: dv.rows(keys))
  }

  // MARK: Strips

  /// A strip of queries and its two runs of columns: the prefix's keys, then the segment's own up to the last query.
  private struct StripView {
    let rows: Range<Int>
    /// Where the two runs of keys begin, counted from the group's first row, and how long they are.
    let prefixStart, prefixCount, ownStart, ownCount: Int
    /// Columns that the first query sees; each later one sees one more.
    let firstVisible: Int

    init(segment: AttentionSegment, start: Int, base: Int) {
      rows = start..<min(start + AttentionHead.strip, segment.rows.upperBound)
      prefixStart = segment.prefix.lowerBound - base
      prefixCount = segment.prefix.count
      ownStart = segment.rows.lowerBound - base
      ownCount = rows.upperBound - segment.rows.lowerBound
      firstVisible = prefixCount + start - segment.rows.lowerBound + 1
    }

    var columns: Int { prefixCount + ownCount }
  }

  /// s[m, columns] = x[m, d] · t[d, keys]. Whole panels are computed: what runs over is overwritten or never read.
  private func multiply(_ x: Matrix, _ t: Matrix, _ view: StripView, into s: Matrix) {
    let m = Int64(view.rows.count)
    if view.prefixCount > 0 {
      runtime.kernels.gemm(
        m, Int64(Self.padded(view.prefixCount)), Int64(headDimension), x.floats, Int64(x.stride), 1,
        t.floats + view.prefixStart, Int64(t.stride), s.floats, Int64(s.stride), 0)
    }
    runtime.kernels.gemm(
      m, Int64(Self.padded(view.ownCount)), Int64(headDimension), x.floats, Int64(x.stride), 1,
      t.floats + view.ownStart, Int64(t.stride), s.floats + view.prefixCount, Int64(s.stride), 0)
  }

  /// y[m, d] = s[m, columns] · x[keys, d].
  private func weigh(_ s: Matrix, _ x: Matrix, _ view: StripView, into y: Matrix) {
    let m = Int64(view.rows.count)
    let dim = Int64(x.stride)
    if view.prefixCount > 0 {
      runtime.kernels.gemm(
        m, dim, Int64(view.prefixCount), s.floats, Int64(s.stride), 1, x.floats + view.prefixStart * x.stride, dim,
        y.floats, dim, 0)
    }
    runtime.kernels.gemm(
      m, dim, Int64(view.ownCount), s.floats + view.prefixCount, Int64(s.stride), 1,
      x.floats + view.ownStart * x.stride, dim, y.floats, dim, view.prefixCount > 0 ? 1 : 0)
  }

  /// g[keys, d] += s[m, columns]ᵀ · x[m, d].
  private func scatter(_ s: Matrix, _ x: Matrix, _ view: StripView, into g: Matrix) {
    let m = Int64(view.rows.count)
    let dim = Int64(x.stride)
    if view.prefixCount > 0 {
      runtime.kernels.gemm(
        Int64(view.prefixCount), dim, m, s.floats, 1, Int64(s.stride), x.floats, dim,
        g.floats + view.prefixStart * g.stride, dim, 1)
    }
    runtime.kernels.gemm(
      Int64(view.ownCount), dim, m, s.floats + view.prefixCount, 1, Int64(s.stride), x.floats, dim,
      g.floats + view.ownStart * g.stride, dim, 1)
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
