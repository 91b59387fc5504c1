import CKernels

// MARK: Products where one operand has few rows, both read in place, on the calling thread

extension CPUDevice {
  /// y[T, out] (+)= x[T, in] · w[out, in]ᵀ in fp32, for a T or an out of a few dozen: decoding, and low-rank products.
  ///
  /// A row's bits do not depend on the rows beside it. x may be fp32 where w is bf16, and either where w is quantized.
  public func linear(_ x: Matrix, _ w: Matrix, into y: Matrix, accumulate: Bool = false) {
    precondition(x.columns == w.columns && y.rows == x.rows && y.columns == w.rows, "shapes that multiply")
    if w.type.isQuantized {
      fewRows(x, quantized: w, into: y, accumulate: accumulate)
      return
    }
    precondition((x.type == w.type || x.type == .fp32) && y.isWritable, "types that multiply")
    kernels.few_rows(
      Int64(x.rows), Int64(w.rows), Int64(x.columns), x.base, Int64(x.stride), x.type.kernelType, w.base,
      Int64(w.stride), w.type.kernelType, y.floats, Int64(y.stride), accumulate ? 1 : 0)
  }

  /// y[T, n] = x[T, k] · w[n, k]ᵀ for an n of a few dozen, y in any compute type: a low-rank product on some rows.
  public func thinProduct(_ x: Matrix, _ w: Matrix, into y: Matrix, scratch: ScratchMemory) {
    var scratch = scratch
    let sums = scratch.take(y.rows, y.columns)
    linear(x, w, into: sums)
    convert(sums, into: y)
  }
}
