import Device
import Foundation

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

extension NaiveDevice {
  // MARK: Norms

  func run(_ norm: Norm) {
    let (x, w) = (load(norm.input), load(norm.weight))
    var normalized = Numbers(rows: norm.normalized.rows, columns: x.columns)
    var (inverse, y) = (load(norm.inverse), load(norm.output))
    let real = norm.rows.each.filter { $0 < norm.sources?.count ?? .max }
    for row in norm.rows.each { y[row: row] = [Double](repeating: 0, count: y.columns) }
    var bias: Numbers?
    if case .layer(let tensor) = norm.kind { bias = tensor.map(load) ?? Numbers(rows: 1, columns: y.columns) }
    for row in real {
      var source = x[row: norm.sources?[row] ?? row]
      if bias != nil { source = centered(source) }
      inverse[0, row] = inverseRoot(source, norm.epsilon)
      for column in source.indices {
        let exact = source[column] * inverse[0, row]
        normalized[row, column] = rounded(exact, norm.normalized.type)
        y[row, column] = (norm.rounding == .twice ? normalized[row, column] : exact) * w[0, column]
        if let bias { y[row, column] += bias[0, column] }
      }
    }
    store(normalized, rows: real, to: norm.normalized)
    for row in real { store(inverse, column: row, to: norm.inverse) }
    store(y, rows: norm.rows.each, to: norm.output)
    run(norm.projections, rows: norm.rows)
  }

