import Device

// MARK: The norm of every span of columns, a head or all of them, and its rotation

extension CPUDevice {
  func run(_ norm: HeadNorm, _ space: Workspace) {
    let span = norm.weight.columns
    let (input, weight, output) = (Matrix(norm.input), Matrix(norm.weight), Matrix(norm.output))
    let (normalized, inverse) = (Matrix(norm.normalized), Matrix(norm.inverse))
    let turn = norm.rotation.map { RotaryTurn(table: Matrix($0.table), positions: $0.positions) }
    forEachChunk(norm.rows, of: input.rows) { rows, worker in
      var memory = ScratchMemory(space.scratch[worker])
      let normed = turn == nil ? output.rows(rows) : memory.take(rows.count, input.columns, output.type)
      forEachPiece(rows, of: [input, normalized, normed, inverse]) { some, own in
        rmsNorm(
          input.rows(some).pieces(of: span), weight: weight, epsilon: norm.epsilon, rounding: norm.rounding,
          xhat: normalized.rows(some).pieces(of: span),
          inverse: inverse.rows(some).pieces(of: 1).transposedColumn, into: normed.rows(own).pieces(of: span))
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
    forEachChunk(norm.rows, of: gradient.rows) { rows, worker in
      var memory = ScratchMemory(space.scratch[worker])
      let dy = memory.take(rows.count, gradient.columns)
      let dx = memory.take(rows.count, gradient.columns)
      convert(gradient.rows(rows), into: dy)
      zero(dx)
      forEachPiece(rows, of: [normalized, inverse]) { some, own in
        rmsNormBackward(
          dy.rows(own).pieces(of: span), xhat: normalized.rows(some).pieces(of: span),
          inverse: inverse.rows(some).pieces(of: 1).transposedColumn, weight: weight,
          accumulateInto: dx.rows(own).pieces(of: span))
      }
      convert(dx, into: gradient.rows(rows))
    }
  }

  /// Calls `body` with runs of `rows` whose spans can be taken together, all of them where every matrix lies in one piece,
  /// and with the same rows counted from the first.
  private func forEachPiece(
    _ rows: Range<Int>, of matrices: [Matrix], _ body: (_ rows: Range<Int>, _ own: Range<Int>) -> Void
  ) {
    if matrices.allSatisfy(\.isInOnePiece) { return body(rows, 0..<rows.count) }
    for (index, row) in rows.enumerated() { body(row..<row + 1, index..<index + 1) }
  }

  /// fp32 numbers of scratch for the longest chunk.
  func headNormCount(columns: Int) -> Int { 2 * 64 * columns + 32 }
}
