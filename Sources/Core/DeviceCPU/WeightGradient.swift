import CKernels

/// The gradient of a low-rank factor, a[T, m]ᵀ · x[T, n] for an m of a few dozen, summed over all rows of a pass.
///
/// Tasks split the columns of x, and each sums over the rows in order: there is nothing to reduce afterwards, and the
/// result does not depend on the number of threads.
public struct WeightGradientLoop: Sendable {
  /// Takes the sums [m, columns] of some columns.
  public typealias Finish = @Sendable (_ sums: Matrix, _ columns: Range<Int>) -> Void
  /// And Σ a [1, m] over the rows.
  public typealias FinishWithTotals = @Sendable (_ sums: Matrix, _ totals: Matrix, _ columns: Range<Int>) -> Void

  let a, x: Matrix
  let rows: RowSpans
  let end: End

  enum End: Sendable {
    case finish(Finish)
    case finishWithTotals(FinishWithTotals)
  }

  /// - Parameter rows: the rows to sum over.
  public init(_ a: Matrix, _ x: Matrix, rows: RowSpans, finish: @escaping Finish) {
    self.init(a, x, rows: rows, end: .finish(finish))
  }

  /// Takes 2 (m + 16) numbers of scratch more.
  public init(_ a: Matrix, _ x: Matrix, rows: RowSpans, finish: @escaping FinishWithTotals) {
    self.init(a, x, rows: rows, end: .finishWithTotals(finish))
  }

  private init(_ a: Matrix, _ x: Matrix, rows: RowSpans, end: End) {
    precondition(a.rows == x.rows && a.type == x.type, "the same rows")
    self.a = a
    self.x = x
    self.rows = rows
    self.end = end
  }

  static let block = 192

  /// fp32 numbers of scratch for `rows` rows and an m of up to `columns`.
  public static func scratchCount(rows: Int, columns: Int, format: PanelFormat) -> Int {
    (format == .pairs ? (rows + 1) / 2 * columns : 0) + columns * block + 64
  }
}

extension CPUDevice {
  /// A weight's gradient as a loop over the pool; `scratch` holds one matrix per worker.
  public func loop(_ gradient: WeightGradientLoop, scratch: [Matrix]) -> ParallelLoop {
    let block = WeightGradientLoop.block
    let (a, x) = (gradient.a, gradient.x)
    return ParallelLoop(count: (x.columns + block - 1) / block) { task, worker in
      let columns = task * block..<min((task + 1) * block, x.columns)
      var memory = ScratchMemory(scratch[worker])
      let sums = memory.take(a.columns, columns.count)
      self.zero(sums)
      let part = x.columns(columns)
      let pairs = self.panelFormat(x: a.type) == .pairs ? memory.take((a.rows + 1) / 2, a.columns) : nil
      for range in gradient.rows.ranges {
        let (a, x) = (a.rows(range), part.rows(range))
        if let pairs {
          self.kernels.pair_rows(
            Int64(a.rows), Int64(a.columns), a.base, Int64(a.stride), WB_BF16, pairs.words, Int64(pairs.stride))
          self.kernels.gemm_row_pairs(
            Int64(a.columns), Int64(columns.count), Int64(a.rows), pairs.words, Int64(pairs.stride), x.halves,
            Int64(x.stride), sums.floats, Int64(sums.stride), 1)
        } else {
          self.kernels.gemm_rows(
            Int64(a.columns), Int64(columns.count), Int64(a.rows), a.base, Int64(a.stride), x.base, Int64(x.stride),
            a.type.kernelType, sums.floats, Int64(sums.stride), 1)
        }
      }
      switch gradient.end {
      case .finish(let finish): finish(sums, columns)
      case .finishWithTotals(let finish): finish(sums, self.totals(gradient, &memory), columns)
      }
    }
  }

  /// Σ a over the rows, in their order.
  private func totals(_ gradient: WeightGradientLoop, _ memory: inout ScratchMemory) -> Matrix {
    let (totals, wide) = (memory.take(1, gradient.a.columns), memory.take(1, gradient.a.columns))
    zero(totals)
    for row in gradient.rows.ranges.joined() {
      convert(gradient.a.rows(row..<row + 1), into: wide)
      add(wide, to: totals)
    }
    return totals
  }
}
