import CKernels

// MARK: Work around the matrix products, on the calling thread

extension CPUDevice {
  /// y = x in y's type.
  public func convert(_ x: Matrix, into y: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns && y.isWritable, "one shape")
    kernels.convert(
      Int64(x.rows), Int64(x.columns), x.base, Int64(x.stride), x.type.kernelType, y.base, Int64(y.stride),
      y.type.kernelType)
  }

  public func fill(_ y: Matrix, with value: Float) {
    precondition(y.isWritable && y.type == .fp32)
    for row in 0..<y.rows { (y.floats + row * y.stride).update(repeating: value, count: y.columns) }
  }

  /// Sets every element to 0.
  public func zero(_ y: Matrix) {
    precondition(y.isWritable)
    for row in 0..<y.rows {
      (y.base + row * y.stride * y.type.byteWidth).initializeMemory(
        as: UInt8.self, repeating: 0, count: y.columns * y.type.byteWidth)
    }
  }

  /// y[i] = table[indices[i]]: embedding rows, widened to fp32.
  public func gather(_ table: Matrix, _ indices: ArraySlice<Int32>, into y: Matrix) {
    precondition(indices.count == y.rows && table.columns == y.columns)
    for (row, index) in indices.enumerated() {
      convert(table.rows(Int(index)..<Int(index) + 1), into: y.rows(row..<row + 1))
    }
  }

  /// RMSNorm (Zhang & Sennrich, 2019) of x [T, H]: xhat = x / rms(x) and y = xhat · w in the compute type,
  /// inverse [1, T] = 1 / rms. xhat and inverse are what the backward pass needs.
  public func rmsNorm(
    _ x: Matrix, weight: Matrix, epsilon: Float, rounding: NormRounding = .twice, xhat: Matrix, inverse: Matrix,
    into y: Matrix
  ) {
    precondition(x.columns == y.columns && xhat.columns == y.columns && weight.columns == y.columns)
    precondition(x.rows == y.rows && xhat.rows == y.rows && inverse.columns == x.rows && xhat.type == y.type)
    kernels.rms_norm(
      Int64(x.rows), Int64(x.columns), x.floats, Int64(x.stride), weight.floats, epsilon,
      rounding == .once ? 1 : 0, xhat.base, Int64(xhat.stride), y.base, Int64(y.stride), inverse.floats,
      y.type.kernelType)
  }

  /// dx += dL/dx for dy = dL/dy.
  public func rmsNormBackward(_ dy: Matrix, xhat: Matrix, inverse: Matrix, weight: Matrix, accumulateInto dx: Matrix) {
    precondition(dy.rows == dx.rows && dy.columns == dx.columns && xhat.rows == dy.rows && inverse.columns == dy.rows)
    kernels.rms_norm_backward(
      Int64(dy.rows), Int64(dy.columns), xhat.base, Int64(xhat.stride), inverse.floats, weight.floats, dy.floats,
      Int64(dy.stride), dx.floats, Int64(dx.stride), xhat.type.kernelType)
  }

  /// Rotates the first columns of every head of x [T, heads · dim], as many as the table has, by its row's position, and
  /// copies the others; `backward` turns the other way.
  public func rope(
    _ x: Matrix, headDimension: Int, table: Matrix, positions: ArraySlice<Int32>, backward: Bool = false,
    into y: Matrix
  ) {
    precondition(x.rows == y.rows && x.columns == y.columns && positions.count == x.rows)
    precondition(table.columns <= headDimension && table.columns % 2 == 0 && x.columns % headDimension == 0)
    precondition(table.stride == table.columns, "a table in one piece")
    positions.withUnsafeBufferPointer { positions in
      guard let base = positions.baseAddress else { return }
      kernels.rope(
        Int64(x.rows), Int64(x.columns / headDimension), Int64(headDimension), Int64(table.columns), x.floats,
        Int64(x.stride), table.floats, base, backward ? -1 : 1, y.base, Int64(y.stride), y.type.kernelType)
    }
  }

  /// `rope` by the table's positions of `rows`, or a copy where nothing turns.
  func turn(
    _ x: Matrix, headDimension: Int, by turn: RotaryTurn?, rows: Range<Int>, backward: Bool = false, into y: Matrix
  ) {
    guard let turn else { return convert(x, into: y) }
    rope(
      x, headDimension: headDimension, table: turn.table, positions: turn.positions[rows], backward: backward, into: y)
  }

  /// LayerNorm (Ba et al., 2016): as `rmsNorm`, with the mean taken off first and a bias [1, H] added last.
  public func layerNorm(
    _ x: Matrix, weight: Matrix, bias: Matrix?, epsilon: Float, rounding: NormRounding = .once, xhat: Matrix,
    inverse: Matrix, into y: Matrix
  ) {
    precondition(x.columns == y.columns && xhat.columns == y.columns && weight.columns == y.columns)
    precondition(x.rows == y.rows && xhat.rows == y.rows && inverse.columns == x.rows && xhat.type == y.type)
    precondition(bias?.columns ?? y.columns == y.columns)
    kernels.layer_norm(
      Int64(x.rows), Int64(x.columns), x.floats, Int64(x.stride), weight.floats, bias?.floats, epsilon,
      rounding == .once ? 1 : 0, xhat.base, Int64(xhat.stride), y.base, Int64(y.stride), inverse.floats,
      y.type.kernelType)
  }

  /// dx += dL/dx for dy = dL/dy of a norm that took the mean off, or of `rmsNorm`.
  public func normBackward(
    _ dy: Matrix, isCentered: Bool, xhat: Matrix, inverse: Matrix, weight: Matrix, accumulateInto dx: Matrix
  ) {
    guard isCentered else {
      rmsNormBackward(dy, xhat: xhat, inverse: inverse, weight: weight, accumulateInto: dx)
      return
    }
    precondition(dy.rows == dx.rows && dy.columns == dx.columns && xhat.rows == dy.rows && inverse.columns == dy.rows)
    kernels.layer_norm_backward(
      Int64(dy.rows), Int64(dy.columns), xhat.base, Int64(xhat.stride), inverse.floats, weight.floats, dy.floats,
      Int64(dy.stride), dx.floats, Int64(dx.stride), xhat.type.kernelType)
  }

  /// z = act(gate) · up, or act(gate) where there is no up.
  public func gateMul(_ function: GateFunction, gate: Matrix, up: Matrix?, into z: Matrix) {
    precondition(gate.rows == z.rows && gate.columns == z.columns && gate.type == z.type && z.isWritable)
    if let up { precondition(up.rows == z.rows && up.columns == z.columns && up.type == z.type) }
    kernels.gate_mul(
      Int64(z.rows), Int64(z.columns), gate.base, Int64(gate.stride), up?.base, Int64(up?.stride ?? 0), z.base,
      Int64(z.stride), function.kernelFunction, z.type.kernelType)
  }

  /// The MLP's epilogue: gate and up rounded from the sums g and u, and z = act(gate) · up, or act(gate) without a u.
  ///
  /// Gate and up are what the backward pass needs; nil where there is none.
  public func roundGateMul(
    _ function: GateFunction, _ g: Matrix, _ u: Matrix?, gate: Matrix?, up: Matrix?, into z: Matrix
  ) {
    precondition(g.rows == z.rows && g.columns == z.columns && z.isWritable && (u != nil || up == nil))
    if let u { precondition(u.rows == z.rows && u.columns == z.columns) }
    for kept in [gate, up].compactMap({ $0 }) {
      precondition(kept.rows == z.rows && kept.columns == z.columns && kept.type == z.type && kept.isWritable)
    }
    kernels.round_gate_mul(
      Int64(z.rows), Int64(z.columns), g.floats, Int64(g.stride), u?.floats, Int64(u?.stride ?? 0), gate?.base,
      Int64(gate?.stride ?? 0), up?.base, Int64(up?.stride ?? 0), z.base, Int64(z.stride), function.kernelFunction,
      z.type.kernelType)
  }

  /// Brings some rows of x near that will soon be read or written, all of them where none are named; a hint without
  /// effect on results.
  func prefetch(_ x: Matrix, rows: Range<Int>? = nil) {
    let rows = rows ?? 0..<x.rows
    precondition(rows.lowerBound >= 0 && rows.upperBound <= x.rows, "rows of the matrix")
    let width = x.type.byteWidth
    kernels.prefetch(
      Int64(rows.count), Int64(x.columns * width), x.base + rows.lowerBound * x.stride * width, Int64(x.stride * width))
  }

  /// dgate, dup and, again, z; dgate may be gate, and dup up. Without an up there is no dup either.
  public func gateMulBackward(
    _ function: GateFunction, _ dz: Matrix, gate: Matrix, up: Matrix?, dgate: Matrix, dup: Matrix?, z: Matrix
  ) {
    precondition(dz.rows == gate.rows && dz.columns == gate.columns && dgate.type == gate.type && dgate.isWritable)
    precondition(z.rows == gate.rows && z.columns == gate.columns && z.type == gate.type && z.isWritable)
    precondition((up == nil) == (dup == nil) && up?.type ?? gate.type == gate.type, "up with its gradient")
    kernels.gate_mul_backward(
      Int64(dz.rows), Int64(dz.columns), gate.base, Int64(gate.stride), up?.base, Int64(up?.stride ?? 0), dz.floats,
      Int64(dz.stride), dgate.base, Int64(dgate.stride), dup?.base, Int64(dup?.stride ?? 0), z.base, Int64(z.stride),
      function.kernelFunction, gate.type.kernelType)
  }

  /// y[i] += bias.
  public func addBias(_ bias: Matrix, to y: Matrix) {
    precondition(bias.columns == y.columns)
    kernels.add_bias(Int64(y.rows), Int64(y.columns), y.floats, Int64(y.stride), bias.floats)
  }

  /// y += a · x, both fp32 and of one shape.
  public func add(_ x: Matrix, times a: Float = 1, to y: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns && y.isWritable)
    kernels.add_rows(
      Int64(x.rows), Int64(x.columns), a, x.floats, Int64(x.stride), y.floats, Int64(y.stride))
  }

  /// y[i, j] += x[i, j] · w[j], all fp32.
  public func add(_ x: Matrix, timesColumns w: Matrix, to y: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns && w.columns == y.columns && y.isWritable)
    let (source, factors, target) = (x.floats, w.floats, y.floats)
    for row in 0..<y.rows {
      for column in 0..<y.columns {
        target[row * y.stride + column] += source[row * x.stride + column] * factors[column]
      }
    }
  }

  /// y[j, i] += a · x[i, j], both fp32.
  public func addTransposed(_ x: Matrix, times a: Float, to y: Matrix) {
    precondition(x.rows == y.columns && x.columns == y.rows && y.isWritable)
    let source = x.floats
    let target = y.floats
    for row in 0..<y.rows {
      for column in 0..<y.columns { target[row * y.stride + column] += a * source[column * x.stride + row] }
    }
  }

  /// y[j, i] = x[i, j] in one type. For factors of a few columns.
  public func transpose(_ x: Matrix, into y: Matrix) {
    precondition(x.rows == y.columns && x.columns == y.rows && x.type == y.type && y.isWritable)
    func move<Element>(_: Element.Type) {
      let source = x.base.assumingMemoryBound(to: Element.self)
      let target = y.base.assumingMemoryBound(to: Element.self)
      for row in 0..<y.rows {
        for column in 0..<y.columns { target[row * y.stride + column] = source[column * x.stride + row] }
      }
    }
    if x.type == .fp32 { move(Float.self) } else { move(UInt16.self) }
  }

  /// y = a · x, rounded to y's type; y may be x.
  public func scale(_ x: Matrix, by a: Float, into y: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns && y.isWritable)
    let width = 512
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { scaled in
      guard let buffer = scaled.baseAddress else { return }
      for row in 0..<x.rows {
        for start in stride(from: 0, to: x.columns, by: width) {
          let count = min(width, x.columns - start)
          kernels.convert(
            1, Int64(count), x.base + (row * x.stride + start) * x.type.byteWidth, 0, x.type.kernelType, buffer, 0,
            WB_F32)
          for index in 0..<count { buffer[index] *= a }
          kernels.convert(
            1, Int64(count), buffer, 0, WB_F32, y.base + (row * y.stride + start) * y.type.byteWidth, 0,
            y.type.kernelType)
        }
      }
    }
  }
}
