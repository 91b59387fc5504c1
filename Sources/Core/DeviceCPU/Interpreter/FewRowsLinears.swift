import Device

// MARK: Products of a few rows, which read every weight once where it lies

extension CPUDevice {
  /// Columns of several linears as one loop over the pool.
  func runFewRows(_ linears: [Linear], _ space: Workspace) {
    // Whole panels of columns, as many tasks as balance.
    let total = linears.reduce(0) { $0 + $1.columns * $1.sums.count }
    let width = max(16, min(widestFewRows(linears), (total / (3 * threads) + 15) / 16 * 16))
    var memory = space.wideMemory()
    var wide: [(tensor: Tensor, matrix: Matrix)] = []
    /// A linear's input in fp32, where products widen bf16: once, and not for every row of a weight. What multiplies
    /// quantized weights takes bf16 as it is.
    func operand(_ tensor: Tensor) -> Matrix {
      guard tensor.type == .bf16, !multipliesPairs else { return Matrix(tensor) }
      if let found = wide.first(where: { $0.tensor == tensor }) { return found.matrix }
      let matrix = memory.take(tensor.rows, tensor.columns)
      convert(Matrix(tensor), into: matrix)
      wide.append((tensor, matrix))
      return matrix
    }
    let parts = linears.map { linear in
      FewRowsPart(
        sums: linear.sums.map { terms in
          terms.enumerated().map { index, term in
            let wants = index == 0 && !term.weight.type.isQuantized
            return (wants ? operand(term.input) : Matrix(term.input), Matrix(term.weight))
          }
        }, end: FewRowsEnd(linear.epilogue))
    }
    let tasks = linears.enumerated().flatMap { index, linear in
      let step = max(linear.unit, width / linear.unit * linear.unit)
      return stride(from: 0, to: linear.columns, by: step).map { start in
        (index, start..<min(start + step, linear.columns))
      }
    }
    parallel(tasks.count) { task, worker in
      let (index, columns) = tasks[task]
      run(parts[index], columns, ScratchMemory(space.scratch[worker]))
    }
  }

  /// The head is the only one alone that is so wide.
  private func widestFewRows(_ linears: [Linear]) -> Int {
    linears.count == 1 && linears[0].columns >= 1 << 14 ? 512 : 96
  }

  private func run(_ part: FewRowsPart, _ columns: Range<Int>, _ scratch: ScratchMemory) {
    var scratch = scratch
    let rows = part.sums[0][0].input.rows
    func multiply(_ sum: Int, bias: Matrix?, into y: Matrix, accumulate: Bool = false) {
      for (index, term) in part.sums[sum].enumerated() {
        linear(term.input, term.weight.rows(columns), into: y, accumulate: accumulate || index > 0)
        if index == 0, let bias { addBias(bias.columns(columns), to: y) }
      }
    }
    switch part.end {
    case .store(let output, let bias) where output.type == .fp32:
      multiply(0, bias: bias, into: output.columns(columns))
    case .store(let output, let bias):
      let sums = scratch.take(rows, columns.count)
      multiply(0, bias: bias, into: sums)
      convert(sums, into: output.columns(columns))
    case .add(let output, let factor, let bias) where factor == 1:
      multiply(0, bias: bias, into: output.columns(columns), accumulate: true)
    case .add(let output, let factor, let bias):
      let sums = scratch.take(rows, columns.count)
      multiply(0, bias: bias, into: sums)
      add(sums, times: factor, to: output.columns(columns))
    case .rotate(let output, let table, let positions, let dimension, let bias):
      let sums = scratch.take(rows, columns.count)
      multiply(0, bias: bias, into: sums)
      rope(
        sums, headDimension: dimension, table: table, positions: positions[0..<rows],
        into: output.columns(columns))
    case .gate(let output, let function, let gateBias, let upBias):
      let (gate, up) = (scratch.take(rows, columns.count), scratch.take(rows, columns.count))
      multiply(0, bias: gateBias, into: gate)
      multiply(1, bias: upBias, into: up)
      roundGateMul(function, gate, up, gate: nil, up: nil, into: output.columns(columns))
    case .activate(let output, let function, let bias):
      let sums = scratch.take(rows, columns.count)
      multiply(0, bias: bias, into: sums)
      roundGateMul(function, sums, nil, gate: nil, up: nil, into: output.columns(columns))
    }
  }

  /// fp32 numbers of scratch of a thread.
  func fewRowsCount(_ linear: Linear) -> Int {
    let widest = max(linear.unit, min(512, linear.columns))
    return linear.sums.count * (linear.sums[0][0].input.rows * widest + 16)
  }

  /// fp32 numbers for the widened inputs of linears that run together.
  func wideCount(_ linears: [Linear]) -> Int {
    var inputs: [Tensor] = []
    for linear in linears {
      for terms in linear.sums where !inputs.contains(terms[0].input) { inputs.append(terms[0].input) }
    }
    return inputs.reduce(0) { $0 + $1.rows * $1.columns + 16 }
  }
}

/// A linear of few rows with its operands looked up.
private struct FewRowsPart: Sendable {
  let sums: [[(input: Matrix, weight: Matrix)]]
  let end: FewRowsEnd
}

private enum FewRowsEnd: Sendable {
  case store(Matrix, bias: Matrix?)
  case add(Matrix, factor: Float, bias: Matrix?)
  case rotate(Matrix, table: Matrix, positions: [Int32], dimension: Int, bias: Matrix?)
  case gate(Matrix, GateFunction, gateBias: Matrix?, upBias: Matrix?)
  case activate(Matrix, GateFunction, bias: Matrix?)

  init(_ epilogue: Epilogue) {
    switch epilogue {
    case .store(let output, let bias): self = .store(Matrix(output), bias: bias.map { Matrix($0) })
    case .add(let output, let factor, let bias):
      self = .add(Matrix(output), factor: factor, bias: bias.map { Matrix($0) })
    case .rotate(let output, let rotation, let dimension, let bias):
      self = .rotate(
        Matrix(output), table: Matrix(rotation.table), positions: rotation.positions, dimension: dimension,
        bias: bias.map { Matrix($0) })
    case .gate(let output, let function, nil, nil, let gateBias, let upBias):
      self = .gate(
        Matrix(output), function, gateBias: gateBias.map { Matrix($0) }, upBias: upBias.map { Matrix($0) })
    case .activate(let output, let function, nil, let bias):
      self = .activate(Matrix(output), function, bias: bias.map { Matrix($0) })
    case .gate, .gateBackward, .activate, .activateBackward: preconditionFailure("few rows have no backward pass")
    }
  }
}
