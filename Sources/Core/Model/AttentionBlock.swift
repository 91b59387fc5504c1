import Checkpoint
import Numerics

// MARK: x += o_proj(attention(rope(q), rope(k), v)), q, k, v of RMSNorm(x)

extension DecoderPass {
  private var attentionHead: AttentionHead {
    AttentionHead(
      runtime: runtime, headDimension: configuration.headDimension,
      scale: 1 / Float(configuration.headDimension).squareRoot())
  }

  /// h = RMSNorm(x); q, k = rope(h W + …), v = h W + ….
  func attentionInputs(layer: Int) {
    let memory = activations(layer: layer)
    forEachChunk { rows, _, scratch in
      let h = hidden.rows(rows)
      runtime.rmsNorm(
        residual.rows(rows), weight: weights.layers[layer].attentionNorm, epsilon: epsilon,
        xhat: memory.attentionXhat.rows(rows), inverse: memory.attentionInverse.columns(rows), into: h)
      lowRankForward(h, .attentionNorm, layer: layer, rows: rows, scratch: scratch)
    }
    let outputs: [(kind: LinearKind, y: Matrix)] = [(.q_proj, memory.q), (.k_proj, memory.k), (.v_proj, memory.v)]
    runtime.parallel(
      outputs.map { kind, y in
        let product = Product(
          rows: residual.rows, columns: y.columns, unit: configuration.headDimension,
          sums: [forwardTerms(hidden, kind, layer: layer)]
        ) { bands, rows, columns in
          addBias(kind, layer: layer, columns: columns, to: bands[0])
          let target = y.rows(rows).columns(columns)
          if kind == .v_proj {
            runtime.convert(bands[0], into: target)
          } else {
            rope(bands[0], rows, into: target)
          }
        }
        return runtime.loop(product, scratch: scratch)
      })
  }

  /// o = softmax(q kᵀ / √d) v, one task per group and query head.
  func attention(layer: Int) {
    let memory = activations(layer: layer)
    let head = attentionHead
    let heads = configuration.headCount
    runtime.zero(memory.o.rows(batch.rows..<memory.o.rows))
    runtime.parallel(batch.attention.count * heads) { task, worker in
      let query = columns(head: task % heads)
      let key = columns(head: task % heads / headsPerKey)
      head.forward(
        batch.attention[task / heads], q: memory.q.columns(query), k: memory.k.columns(key),
        v: memory.v.columns(key), o: memory.o.columns(query),
        logSums: memory.logSums.rows(task % heads..<task % heads + 1), scratch: scratch[worker])
    }
  }

  /// x += o W + ….
  func attentionOutput(layer: Int) {
    let o = activations(layer: layer).o
    if adapts(.attentionOutput) {
      forEachChunk { rows, _, scratch in
        lowRankForward(o.rows(rows), .attentionOutput, layer: layer, rows: rows, scratch: scratch)
      }
    }
    run(
      Product(
        rows: residual.rows, columns: configuration.hiddenSize, sums: [forwardTerms(o, .o_proj, layer: layer)]
      ) { bands, rows, columns in
        addBias(.o_proj, layer: layer, columns: columns, to: bands[0])
        runtime.add(bands[0], to: residual.rows(rows).columns(columns))
      })
  }

  // MARK: Backward

  /// From dL/dx to dL/do, and o_proj's own gradients.
  func attentionOutputBackward(layer: Int, propagates: Bool, into sum: LoRAGradients) {
    guard let backward else { return }
    let gradients: OutputGradients = [(.o_proj, backward.output)]
    forEachChunk { rows, _, scratch in
      runtime.convert(backward.residual.rows(rows), into: backward.output.rows(rows))
      lowRankBackward(gradients, .attentionOutput, layer: layer, rows: rows, scratch: scratch)
    }
    let own = weightGradients(gradients, .attentionOutput, x: activations(layer: layer).o, layer: layer, into: sum)
    guard propagates else {
      runtime.parallel(own)
      return
    }
    let product = Product(
      rows: residual.rows, columns: queryColumns, sums: [backwardTerms(gradients, .attentionOutput, layer: layer)]
    ) { bands, rows, columns in
      runtime.convert(bands[0], into: backward.attention.rows(rows).columns(columns))
    }
    runtime.parallel([runtime.loop(product, scratch: scratch)] + own)
  }