  private func centered(_ x: [Double]) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    return x.map { $0 - mean }
  }

  /// 1 / rms.
  private func inverseRoot(_ x: [Double], _ epsilon: Float) -> Double {
    1 / (dot(x, x) / Double(x.count) + Double(epsilon)).squareRoot()
  }

  /// Writes one number of a [1, n].
  private func store(_ numbers: Numbers, column: Int, to x: Tensor) {
    let place = x.columns(column..<column + 1)
    store(Numbers(rows: 1, columns: 1, [numbers[0, column]]), to: place)
  }

  /// dL/dx = r (w dy − x̂ · mean(w dy x̂)), less r · mean(w dy) where the norm took a mean off.
  func normGradient(
    _ dy: [Double], _ unit: [Double], _ inverse: Double, _ weight: [Double], isCentered: Bool = false
  ) -> [Double] {
    let weighted = zip(dy, weight).map { $0 * $1 }
    let mean = dot(weighted, unit) / Double(unit.count)
    return zip(isCentered ? centered(weighted) : weighted, unit).map { inverse * ($0 - $1 * mean) }
  }

  func run(_ norm: NormBackward) {
    let (dy, unit, inverse) = (load(norm.gradient), load(norm.normalized), load(norm.inverse))
    let weight = load(norm.weight)[row: 0]
    var dx = load(norm.into)
    for row in norm.rows.each {
      let found = normGradient(
        dy[row: row], unit[row: row], inverse[0, row], weight, isCentered: norm.isCentered)
      dx[row: row] = zip(dx[row: row], found).map { $0 + $1 }
    }
    store(dx, rows: norm.rows.each, to: norm.into)
    guard var copy = norm.copy else { return }
    copy.rows = norm.rows
    run(copy)
  }

  func run(_ norm: NormAdd) {
    let (y, w) = (load(norm.input), load(norm.weight))
    var (unit, inverse, x) = (load(norm.normalized), load(norm.inverse), load(norm.into))
    for row in norm.rows.each {
      inverse[0, row] = inverseRoot(y[row: row], norm.epsilon)
      for column in 0..<y.columns {
        let exact = y[row, column] * inverse[0, row]
        unit[row, column] = rounded(exact, norm.normalized.type)
        let factor = norm.rounding == .twice ? unit[row, column] : exact
        x[row, column] += rounded(factor * w[0, column], norm.normalized.type)
      }
      store(inverse, column: row, to: norm.inverse)
    }
    store(unit, rows: norm.rows.each, to: norm.normalized)
    store(x, rows: norm.rows.each, to: norm.into)
  }

  func run(_ norm: NormAddBackward) {
    let (gradient, unit, inverse) = (load(norm.gradient), load(norm.normalized), load(norm.inverse))
    let weight = load(norm.weight)[row: 0]
    var dy = load(norm.output)
    for row in norm.rows.each {
      dy[row: row] = normGradient(gradient[row: row], unit[row: row], inverse[0, row], weight)
    }
    store(dy, rows: norm.rows.each, to: norm.output)
    run(norm.projections, rows: norm.rows)
  }

  func run(_ norm: HeadNorm) {
    let (x, weight) = (load(norm.input), load(norm.weight)[row: 0])
    let span = weight.count
    var (unit, inverse, y) = (load(norm.normalized), load(norm.inverse), load(norm.output))
    for row in norm.rows.each {
      for index in 0..<x.columns / span {
        let source = x.slice(row, index * span..<(index + 1) * span)
        inverse[row, index] = inverseRoot(source, norm.epsilon)
        for column in 0..<span {
          let place = index * span + column
          let exact = source[column] * inverse[row, index]
          unit[row, place] = rounded(exact, norm.normalized.type)
          let factor = norm.rounding == .twice ? unit[row, place] : exact
          y[row, place] = rounded(factor * weight[column], norm.output.type)
        }
      }
    }
    let rows = norm.rows.each
    store(unit, rows: rows, to: norm.normalized)
    store(inverse, rows: rows, to: norm.inverse)
    store(rotated(y, norm.rotation, headDimension: norm.headDimension, rows: rows), rows: rows, to: norm.output)
  }

  func run(_ norm: HeadNormBackward) {
    let (unit, inverse, weight) = (load(norm.normalized), load(norm.inverse), load(norm.weight)[row: 0])
    var gradient = load(norm.gradient)
    let d = weight.count
    for row in norm.rows.each {
      for head in 0..<gradient.columns / d {
        let columns = head * d..<(head + 1) * d
        let found = normGradient(
          gradient.slice(row, columns), unit.slice(row, columns), inverse[row, head], weight)
        for (column, value) in zip(columns, found) { gradient[row, column] = value }
      }
    }
    store(gradient, rows: norm.rows.each, to: norm.gradient)
  }

  // MARK: Rotation

  /// Of a head's first R columns, i of the first half and i of the second are a point that turns by the angle of cos and
  /// sin i, R being the table's width.
  func rotated(
    _ x: Numbers, _ rotation: Rotation?, headDimension d: Int, rows: [Int], backward: Bool = false
  ) -> Numbers {
    guard let rotation else { return x }
    let half = rotation.table.columns / 2
    let table = load(rotation.table)
    var y = x
    for row in rows {
      let position = Int(rotation.positions[row])
      for head in 0..<x.columns / d {
        for index in 0..<half {
          let (low, high) = (head * d + index, head * d + index + half)
          let (cos, sin) = (table[position, index], table[position, index + half] * (backward ? -1 : 1))
          y[row, low] = x[row, low] * cos - x[row, high] * sin
          y[row, high] = x[row, high] * cos + x[row, low] * sin
        }
      }
    }
    return y
  }

  // MARK: Attention

  /// The rows that each query sees, by query row: the last `window` of those before it and itself.
  private func visible(_ groups: [AttentionGroup], _ mask: AttentionMask) -> [(query: Int, keys: [Int])] {
    groups.flatMap { group in
      group.segments.flatMap { segment in
        segment.queries.map { query in
          let all = Array(group.shared) + Array(segment.prefix) + Array(segment.rows.lowerBound...query)
          return (query, all.suffix(mask.window ?? all.count))
        }
      }
    }
  }

  func run(_ attention: Attention) {
    let (q, k, v) = (load(attention.q), load(attention.k), load(attention.v))
    var o = Numbers(rows: q.rows, columns: q.columns)
    let d = attention.headDimension
    let queries = visible(attention.groups, attention.mask)
    for head in 0..<attention.headCount {
      let key = head / attention.headsPerKey
      let (own, other) = (head * d..<(head + 1) * d, key * d..<(key + 1) * d)
      for (row, rows) in queries {
        let query = q.slice(row, own)
        let scores = rows.map { attention.mask.capped(Double(attention.scale) * dot(query, k.slice($0, other))) }
        let logSum = logSumOfExponentials(scores)
        for (seen, score) in zip(rows, scores) {
          let weight = exp(score - logSum)
          for column in 0..<d { o[row, head * d + column] += weight * v[seen, key * d + column] }
        }
        let place = attention.logSums.rows(head..<head + 1).columns(row..<row + 1)
        store(Numbers(rows: 1, columns: 1, [logSum]), to: place)
      }
    }
    store(o, to: attention.o)
  }

  func logSumOfExponentials(_ x: [Double]) -> Double {
    let largest = x.max() ?? 0
    return largest + log(x.reduce(0) { $0 + exp($1 - largest) })
  }

  func run(_ attention: AttentionBackward) {
    let forward = attention.forward
    let (q, k, v, o) = (load(forward.q), load(forward.k), load(forward.v), load(forward.o))
    let (d, logSums, gradient) = (forward.headDimension, load(forward.logSums), load(attention.gradient))
    var dq = Numbers(rows: q.rows, columns: q.columns)
    var (dk, dv) = (Numbers(rows: k.rows, columns: k.columns), Numbers(rows: k.rows, columns: k.columns))
    let queries = visible(forward.groups, forward.mask)
    for head in 0..<forward.headCount {
      let key = head / forward.headsPerKey
      let (own, other) = (head * d..<(head + 1) * d, key * d..<(key + 1) * d)
      for (row, rows) in queries {
        let (query, dy) = (q.slice(row, own), gradient.slice(row, own))
        let through = dot(dy, o.slice(row, own))
        for seen in rows {
          let keys = k.slice(seen, other)
          let score = Double(forward.scale) * dot(query, keys)
          let weight = exp(forward.mask.capped(score) - logSums[head, row])
          let slope =
            weight * (dot(dy, v.slice(seen, other)) - through) * forward.mask.capSlope(score) * Double(forward.scale)
          for column in 0..<d {
            dv[seen, key * d + column] += weight * dy[column]
            dk[seen, key * d + column] += slope * query[column]
            dq[row, head * d + column] += slope * keys[column]
          }
        }
      }
    }
    let rows = Array(0..<q.rows)
    store(rotated(dq, attention.rotation, headDimension: d, rows: rows, backward: true), to: forward.q)
    store(rotated(dk, attention.rotation, headDimension: d, rows: rows, backward: true), to: forward.k)
    store(dv, to: forward.v)
  }
}

extension AttentionMask {
  func capped(_ score: Double) -> Double { softCap.map { Double($0) * tanh(score / Double($0)) } ?? score }

  /// The derivative.
  func capSlope(_ score: Double) -> Double {
    guard let softCap else { return 1 }
    let t = tanh(score / Double(softCap))
    return 1 - t * t
  }
}
