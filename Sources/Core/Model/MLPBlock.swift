import Checkpoint
import Numerics

// MARK: x += down(silu(gate(h)) · up(h)), h = RMSNorm(x)

extension DecoderPass {
  func mlp(layer: Int) {
    mlpInner(layer: layer)
    run(
      Product(
        rows: wantedRows(layer: layer), columns: configuration.hiddenSize,
        sums: [forwardTerms(inner, .down_proj, layer: layer)], touches: [residual]
      ) { bands, rows, columns in
        addBias(.down_proj, layer: layer, columns: columns, to: bands[0])
        runtime.add(bands[0], to: residual.rows(rows).columns(columns))
      })
  }

  /// silu(gate(h)) · up(h), with all that the backward pass needs of it.
  func mlpInner(layer: Int) {
    let memory = activations(layer: layer)
    let wanted = wantedRows(layer: layer)
    forEachChunk(wanted) { rows, scratch in
      let h = hidden.rows(rows)
      runtime.rmsNorm(
        residual.rows(rows), weight: weights.layers[layer].mlpNorm, epsilon: epsilon, xhat: memory.mlpXhat.rows(rows),
        inverse: memory.mlpInverse.columns(rows), into: h)
      lowRankForward(h, .mlpNorm, layer: layer, rows: rows, scratch: scratch)
    }
    run(
      Product(
        rows: wanted, columns: configuration.intermediateSize,
        sums: [.gate_proj, .up_proj].map { forwardTerms(hidden, $0, layer: layer) },
        touches: [memory.gate, memory.up, inner].compactMap { $0 }
      ) { bands, rows, columns in
        addBias(.gate_proj, layer: layer, columns: columns, to: bands[0])
        addBias(.up_proj, layer: layer, columns: columns, to: bands[1])
        runtime.roundSiluMul(
          bands[0], bands[1], gate: memory.gate?.rows(rows).columns(columns),
          up: memory.up?.rows(rows).columns(columns),
          into: inner.rows(rows).columns(columns))
      })
    if adapts(.mlpInner) {
      forEachChunk(wanted) { rows, scratch in
        lowRankForward(inner.rows(rows), .mlpInner, layer: layer, rows: rows, scratch: scratch)
      }
    }
  }

  /// From dL/d(output) to dL/d(input) of the residual stream, with the gradients of down, gate and up, and what o_proj
  /// begins with; `outputGradient` has prepared all rows.
  ///
  /// The gate's and up's activations give way to their gradients, which are as large and needed once they are not.
  func mlpBackward(layer: Int, reach: BackwardReach, into sum: LoRAGradients) {
    let memory = activations(layer: layer)
    guard let backward, let gate = memory.gate, let up = memory.up else { return }
    let norm = weights.layers[layer].mlpNorm
    let down: OutputGradients = [(.down_proj, backward.output)]
    let wanted = wantedRows(layer: layer)
    guard reach.propagates(layer, .mlpInner) else {
      forEachChunk(wanted) { rows, _ in
        runtime.siluMul(gate: gate.rows(rows), up: up.rows(rows), into: inner.rows(rows))
      }
      runtime.parallel(weightGradients(down, .mlpInner, x: inner, rows: wanted, layer: layer, into: sum))
      return
    }
    run(
      Product(
        rows: wanted, columns: configuration.intermediateSize,
        sums: [backwardTerms(down, .mlpInner, layer: layer)], touches: [gate, up, inner]
      ) { bands, rows, columns in
        let gate = gate.rows(rows).columns(columns)
        let up = up.rows(rows).columns(columns)
        runtime.siluMulBackward(
          bands[0], gate: gate, up: up, dgate: gate, dup: up, act: inner.rows(rows).columns(columns))
      })

    let both: OutputGradients = [(.gate_proj, gate), (.up_proj, up)]
    if adapts(.mlpNorm) {
      forEachChunk(wanted) { rows, scratch in
        lowRankBackward(both, .mlpNorm, layer: layer, rows: rows, scratch: scratch)
      }
    }
    let gradients =
      weightGradients(down, .mlpInner, x: inner, rows: wanted, layer: layer, into: sum)
      + weightGradients(both, .mlpNorm, x: memory.mlpXhat, scale: norm, rows: wanted, layer: layer, into: sum)
    guard reach.propagates(layer, .mlpNorm) else {
      runtime.parallel(gradients)
      return
    }
    normInputGradient(both, .mlpNorm, rows: wanted, layer: layer, beside: gradients)
    let attends = reach.reaches(layer, .attentionOutput)
    forEachChunk(wanted) { rows, scratch in
      runtime.rmsNormBackward(
        backward.normed.rows(rows), xhat: memory.mlpXhat.rows(rows), inverse: memory.mlpInverse.columns(rows),
        weight: norm, accumulateInto: backward.residual.rows(rows))
      if attends { outputGradient(.o_proj, .attentionOutput, layer: layer, rows: rows, scratch: scratch) }
    }
  }

  /// What the backward pass of a linear that feeds the residual stream begins with, on some rows: dL/dy in the compute
  /// type and its low-rank product. It goes with the loop before, which has just made those rows of dL/dx.
  func outputGradient(
    _ kind: LinearKind, _ input: LinearInput, layer: Int, rows: Range<Int>, scratch: ScratchMemory
  ) {
    guard let backward else { return }
    runtime.convert(backward.residual.rows(rows), into: backward.output.rows(rows))
    lowRankBackward([(kind, backward.output)], input, layer: layer, rows: rows, scratch: scratch)
  }

  /// dh = dL/d(a norm's output), through all linears that read it; `loops` run beside the product.
  func normInputGradient(
    _ gradients: OutputGradients, _ input: LinearInput, rows: RowSpans, layer: Int, beside loops: [ParallelLoop]
  ) {
    guard let backward else { return }
    let product = Product(
      rows: rows, terms: backwardTerms(gradients, input, layer: layer), into: backward.normed)
    runtime.parallel([runtime.loop(product, scratch: scratch)] + loops)
  }
}

/// How deep the backward pass goes: to the lowest adapted linear and no further.
struct BackwardReach: Sendable {
  /// The lowest input that an adapted linear reads, in layer 0: all layers are adapted alike.
  let lowest: LinearInput

  /// Whether the linears that read `input` in `layer` need their own gradients or pass one on.
  func reaches(_ layer: Int, _ input: LinearInput) -> Bool { layer > 0 || input >= lowest }

  /// Whether something below `input` in `layer` needs a gradient.
  func propagates(_ layer: Int, _ input: LinearInput) -> Bool { layer > 0 || input > lowest }
}
