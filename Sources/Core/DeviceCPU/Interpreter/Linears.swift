import Device

// MARK: Products with their epilogues

extension CPUDevice {
  /// The instruction as a product over the pool.
  func product(_ linear: Linear) -> Product {
    let sums = linear.sums.map { terms in
      terms.map { ProductTerm(x: Matrix($0.input), w: Matrix($0.weight), transposed: $0.transposed) }
    }
    func finish(_ touches: [Matrix], _ body: @escaping Product.Finish) -> Product {
      Product(
        rows: linear.rows, columns: linear.columns, unit: linear.unit, sums: sums, touches: touches, finish: body)
    }
    switch linear.epilogue {
    case .store(let tensor, nil) where tensor.type == .fp32:
      return Product(rows: linear.rows, terms: sums[0], into: Matrix(tensor))
    case .store(let tensor, let bias):
      let (output, bias) = (Matrix(tensor), bias.map { Matrix($0) })
      return finish([output]) { bands, rows, columns in
        if let bias { self.addBias(bias.columns(columns), to: bands[0]) }
        self.convert(bands[0], into: output.rows(rows).columns(columns))
      }
    case .add(let tensor, let factor, let bias):
      let (output, bias) = (Matrix(tensor), bias.map { Matrix($0) })
      return finish([output]) { bands, rows, columns in
        if let bias { self.addBias(bias.columns(columns), to: bands[0]) }
        self.add(bands[0], times: factor, to: output.rows(rows).columns(columns))
      }
    case .rotate(let tensor, let rotation, let dimension, let bias):
      let (output, table, bias) = (Matrix(tensor), Matrix(rotation.table), bias.map { Matrix($0) })
      return finish([output]) { bands, rows, columns in
        if let bias { self.addBias(bias.columns(columns), to: bands[0]) }
        self.rope(
          bands[0], headDimension: dimension, table: table, positions: rotation.positions[rows],
          into: output.rows(rows).columns(columns))
      }
    case .gate(let tensor, let function, let gate, let up, let gateBias, let upBias):
      let (output, gate, up) = (Matrix(tensor), gate.map { Matrix($0) }, up.map { Matrix($0) })
      let (gateBias, upBias) = (gateBias.map { Matrix($0) }, upBias.map { Matrix($0) })
      return finish([gate, up, output].compactMap { $0 }) { bands, rows, columns in
        if let gateBias { self.addBias(gateBias.columns(columns), to: bands[0]) }
        if let upBias { self.addBias(upBias.columns(columns), to: bands[1]) }
        self.roundGateMul(
          function, bands[0], bands[1], gate: gate?.rows(rows).columns(columns), up: up?.rows(rows).columns(columns),
          into: output.rows(rows).columns(columns))
      }
    case .gateBackward(let function, let gate, let up, let output):
      let (gate, up, output) = (Matrix(gate), Matrix(up), Matrix(output))
      return finish([gate, up, output]) { bands, rows, columns in
        let gate = gate.rows(rows).columns(columns)
        let up = up.rows(rows).columns(columns)
        self.gateMulBackward(
          function, bands[0], gate: gate, up: up, dgate: gate, dup: up, z: output.rows(rows).columns(columns))
      }
    case .activate(let tensor, let function, let kept, let bias):
      let (output, kept, bias) = (Matrix(tensor), kept.map { Matrix($0) }, bias.map { Matrix($0) })
      return finish([kept, output].compactMap { $0 }) { bands, rows, columns in
        if let bias { self.addBias(bias.columns(columns), to: bands[0]) }
        self.roundGateMul(
          function, bands[0], nil, gate: kept?.rows(rows).columns(columns), up: nil,
          into: output.rows(rows).columns(columns))
      }
    case .activateBackward(let function, let kept, let output):
      let (kept, output) = (Matrix(kept), Matrix(output))
      return finish([kept, output]) { bands, rows, columns in
        let kept = kept.rows(rows).columns(columns)
        self.gateMulBackward(
          function, bands[0], gate: kept, up: nil, dgate: kept, dup: nil, z: output.rows(rows).columns(columns))
      }
    }
  }

  /// fp32 numbers of scratch that a thread takes for it.
  func productCount(_ linear: Linear) -> Int {
    let terms = linear.sums.joined()
    let expands = terms.contains { $0.weight.type.isQuantized }
    return (expands ? PreparedOperand.expansionCount : 0)
      + Product.scratchCount(
        columns: linear.columns, unit: linear.unit, inputs: terms.map(\.input.columns), sums: linear.sums.count,
        format: panelFormat(x: linear.sums[0][0].input.type), threads: threads)
  }

  /// The same for the gradient of a low-rank factor.
  func gradientCount(_ gradient: WeightGradient) -> Int {
    let columns = gradient.left.columns
    let totals = if case .rows(_, _, _?) = gradient.into { 2 * (columns + 16) } else { 0 }
    return WeightGradientLoop.scratchCount(
      rows: gradient.left.rows, columns: columns, format: panelFormat(x: gradient.left.type)) + totals
  }

  func gradientLoop(_ gradient: WeightGradient) -> WeightGradientLoop {
    let (left, right) = (Matrix(gradient.left), Matrix(gradient.right))
    switch gradient.into {
    case .rows(let tensor, let scale, let bias?):
      let (target, scale, bias) = (Matrix(tensor), scale.map { Matrix($0) }, Matrix(bias))
      return WeightGradientLoop(left, right, rows: gradient.rows) { found, totals, columns in
        let target = target.columns(columns)
        if let scale {
          self.add(found, timesColumns: scale.columns(columns), to: target)
        } else {
          self.add(found, to: target)
        }
        for row in 0..<target.rows {
          self.add(bias.columns(columns), times: totals.floats[row], to: target.rows(row..<row + 1))
        }
      }
    case .rows(let tensor, let scale, nil):
      let (target, scale) = (Matrix(tensor), scale.map { Matrix($0) })
      return WeightGradientLoop(left, right, rows: gradient.rows) { found, columns in
        if let scale {
          self.add(found, timesColumns: scale.columns(columns), to: target.columns(columns))
        } else {
          self.add(found, to: target.columns(columns))
        }
      }
    case .columns(let tensor, let factor):
      let target = Matrix(tensor)
      return WeightGradientLoop(left, right, rows: gradient.rows) { found, columns in
        self.addTransposed(found, times: factor, to: target.rows(columns))
      }
    }
  }
}