  /// From dL/do to dL/dq, dL/dk, dL/dv, the last two still one per query head.
  func attentionBackward(layer: Int) {
    guard let backward else { return }
    let memory = activations(layer: layer)
    let head = attentionHead
    let heads = configuration.headCount
    for matrix in [backward.q, backward.k, backward.v] { runtime.zero(matrix.rows(batch.rows..<matrix.rows)) }
    runtime.parallel(batch.attention.count * heads) { task, worker in
      let query = columns(head: task % heads)
      let key = columns(head: task % heads / headsPerKey)
      head.backward(
        batch.attention[task / heads], q: memory.q.columns(query), k: memory.k.columns(key),
        v: memory.v.columns(key), o: memory.o.columns(query),
        logSums: memory.logSums.rows(task % heads..<task % heads + 1), d: backward.attention.columns(query),
        dq: backward.q.columns(query), dk: backward.k.columns(query), dv: backward.v.columns(query),
        scratch: scratch[worker])
    }
  }

  /// From dL/dq, dL/dk, dL/dv through RoPE and the three projections to dL/dx, with their own gradients.
  func attentionInputsBackward(layer: Int, propagates: Bool, into sum: LoRAGradients) {
    guard let backward else { return }
    let memory = activations(layer: layer)
    let norm = weights.layers[layer].attentionNorm
    // q, k and v have served: their gradients take their places.
    let gradients: OutputGradients = [(.q_proj, memory.q), (.k_proj, memory.k), (.v_proj, memory.v)]
    forEachChunk { rows, _, scratch in
      var memory = scratch
      let joined = memory.take(rows.count, keyColumns)
      rope(backward.q.rows(rows), rows, backward: true, into: gradients[0].dy.rows(rows))
      sumHeads(backward.k.rows(rows), into: joined)
      rope(joined, rows, backward: true, into: gradients[1].dy.rows(rows))
      sumHeads(backward.v.rows(rows), into: joined)
      runtime.convert(joined, into: gradients[2].dy.rows(rows))
      lowRankBackward(gradients, .attentionNorm, layer: layer, rows: rows, scratch: scratch)
      runtime.rmsNormScale(activations(layer: layer).attentionXhat.rows(rows), weight: norm, into: hidden.rows(rows))
    }
    let own = weightGradients(gradients, .attentionNorm, x: hidden, layer: layer, into: sum)
    guard propagates else {
      runtime.parallel(own)
      return
    }
    normInputGradient(gradients, .attentionNorm, layer: layer, beside: own)
    forEachChunk { rows, _, _ in
      runtime.rmsNormBackward(
        backward.normed.rows(rows), xhat: memory.attentionXhat.rows(rows),
        inverse: memory.attentionInverse.columns(rows), weight: norm,
        accumulateInto: backward.residual.rows(rows))
    }
  }

  /// Adds up the query heads that share a key-value head.
  private func sumHeads(_ x: Matrix, into y: Matrix) {
    for key in 0..<configuration.keyValueHeadCount {
      let target = y.columns(columns(head: key))
      runtime.convert(x.columns(columns(head: key * headsPerKey)), into: target)
      for query in 1..<max(1, headsPerKey) {
        runtime.add(x.columns(columns(head: key * headsPerKey + query)), to: target)
      }
    }
  }

  private func rope(_ x: Matrix, _ rows: Range<Int>, backward: Bool = false, into y: Matrix) {
    runtime.rope(
      x, headDimension: configuration.headDimension, table: rotary.matrix, positions: batch.positions[rows],
      backward: backward, into: y)
  }
}
