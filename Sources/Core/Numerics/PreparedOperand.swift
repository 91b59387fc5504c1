import CKernels

/// The second operand of a product, made ready once for all the rows that will meet it.
///
/// In bf16 the weight is packed into panels in scratch memory, which the product then streams in order. Elsewhere
/// (fp32, or a processor whose matrix tiles oneDNN drives better than vector code could) it stays where it is.
public struct PreparedOperand: Sendable {
  /// k and n of x[T, k] · op(w)[k, n].
  public let inputs, outputs: Int
  fileprivate let form: Form

  fileprivate enum Form: Sendable {
    case packed(Matrix)
    case stored(Matrix, transposed: Bool)
  }

  /// fp32 numbers of scratch that a packed [inputs, outputs] takes.
  public static func scratchCount(inputs: Int, outputs: Int) -> Int {
    let panel = Int(WB_PANEL)
    return (inputs + 1) / 2 * ((outputs + panel - 1) / panel * panel) + panel
  }

  /// This operand behind some rows of x as the kernel takes it; nil where it is not packed. Both must outlive its use.
  func panelTerm(_ x: Matrix, rows: Range<Int>) -> wb_panel_term? {
    guard case .packed(let packed) = form else { return nil }
    precondition(x.type == .bf16 && x.columns == inputs, "bf16 rows of as many columns")
    precondition(rows.lowerBound >= 0 && rows.upperBound <= x.rows, "rows of the matrix")
    return wb_panel_term(
      a: x.halves + rows.lowerBound * x.stride, b: packed.words, lda: Int64(x.stride), k: Int64(inputs),
      panel: Int64(packed.stride))
  }
}

extension Runtime {
  /// Makes w ready: [n, k] where `transposed` (y = x · wᵀ), [k, n] otherwise (dx = dy · w).
  public func prepare(_ w: Matrix, transposed: Bool, scratch: inout ScratchMemory) -> PreparedOperand {
    let inputs = transposed ? w.columns : w.rows
    let outputs = transposed ? w.rows : w.columns
    guard packsProducts, w.type == .bf16 else {
      return PreparedOperand(inputs: inputs, outputs: outputs, form: .stored(w, transposed: transposed))
    }
    let panel = Int(WB_PANEL)
    let packed = scratch.take((outputs + panel - 1) / panel, (inputs + 1) / 2 * panel)
    kernels.pack_panels(
      Int64(inputs), Int64(outputs), w.halves, Int64(w.stride), transposed ? 1 : 0, packed.words)
    return PreparedOperand(inputs: inputs, outputs: outputs, form: .packed(packed))
  }

  /// c[T, n] (+)= x[T, k] · op(w), c in fp32.
  ///
  /// A packed product gives a row the same bits whatever rows surround it.
  public func multiply(_ x: Matrix, _ operand: PreparedOperand, into c: Matrix, accumulate: Bool = false) {
    precondition(
      x.columns == operand.inputs && c.columns == operand.outputs && x.rows == c.rows && c.isWritable,
      "shapes that multiply")
    switch operand.form {
    case .stored(let w, let transposed):
      product(x, false, w, transposed, into: c, accumulate: accumulate)
    case .packed:
      guard var term = operand.panelTerm(x, rows: 0..<x.rows) else { return }
      kernels.gemm_panels(
        Int64(c.rows), Int64(c.columns), &term, 1, c.floats, Int64(c.stride), accumulate ? 1 : 0)
    }
  }

  /// y[T, n] = x[T, k] · w[n, k]ᵀ for an n of a few dozen, y in any compute type: a low-rank product on some rows.
  public func thinProduct(_ x: Matrix, _ w: Matrix, into y: Matrix, scratch: ScratchMemory) {
    precondition(x.columns == w.columns && y.columns == w.rows && x.rows == y.rows, "shapes that multiply")
    var scratch = scratch
    guard packsProducts, x.type == .bf16, w.type == .bf16 else {
      product(x, false, w, true, into: y, accumulate: false)
      return
    }
    let sums = scratch.take(y.rows, y.columns)
    kernels.few_rows(
      Int64(y.rows), Int64(y.columns), Int64(x.columns), x.base, Int64(x.stride), w.base, Int64(w.stride), sums.floats,
      Int64(sums.stride), 0, WB_BF16)
    convert(sums, into: y)
  }
}
