import Device

// MARK: The norm of every span of columns, a head or all of them, and its rotation

extension CPUDevice {
  func run(_ norm: HeadNorm, _ space: Workspace) {
    let span = norm.weight.columns
    let (input, weight, output) = (Matrix(norm.input), Matrix(norm.weight), Matrix(norm.output))
    let (normalized, inverse) = (Matrix(norm.normalized), Matrix(norm.inverse))
    let turn = norm.rotation.map { RotaryTurn(table: Matrix($0.table), positions: $0.positions) }
    let spans = input.columns / span
    forEachChunk(norm.rows, of: input.rows) { rows, worker in
      var memory = ScratchMemory(space.scratch[worker])
      let normed = turn == nil ? output.rows(rows) : memory.take(rows.count, input.columns, output.type)
      for number in 0..<spans {
        let columns = number * span..<(number + 1) * span
        for (index, row) in rows.enumerated() {
          rmsNorm(
            input.rows(row..<row + 1).columns(columns), weight: weight, epsilon: norm.epsilon,
            rounding: norm.rounding, xhat: normalized.rows(row..<row + 1).columns(columns),
            inverse: inverse.rows(row..<row + 1).columns(number..<number + 1),
            into: normed.rows(index..<index + 1).columns(columns))
        }
      }
      guard turn != nil else { return }
      let wide = memory.take(rows.count, input.columns)
      convert(normed, into: wide)
      self.turn(wide, headDimension: norm.headDimension, by: turn, rows: rows, into: output.rows(rows))
    }
  }

  func run(_ norm: HeadNormBackward, _ space: Workspace) {
    let span = norm.weight.columns
    let (gradient, weight) = (Matrix(norm.gradient), Matrix(norm.weight))
    let (normalized, inverse) = (Matrix(norm.normalized), Matrix(norm.inverse))
    let spans = gradient.columns / span
    forEachChunk(norm.rows, of: gradient.rows) { rows, worker in
      var memory = ScratchMemory(space.scratch[worker])
      let dy = memory.take(rows.count, gradient.columns)
      let dx = memory.take(rows.count, gradient.columns)
      convert(gradient.rows(rows), into: dy)
      zero(dx)
      for number in 0..<spans {
        let columns = number * span..<(number + 1) * span
        for (index, row) in rows.enumerated() {
          rmsNormBackward(
            dy.rows(index..<index + 1).columns(columns), xhat: normalized.rows(row..<row + 1).columns(columns),
            inverse: inverse.rows(row..<row + 1).columns(number..<number + 1), weight: weight,
            accumulateInto: dx.rows(index..<index + 1).columns(columns))
        }
      }
      convert(dx, into: gradient.rows(rows))
    }
  }

  /// fp32 numbers of scratch for the longest chunk.
  func headNormCount(columns: Int) -> Int { 2 * 64 * columns + 32 }
}
