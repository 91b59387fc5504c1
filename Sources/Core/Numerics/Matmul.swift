import CKernels
import COneDNN

// MARK: Matrix products, on the calling thread

extension Runtime {
  /// y[T, out] (+)= x[T, in] · w[out, in]ᵀ.
  public func linear(_ x: Matrix, _ w: Matrix, into y: Matrix, accumulate: Bool = false) {
    product(x, false, w, true, into: y, accumulate: accumulate)
  }

  /// dx[T, in] (+)= dy[T, out] · w[out, in].
  public func linearBackward(_ dy: Matrix, _ w: Matrix, into dx: Matrix, accumulate: Bool = false) {
    product(dy, false, w, false, into: dx, accumulate: accumulate)
  }

  /// c[m, n] (+)= a[T, m]ᵀ · b[T, n]: the gradient of a weight.
  public func outerProduct(_ a: Matrix, _ b: Matrix, into c: Matrix, accumulate: Bool = false) {
    product(a, true, b, false, into: c, accumulate: accumulate)
  }

  /// Up to this many rows a product is bound by reading w, which oneDNN would first copy.
  static let fewRows = 8

  /// c (+)= op(a) · op(b), fp32 sums; a and b share a type, c is fp32 or bf16.
  func product(_ a: Matrix, _ aT: Bool, _ b: Matrix, _ bT: Bool, into c: Matrix, accumulate: Bool) {
    let m = aT ? a.columns : a.rows
    let k = aT ? a.rows : a.columns
    let n = bT ? b.rows : b.columns
    precondition((bT ? b.columns : b.rows) == k && c.rows == m && c.columns == n, "shapes that multiply")
    precondition(a.type == b.type && c.isWritable, "inputs of one type, an output that may be written")
    guard m > 0, n > 0 else { return }
    if m <= Self.fewRows, bT, !aT, c.type == .fp32 {
      kernels.few_rows(
        Int64(m), Int64(n), Int64(k), a.base, Int64(a.stride), b.base, Int64(b.stride), c.floats, Int64(c.stride),
        accumulate ? 1 : 0, a.type.kernelType)
      return
    }
    if a.type == .bf16, !multipliesBF16 {
      widenedProduct(a, aT, b, bT, into: c, accumulate: accumulate)
      return
    }
    var shape = wb_matmul(
      m: Int64(m), n: Int64(n), k: Int64(k), lda: Int64(a.stride), ldb: Int64(b.stride), ldc: Int64(c.stride),
      transposed_a: aT ? 1 : 0, transposed_b: bT ? 1 : 0, accumulate: accumulate ? 1 : 0,
      input_type: a.type == .bf16 ? 1 : 0, output_type: c.type == .bf16 ? 1 : 0)
    if wb_matmul_run(&shape, a.base, b.base, c.base) != 0 {
      naiveProduct(a, aT, b, bT, into: c, accumulate: accumulate)
    }
  }

  /// bf16 products without bf16 instructions: both operands widened to fp32, the second in blocks that stay in cache.
  private func widenedProduct(
    _ a: Matrix, _ aT: Bool, _ b: Matrix, _ bT: Bool, into c: Matrix, accumulate: Bool
  ) {
    let wideA = Matrix(zeros: a.rows, a.columns)
    convert(a, into: wideA)
    let block = 256
    for start in stride(from: 0, to: c.columns, by: block) {
      let columns = start..<min(start + block, c.columns)
      let part = bT ? b.rows(columns) : b.columns(columns)
      let wideB = Matrix(zeros: part.rows, part.columns)
      convert(part, into: wideB)
      let out = c.columns(columns)
      if c.type == .fp32 {
        product(wideA, aT, wideB, bT, into: out, accumulate: accumulate)
      } else {
        let wideC = Matrix(zeros: out.rows, out.columns)
        if accumulate { convert(out, into: wideC) }
        product(wideA, aT, wideB, bT, into: wideC, accumulate: accumulate)
        convert(wideC, into: out)
      }
    }
  }

  /// The naive twin: three loops. Also what runs should oneDNN have no implementation or no memory.
  func naiveProduct(_ a: Matrix, _ aT: Bool, _ b: Matrix, _ bT: Bool, into c: Matrix, accumulate: Bool) {
    let k = aT ? a.rows : a.columns
    for i in 0..<c.rows {
      for j in 0..<c.columns {
        var sum: Float = accumulate ? c[i, j] : 0
        for l in 0..<k { sum += (aT ? a[l, i] : a[i, l]) * (bT ? b[j, l] : b[l, j]) }
        c[i, j] = sum
      }
    }
  }
}
