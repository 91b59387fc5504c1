import Device
import Foundation

extension NaiveDevice {
  func run(_ instruction: Instruction) {
    switch instruction {
    case .embed(let embed): run(embed)
    case .copy(let copy): run(copy)
    case .clear(let x): store(Numbers(rows: x.rows, columns: x.columns), to: x)
    case .project(let project): run(project.projections, rows: project.rows)
    case .norm(let norm): run(norm)
    case .normBackward(let norm): run(norm)
    case .normAdd(let norm): run(norm)
    case .normAddBackward(let norm): run(norm)
    case .headNorm(let norm): run(norm)
    case .headNormBackward(let norm): run(norm)
    case .linear(let linear): run(linear)
    case .gate(let gate): run(gate)
    case .attention(let attention): run(attention)
    case .attentionBackward(let attention): run(attention)
    case .logProbs(let logProbs): run(logProbs)
    case .logProbsBackward(let logProbs): run(logProbs)
    case .softCapLogits(let logits): run(logits)
    case .weightGradient(let gradient): run(gradient)
    case .packAdapter(let pack): run(pack)
    case .cachePrompt(let prompt): run(prompt)
    case .cachedAttention(let attention): run(attention)
    }
  }

  private func run(_ embed: Embed) {
    let table = load(embed.table)
    var y = Numbers(rows: embed.output.rows, columns: embed.output.columns)
    for (row, token) in embed.tokens.enumerated() {
      y[row: row] = table[row: Int(token)].map { $0 * Double(embed.factor) }
      guard let positions = embed.positions else { continue }
      let position = load(positions.table)[row: Int(positions.rows[row])]
      y[row: row] = zip(y[row: row], position).map { $0 + $1 }
    }
    store(y, to: embed.output)
  }

  func run(_ copy: Copy) {
    var x = load(copy.input)
    for index in x.values.indices { x.values[index] *= Double(copy.factor) }
    store(x, rows: copy.rows.each, to: copy.output)
    run(copy.projections, rows: copy.rows)
  }

  // MARK: Products

  /// u = x·wᵀ on some rows.
  func run(_ projections: [Projection], rows: RowSpans) {
    for one in projections {
      var u = Numbers(rows: one.output.rows, columns: one.output.columns)
      add(.forward(one.input, one.weight), rows: rows, to: &u)
      store(u, rows: rows.each, to: one.output)
    }
  }

  /// y += x·op(w) on some rows.
  private func add(_ term: Linear.Term, rows: RowSpans, to y: inout Numbers) {
    let x = load(term.input)
    var w = load(term.weight)
    // A pass multiplies weights in its compute type.
    if term.weight.type.isQuantized { w.values = w.values.map { rounded($0, precision.elementType) } }
    precondition(
      (term.transposed ? (w.rows, w.columns) : (w.columns, w.rows)) == (y.columns, x.columns), "shapes that multiply")
    for row in rows.each {
      for k in 0..<x.columns {
        let factor = x[row, k]
        for n in 0..<y.columns { y[row, n] += factor * (term.transposed ? w[n, k] : w[k, n]) }
      }
    }
  }

