import Device

// MARK: The norm of a block's output, on its way into the residual stream

extension CPUDevice {
  func run(_ norm: NormAdd, _ space: Workspace) {
    let (input, weight, into) = (Matrix(norm.input), Matrix(norm.weight), Matrix(norm.into))
    let (normalized, inverse) = (Matrix(norm.normalized), Matrix(norm.inverse))
    forEachChunk(norm.rows, of: input.rows) { rows, worker in
      var memory = ScratchMemory(space.scratch[worker])
      let rounded = memory.take(1, input.columns, normalized.type)
      let wide = memory.take(1, input.columns)
      for row in rows {
        let row = row..<row + 1
        rmsNorm(
          input.rows(row), weight: weight, epsilon: norm.epsilon, rounding: norm.rounding, xhat: normalized.rows(row),
          inverse: inverse.columns(row), into: rounded)
        convert(rounded, into: wide)
        add(wide, to: into.rows(row))
      }
    }
  }

  func run(_ norm: NormAddBackward, _ space: Workspace) {
    let (gradient, weight, output) = (Matrix(norm.gradient), Matrix(norm.weight), Matrix(norm.output))
    let (normalized, inverse) = (Matrix(norm.normalized), Matrix(norm.inverse))
    let projections = matrices(norm.projections)
    forEachChunk(norm.rows, of: gradient.rows) { rows, worker in
      var memory = ScratchMemory(space.scratch[worker])
      let dy = memory.take(1, gradient.columns)
      for row in rows {
        let row = row..<row + 1
        zero(dy)
        rmsNormBackward(
          gradient.rows(row), xhat: normalized.rows(row), inverse: inverse.columns(row), weight: weight,
          accumulateInto: dy)
        convert(dy, into: output.rows(row))
      }
      project(projections, rows, space.scratch[worker])
    }
  }

  /// fp32 numbers of scratch: a row in the compute type and one in fp32.
  func normAddCount(_ norm: NormAdd) -> Int { 2 * (norm.input.columns + 16) }

  /// A row, and then the sums of the longest chunk's low-rank products in its place.
  func normAddBackwardCount(_ norm: NormAddBackward) -> Int {
    max(norm.gradient.columns + 16, projectionCount(norm.projections))
  }
}
