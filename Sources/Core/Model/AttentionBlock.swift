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
  func attentionInputs(layer: Int, rows: Range<Int>, scratch: ScratchMemory) {
    var scratch = scratch
    let memory = activations(layer: layer)
    let h = scratch.take(rows.count, configuration.hiddenSize, type)
    runtime.rmsNorm(
      residual.rows(rows), weight: weights.layers[layer].attentionNorm, epsilon: epsilon,
      xhat: memory.attentionXhat.rows(rows), inverse: memory.attentionInverse.columns(rows), into: h)
    lowRankForward(h, .attentionNorm, layer: layer, rows: rows)
    let wide = scratch.take(rows.count, queryColumns)
    let narrow = scratch.take(rows.count, keyColumns)
    linearForward(h, .q_proj, layer: layer, rows: rows, into: wide)
    rope(wide, rows, into: memory.q.rows(rows))
    linearForward(h, .k_proj, layer: layer, rows: rows, into: narrow)
    rope(narrow, rows, into: memory.k.rows(rows))
    linearForward(h, .v_proj, layer: layer, rows: rows, into: narrow)
    runtime.convert(narrow, into: memory.v.rows(rows))
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
  func attentionOutput(layer: Int, rows: Range<Int>) {
    let o = activations(layer: layer).o.rows(rows)
    lowRankForward(o, .attentionOutput, layer: layer, rows: rows)
    linearForward(o, .o_proj, layer: layer, rows: rows, into: residual.rows(rows), accumulate: true)
  }

  // MARK: Backward

  /// From dL/dx to dL/do, and o_proj's own gradients.
  func attentionOutputBackward(
    layer: Int, rows: Range<Int>, chunk: Int, scratch: ScratchMemory, propagates: Bool
  ) {
    guard let backward else { return }
    var scratch = scratch
    let dy = scratch.take(rows.count, configuration.hiddenSize, type)
    runtime.convert(backward.residual.rows(rows), into: dy)
    let dx = propagates ? scratch.take(rows.count, queryColumns) : nil
    linearsBackward(
      [(.o_proj, dy)], input: .attentionOutput, layer: layer, rows: rows, chunk: chunk, scratch: &scratch,
      x: { _ in activations(layer: layer).o.rows(rows) }, dx: dx)
    if let dx { runtime.convert(dx, into: backward.attention.rows(rows)) }
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
  func attentionInputsBackward(
    layer: Int, rows: Range<Int>, chunk: Int, scratch: ScratchMemory, propagates: Bool
  ) {
    guard let backward else { return }
    var scratch = scratch
    let memory = activations(layer: layer)
    let norm = weights.layers[layer].attentionNorm
    let dq = scratch.take(rows.count, queryColumns, type)
    let dk = scratch.take(rows.count, keyColumns, type)
    let dv = scratch.take(rows.count, keyColumns, type)
    let sum = scratch.take(rows.count, keyColumns)
    rope(backward.q.rows(rows), rows, backward: true, into: dq)
    sumHeads(backward.k.rows(rows), into: sum)
    rope(sum, rows, backward: true, into: dk)
    sumHeads(backward.v.rows(rows), into: sum)
    runtime.convert(sum, into: dv)
    let dh = propagates ? scratch.take(rows.count, configuration.hiddenSize) : nil
    linearsBackward(
      [(.q_proj, dq), (.k_proj, dk), (.v_proj, dv)], input: .attentionNorm, layer: layer, rows: rows, chunk: chunk,
      scratch: &scratch,
      x: { scratch in
        let h = scratch.take(rows.count, configuration.hiddenSize, type)
        runtime.rmsNormScale(memory.attentionXhat.rows(rows), weight: norm, into: h)
        return h
      }, dx: dh)
    if let dh {
      runtime.rmsNormBackward(
        dh, xhat: memory.attentionXhat.rows(rows), inverse: memory.attentionInverse.columns(rows), weight: norm,
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