  private func run(_ linear: Linear) {
    let sums = linear.sums.map { terms in
      var y = Numbers(rows: terms[0].input.rows, columns: linear.columns)
      for term in terms { add(term, rows: linear.rows, to: &y) }
      return y
    }
    let rows = linear.rows.each
    switch linear.epilogue {
    case .store(let output, let bias):
      store(biased(sums[0], bias), rows: rows, to: output)
    case .add(let output, let factor, let bias):
      var x = load(output)
      let y = biased(sums[0], bias)
      for index in x.values.indices { x.values[index] += Double(factor) * y.values[index] }
      store(x, rows: rows, to: output)
    case .rotate(let output, let rotation, let dimension, let bias):
      let y = biased(sums[0], bias)
      store(rotated(y, rotation, headDimension: dimension, rows: rows), rows: rows, to: output)
    case .gate(let output, let function, let gate, let up, let gateBias, let upBias):
      var (g, u) = (biased(sums[0], gateBias), biased(sums[1], upBias))
      for index in g.values.indices {
        g.values[index] = rounded(g.values[index], output.type)
        u.values[index] = rounded(u.values[index], output.type)
      }
      if let gate { store(g, rows: rows, to: gate) }
      if let up { store(u, rows: rows, to: up) }
      store(gated(g, u, function), rows: rows, to: output)
    case .gateBackward(let function, let gate, let up, let output):
      var (g, u) = (load(gate), load(up))
      store(gated(g, u, function), rows: rows, to: output)
      for index in g.values.indices {
        let (d, x) = (sums[0].values[index], g.values[index])
        g.values[index] = d * u.values[index] * function.slope(x)
        u.values[index] = d * function.value(x)
      }
      store(g, rows: rows, to: gate)
      store(u, rows: rows, to: up)
    case .activate(let output, let function, let kept, let bias):
      var a = biased(sums[0], bias)
      for index in a.values.indices { a.values[index] = rounded(a.values[index], output.type) }
      if let kept { store(a, rows: rows, to: kept) }
      store(gated(a, nil, function), rows: rows, to: output)
    case .activateBackward(let function, let kept, let output):
      var a = load(kept)
      store(gated(a, nil, function), rows: rows, to: output)
      for index in a.values.indices { a.values[index] = sums[0].values[index] * function.slope(a.values[index]) }
      store(a, rows: rows, to: kept)
    }
  }

  private func biased(_ y: Numbers, _ bias: Tensor?) -> Numbers {
    guard let bias else { return y }
    let b = load(bias)
    var sum = y
    for row in 0..<y.rows {
      for column in 0..<y.columns { sum[row, column] += b[0, column] }
    }
    return sum
  }

  private func gated(_ gate: Numbers, _ up: Numbers?, _ function: GateFunction) -> Numbers {
    var z = gate
    for index in z.values.indices { z.values[index] = function.value(gate.values[index]) * (up?.values[index] ?? 1) }
    return z
  }

  private func run(_ gate: Gate) {
    store(gated(load(gate.gate), gate.up.map(load), gate.activation), rows: gate.rows.each, to: gate.output)
  }

  // MARK: The adapter

  private func run(_ gradient: WeightGradient) {
    let (a, x) = (load(gradient.left), load(gradient.right))
    var sums = Numbers(rows: a.columns, columns: x.columns)
    for row in gradient.rows.each {
      for m in 0..<a.columns {
        for n in 0..<x.columns { sums[m, n] += a[row, m] * x[row, n] }
      }
    }
    switch gradient.into {
    case .rows(let target, let scale, let bias):
      var g = load(target)
      let (w, b) = (scale.map(load), bias.map(load))
      for m in 0..<g.rows {
        let total = gradient.rows.each.reduce(0) { $0 + a[$1, m] }
        for n in 0..<g.columns { g[m, n] += sums[m, n] * (w?[0, n] ?? 1) + total * (b?[0, n] ?? 0) }
      }
      store(g, to: target)
    case .columns(let target, let factor):
      var g = load(target)
      for n in 0..<g.rows {
        for m in 0..<g.columns { g[n, m] += Double(factor) * sums[m, n] }
      }
      store(g, to: target)
    }
  }

  private func run(_ pack: PackAdapter) {
    for factor in pack.factors {
      var up = load(factor.up)
      for index in up.values.indices { up.values[index] *= Double(pack.scale) }
      var transposed = Numbers(rows: up.columns, columns: up.rows)
      for row in 0..<up.rows {
        for column in 0..<up.columns { transposed[column, row] = up[row, column] }
      }
      store(load(factor.down), to: factor.packedDown)
      store(up, to: factor.packedUp)
      store(transposed, to: factor.packedUpTransposed)
    }
  }
}

extension GateFunction {
  func value(_ x: Double) -> Double {
    switch self {
    case .silu: x * sigmoid(x)
    case .geluTanh: x / 2 * (1 + tanh(Self.inner(x)))
    case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    }
  }

  /// The derivative.
  func slope(_ x: Double) -> Double {
    switch self {
    case .silu: return sigmoid(x) * (1 + x * (1 - sigmoid(x)))
    case .geluTanh:
      let t = tanh(Self.inner(x))
      return (1 + t) / 2 + x / 2 * (1 - t * t) * (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
    case .gelu:
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      return (1 + erf(x / 2.0.squareRoot())) / 2 + x * density
    }
  }

  private static func inner(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }
}
