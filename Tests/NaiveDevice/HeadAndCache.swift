import Device
import Foundation

extension NaiveDevice {
  // MARK: Log-probs

  func run(_ logProbs: LogProbs) {
    guard !logProbs.targets.isEmpty else { return }
    let (h, w) = (load(logProbs.hidden), load(logProbs.weight))
    var l = Numbers(rows: 1, columns: logProbs.output.columns)
    var capSlopes = l
    var mean = Numbers(rows: h.rows, columns: h.columns)
    for row in 0..<h.rows {
      let hidden = h[row: row]
      let shares = (0..<w.rows).map { token in
        logProbs.softCap.map { tanh(dot(hidden, w[row: token]) / Double($0.cap)) } ?? 0
      }
      let logits = (0..<w.rows).map { token in
        logProbs.softCap.map { Double($0.cap) * shares[token] } ?? dot(hidden, w[row: token])
      }
      let logSum = logSumOfExponentials(logits)
      for (index, target) in logProbs.targets.enumerated() where target.row == row {
        l[0, index] = logits[Int(target.token)] - logSum
        capSlopes[0, index] = 1 - shares[Int(target.token)] * shares[Int(target.token)]
      }
      guard logProbs.mean != nil else { continue }
      for token in 0..<w.rows {
        let probability = exp(logits[token] - logSum) * (1 - shares[token] * shares[token])
        for column in 0..<h.columns { mean[row, column] += probability * w[token, column] }
      }
    }
    let count = logProbs.targets.count
    store(
      Numbers(rows: 1, columns: count, Array(l.values[..<count])), to: logProbs.output.columns(0..<count))
    if let output = logProbs.mean { store(mean, to: output) }
    if let output = logProbs.softCap?.slopes {
      store(Numbers(rows: 1, columns: count, Array(capSlopes.values[..<count])), to: output.columns(0..<count))
    }
  }

  func run(_ logProbs: LogProbsBackward) {
    let (w, slopes, mean) = (load(logProbs.weight), load(logProbs.slopes), load(logProbs.mean))
    let (unit, inverse, weight) = (
      load(logProbs.normalized), load(logProbs.inverse), load(logProbs.normWeight)[row: 0]
    )
    let capSlopes = logProbs.capSlopes.map(load)
    var dx = load(logProbs.into)
    for (row, source) in logProbs.sources.enumerated() {
      var dh = [Double](repeating: 0, count: dx.columns)
      for (index, target) in logProbs.targets.enumerated() where target.row == row {
        for column in dh.indices {
          let own = (capSlopes?[0, index] ?? 1) * w[Int(target.token), column]
          dh[column] += slopes[0, index] * (own - mean[row, column])
        }
      }
      let found = normGradient(dh, unit[row: row], inverse[0, row], weight, isCentered: logProbs.isCentered)
      dx[row: source] = zip(dx[row: source], found).map { $0 + $1 }
    }
    store(dx, rows: logProbs.sources, to: logProbs.into)
  }

  func run(_ logits: SoftCapLogits) {
    var x = load(logits.logits)
    for index in x.values.indices { x.values[index] = Double(logits.cap) * tanh(x.values[index] / Double(logits.cap)) }
    store(x, rows: logits.rows.each, to: logits.logits)
  }

  // MARK: Generation

  private func layers(_ cache: any KeyValueCache) -> NaiveCache {
    guard let cache = cache as? NaiveCache else { preconditionFailure("a cache of this device") }
    return cache
  }

  func run(_ prompt: CachePrompt) {
    let (keys, values) = (load(prompt.keys), load(prompt.values))
    layers(prompt.cache).layers.withLock { layers in
      layers[prompt.layer].promptKeys = keys
      layers[prompt.layer].promptValues = values
    }
  }

  func run(_ attention: CachedAttention) {
    let cache = layers(attention.cache)
    let (q, k, v) = (load(attention.q), load(attention.k), load(attention.v))
    let layer = cache.layers.withLock { layers in
      for (row, sample) in attention.samples.enumerated() {
        layers[attention.layer].ownKeys[sample][attention.position] = k[row: row]
        layers[attention.layer].ownValues[sample][attention.position] = v[row: row]
      }
      return layers[attention.layer]
    }
    let d = cache.shape.headDimension
    let share = q.columns / d / cache.shape.keyValueHeads
    var o = Numbers(rows: q.rows, columns: q.columns)
    for (row, sample) in attention.samples.enumerated() {
      let own = 0...attention.position
      let prompt = 0..<cache.shape.promptCount
      let seen = attention.mask.window ?? .max
      let keys = (prompt.map { layer.promptKeys[row: $0] } + own.map { layer.ownKeys[sample][$0] }).suffix(seen)
      let values = (prompt.map { layer.promptValues[row: $0] } + own.map { layer.ownValues[sample][$0] }).suffix(seen)
      for head in 0..<q.columns / d {
        let first = head / share * d
        let query = q.slice(row, head * d..<(head + 1) * d)
        let scores = keys.map {
          attention.mask.capped(Double(attention.scale) * dot(query, Array($0[first..<first + d])))
        }
        let logSum = logSumOfExponentials(scores)
        for (score, value) in zip(scores, values) {
          let weight = exp(score - logSum)
          for column in 0..<d { o[row, head * d + column] += weight * value[first + column] }
        }
      }
    }
    store(o, rows: 0..<attention.samples.count, to: attention.o)
  }
}
