import CKernels

/// How the second operand of a product is packed.
public enum PanelFormat: Sendable {
  /// Words of two bf16 neighbours.
  case pairs
  /// fp32 numbers.
  case wide

  /// fp32 numbers of memory for `inputs` numbers of one column.
  func words(inputs: Int) -> Int { self == .pairs ? (inputs + 1) / 2 : inputs }
}

/// The second operand of a product, packed once into panels for all the rows that will meet it. A product gives a row the
/// same bits whatever rows surround it.
public struct PreparedOperand: Sendable {
  /// k and n of x[T, k] · op(w)[k, n].
  public let inputs, outputs: Int
  let format: PanelFormat
  private let packed: Matrix

  /// fp32 numbers of scratch that a packed [inputs, outputs] takes.
  public static func scratchCount(inputs: Int, outputs: Int, format: PanelFormat) -> Int {
    let panel = Int(WB_PANEL)
    return format.words(inputs: inputs) * ((outputs + panel - 1) / panel * panel) + panel
  }

  fileprivate init(inputs: Int, outputs: Int, format: PanelFormat, packed: Matrix) {
    self.inputs = inputs
    self.outputs = outputs
    self.format = format
    self.packed = packed
  }

  /// This operand behind some rows of x as the kernel takes it. Both must outlive its use.
  func panelTerm(_ x: Matrix, rows: Range<Int>) -> wb_panel_term {
    precondition(x.columns == inputs && (format == .wide || x.type == .bf16), "rows that the operand was packed for")
    precondition(rows.lowerBound >= 0 && rows.upperBound <= x.rows, "rows of the matrix")
    return wb_panel_term(
      a: x.base + rows.lowerBound * x.stride * x.type.byteWidth, b: packed.base, lda: Int64(x.stride), k: Int64(inputs),
      panel: Int64(packed.stride))
  }
}

extension CPUDevice {
  /// Makes w ready for an x of type `type`, which a quantized one takes first, past what the operand itself takes of
  /// `scratch` by `PreparedOperand.expansionCount`: [n, k] where `transposed` (y = x · wᵀ), [k, n] otherwise (dx = dy · w).
  public func prepare(
    _ w: Matrix, transposed: Bool, for type: ElementType, scratch: inout ScratchMemory
  ) -> PreparedOperand {
    let format = panelFormat(x: type)
    precondition(w.type.isQuantized || w.type == .bf16 || w.type == .fp32 && format == .wide, "weights that multiply")
    let inputs = transposed ? w.columns : w.rows
    let outputs = transposed ? w.rows : w.columns
    let panel = Int(WB_PANEL)
    let packed = scratch.take((outputs + panel - 1) / panel, format.words(inputs: inputs) * panel)
    if w.type.isQuantized {
      pack(quantized: w, transposed: transposed, as: type, format: format, into: packed, scratch: scratch)
      return PreparedOperand(inputs: inputs, outputs: outputs, format: format, packed: packed)
    }
    kernels.pack_panels(
      Int64(inputs), Int64(outputs), w.base, Int64(w.stride), w.type.kernelType, format == .pairs ? 1 : 0,
      transposed ? 1 : 0, packed.base)
    return PreparedOperand(inputs: inputs, outputs: outputs, format: format, packed: packed)
  }

  /// c[T, n] (+)= x[T, k] · op(w), c in fp32.
  public func multiply(_ x: Matrix, _ operand: PreparedOperand, into c: Matrix, accumulate: Bool = false) {
    precondition(
      x.columns == operand.inputs && c.columns == operand.outputs && x.rows == c.rows && c.isWritable,
      "shapes that multiply")
    var term = operand.panelTerm(x, rows: 0..<x.rows)
    kernels.gemm_panels(
      Int64(c.rows), Int64(c.columns), &term, 1, x.type.kernelType, c.floats, Int64(c.stride), accumulate ? 1 : 0)
  }
}
