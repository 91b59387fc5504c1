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
    forEachChunk { rows, scratch in
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
          rows: kind == .q_proj ? wantedRows(layer: layer) : allRows, columns: y.columns,
          unit: configuration.headDimension,
          sums: [forwardTerms(hidden, kind, layer: layer)], touches: [y]
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

  /// o = softmax(q kᵀ / √d) v.
  func attention(layer: Int) {
    let memory = activations(layer: layer)
    let head = attentionHead
    let groups = attentionGroups(layer: layer)
    clearBesideQueries(memory.o, layer: layer)
    runtime.parallel(attentionTasks.count) { index, worker in
      let task = attentionTasks[index]
      let query = columns(heads: task.heads)
      let key = columns(head: task.heads.lowerBound / headsPerKey)
      head.forward(
        groups[task.group], q: memory.q.columns(query), k: memory.k.columns(key),
        v: memory.v.columns(key), o: memory.o.columns(query), logSums: memory.logSums.rows(task.heads),
        scratch: scratch[worker])
    }
  }

  /// x += o W + ….
  func attentionOutput(layer: Int) {
    let o = activations(layer: layer).o
    let wanted = wantedRows(layer: layer)
    if adapts(.attentionOutput) {
      forEachChunk(wanted) { rows, scratch in
        lowRankForward(o.rows(rows), .attentionOutput, layer: layer, rows: rows, scratch: scratch)
      }
    }
    run(
      Product(
        rows: wanted, columns: configuration.hiddenSize, sums: [forwardTerms(o, .o_proj, layer: layer)],
        touches: [residual]
      ) { bands, rows, columns in
        addBias(.o_proj, layer: layer, columns: columns, to: bands[0])
        runtime.add(bands[0], to: residual.rows(rows).columns(columns))
      })
  }

  // MARK: Backward

  /// From dL/dx to dL/do, and o_proj's own gradients; `outputGradient` has prepared all rows.
  func attentionOutputBackward(layer: Int, propagates: Bool, into sum: LoRAGradients) {
    guard let backward else { return }
    let gradients: OutputGradients = [(.o_proj, backward.output)]
    let wanted = wantedRows(layer: layer)
    let own = weightGradients(
      gradients, .attentionOutput, x: activations(layer: layer).o, rows: wanted, layer: layer, into: sum)
    guard propagates else {
      runtime.parallel(own)
      return
    }
    let product = Product(
      rows: wanted, columns: queryColumns, sums: [backwardTerms(gradients, .attentionOutput, layer: layer)],
      touches: [backward.attention]
    ) { bands, rows, columns in
      runtime.convert(bands[0], into: backward.attention.rows(rows).columns(columns))
    }
    runtime.parallel([runtime.loop(product, scratch: scratch)] + own)
  }

  /// From dL/do to dL/dq, dL/dk and dL/dv before RoPE, which take the places of q, k and v.
  func attentionBackward(layer: Int) {
    guard let backward else { return }
    let memory = activations(layer: layer)
    let head = attentionHead
    let turn = RotaryTurn(table: rotary.matrix, positions: batch.positions)
    let groups = attentionGroups(layer: layer)
    for matrix in [memory.k, memory.v] { runtime.zero(matrix.rows(batch.rows..<matrix.rows)) }
    clearBesideQueries(memory.q, layer: layer)
    runtime.parallel(attentionTasks.count) { index, worker in
      let task = attentionTasks[index]
      let group = groups[task.group]
      let query = columns(heads: task.heads)
      let first = columns(head: task.heads.lowerBound)
      let key = columns(head: task.heads.lowerBound / headsPerKey)
      let (q, k, v) = (memory.q.columns(query), memory.k.columns(key), memory.v.columns(key))
      // Other tasks still read the keys and values of a group whose heads are tasks of their own.
      let gradients =
        if task.heads.count < headsPerKey, let dk = backward.k, let dv = backward.v {
          AttentionGradients(dq: q, dk: dk.columns(first), dv: dv.columns(first), queryTurn: turn)
        } else {
          AttentionGradients(
            dq: q, dk: k, dv: v, sharedKeys: sharedRows(backward.sharedKeys, group: task.group)?.columns(key),
            sharedValues: sharedRows(backward.sharedValues, group: task.group)?.columns(key), queryTurn: turn,
            keyTurn: turn)
        }
      head.backward(
        group, q: q, k: k, v: v, o: memory.o.columns(query), logSums: memory.logSums.rows(task.heads),
        d: backward.attention.columns(query), into: gradients, scratch: scratch[worker])
    }
    joinHeads(layer: layer)
    joinShared(layer: layer)
  }

  private func sharedRows(_ x: Matrix?, group: Int) -> Matrix? {
    batch.sharedCount > 0 ? x?.rows(group * batch.sharedCount..<(group + 1) * batch.sharedCount) : nil
  }

  /// Adds up, group by group, what the groups found for the keys and values that they share.
  private func joinShared(layer: Int) {
    guard batch.sharedCount > 0, let dk = backward?.sharedKeys, let dv = backward?.sharedValues else { return }
    let memory = activations(layer: layer)
    let blocks = RowBlocks(count: batch.sharedCount, longest: 64, threads: runtime.threads)
    runtime.parallel(blocks.count) { index, worker in
      let rows = blocks[index]
      var scratch = ScratchMemory(scratch[worker])
      let joined = scratch.take(rows.count, keyColumns)
      for (x, y, turns) in [(dk, memory.k, true), (dv, memory.v, false)] {
        for group in batch.attention.indices {
          guard let part = sharedRows(x, group: group)?.rows(rows) else { continue }
          if group == 0 { runtime.convert(part, into: joined) } else { runtime.add(part, to: joined) }
        }
        if turns {
          rope(joined, rows, backward: true, into: y.rows(rows))
        } else {
          runtime.convert(joined, into: y.rows(rows))
        }
      }
    }
  }

  /// Adds up the query heads that share a key-value head, where they were separate tasks.
  private func joinHeads(layer: Int) {
    guard let dk = backward?.k, let dv = backward?.v else { return }
    let memory = activations(layer: layer)
    let blocks = groupsApart.flatMap { index in
      let rows = batch.attention[index].rows
      let blocks = RowBlocks(count: rows.count, longest: 64, threads: runtime.threads)
      return (0..<blocks.count).map {
        blocks[$0].lowerBound + rows.lowerBound..<blocks[$0].upperBound + rows.lowerBound
      }
    }
    runtime.parallel(blocks.count) { index, worker in
      let rows = blocks[index]
      var scratch = ScratchMemory(scratch[worker])
      let joined = scratch.take(rows.count, keyColumns)
      sumHeads(dk.rows(rows), into: joined)
      rope(joined, rows, backward: true, into: memory.k.rows(rows))
      sumHeads(dv.rows(rows), into: joined)
      runtime.convert(joined, into: memory.v.rows(rows))
    }
  }

  private func sumHeads(_ x: Matrix, into y: Matrix) {
    for key in 0..<configuration.keyValueHeadCount {
      let target = y.columns(columns(head: key))
      runtime.convert(x.columns(columns(head: key * headsPerKey)), into: target)
      for query in 1..<max(1, headsPerKey) {
        runtime.add(x.columns(columns(head: key * headsPerKey + query)), to: target)
      }
    }
  }

  /// From dL/dq, dL/dk, dL/dv through the three projections to dL/dx, with their own gradients; then what the layer below
  /// begins with.
  func attentionInputsBackward(layer: Int, propagates: Bool, into sum: LoRAGradients) {
    guard let backward else { return }
    let memory = activations(layer: layer)
    let norm = weights.layers[layer].attentionNorm
    let gradients: OutputGradients = [(.q_proj, memory.q), (.k_proj, memory.k), (.v_proj, memory.v)]
    forEachChunk { rows, scratch in
      lowRankBackward(gradients, .attentionNorm, layer: layer, rows: rows, scratch: scratch)
    }
    let own = weightGradients(
      gradients, .attentionNorm, x: memory.attentionXhat, scale: norm, rows: allRows, layer: layer, into: sum)
    guard propagates else {
      runtime.parallel(own)
      return
    }
    normInputGradient(gradients, .attentionNorm, rows: allRows, layer: layer, beside: own)
    forEachChunk { rows, scratch in
      runtime.rmsNormBackward(
        backward.normed.rows(rows), xhat: memory.attentionXhat.rows(rows),
        inverse: memory.attentionInverse.columns(rows), weight: norm,
        accumulateInto: backward.residual.rows(rows))
      if layer > 0 { outputGradient(.down_proj, .mlpInner, layer: layer - 1, rows: rows, scratch: scratch) }
    }
  }

  private func rope(_ x: Matrix, _ rows: Range<Int>, backward: Bool = false, into y: Matrix) {
    runtime.rope(
      x, headDimension: configuration.headDimension, table: rotary.matrix, positions: batch.positions[rows],
      backward: backward, into: y)
  }
}
