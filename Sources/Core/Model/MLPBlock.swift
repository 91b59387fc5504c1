import Checkpoint
import Numerics

// MARK: x += down(silu(gate(h)) · up(h)), h = RMSNorm(x), on one chunk of rows

extension DecoderPass {
  func mlp(layer: Int, rows: Range<Int>, scratch: ScratchMemory) {
    var scratch = scratch
    let memory = activations(layer: layer)
    let inner = configuration.intermediateSize
    let h = scratch.take(rows.count, configuration.hiddenSize, type)
    runtime.rmsNorm(
      residual.rows(rows), weight: weights.layers[layer].mlpNorm, epsilon: epsilon, xhat: memory.mlpXhat.rows(rows),
      inverse: memory.mlpInverse.columns(rows), into: h)
    lowRankForward(h, .mlpNorm, layer: layer, rows: rows)
    let wide = scratch.take(rows.count, inner)
    linearForward(h, .gate_proj, layer: layer, rows: rows, into: wide)
    runtime.convert(wide, into: memory.gate.rows(rows))
    linearForward(h, .up_proj, layer: layer, rows: rows, into: wide)
    runtime.convert(wide, into: memory.up.rows(rows))
    let act = scratch.take(rows.count, inner, type)
    runtime.siluMul(gate: memory.gate.rows(rows), up: memory.up.rows(rows), into: act)
    lowRankForward(act, .mlpInner, layer: layer, rows: rows)
    linearForward(act, .down_proj, layer: layer, rows: rows, into: residual.rows(rows), accumulate: true)
  }

  /// From dL/d(output) to dL/d(input) of the residual stream, with the gradients of down, gate and up.
  func mlpBackward(layer: Int, rows: Range<Int>, chunk: Int, scratch: ScratchMemory, reach: BackwardReach) {
    guard let backward else { return }
    var scratch = scratch
    let memory = activations(layer: layer)
    let inner = configuration.intermediateSize
    let gate = memory.gate.rows(rows)
    let up = memory.up.rows(rows)
    let dy = scratch.take(rows.count, configuration.hiddenSize, type)
    runtime.convert(backward.residual.rows(rows), into: dy)
    let dact = reach.propagates(layer, .mlpInner) ? scratch.take(rows.count, inner) : nil
    // The recomputed input of down has served once its gradient is taken; dgate then takes its place.
    let inputOrGate = scratch.take(rows.count, inner, type)
    linearsBackward(
      [(.down_proj, dy)], input: .mlpInner, layer: layer, rows: rows, chunk: chunk, scratch: &scratch,
      x: { _ in
        runtime.siluMul(gate: gate, up: up, into: inputOrGate)
        return inputOrGate
      }, dx: dact)
    guard let dact else { return }

    let dup = scratch.take(rows.count, inner, type)
    runtime.siluMulBackward(dact, gate: gate, up: up, dgate: inputOrGate, dup: dup)
    let norm = weights.layers[layer].mlpNorm
    let dh = reach.propagates(layer, .mlpNorm) ? scratch.take(rows.count, configuration.hiddenSize) : nil
    linearsBackward(
      [(.gate_proj, inputOrGate), (.up_proj, dup)], input: .mlpNorm, layer: layer, rows: rows, chunk: chunk,
      scratch: &scratch,
      x: { scratch in
        let h = scratch.take(rows.count, configuration.hiddenSize, type)
        runtime.rmsNormScale(memory.mlpXhat.rows(rows), weight: norm, into: h)
        return h
      }, dx: dh)
    if let dh {
      runtime.rmsNormBackward(
        dh, xhat: memory.mlpXhat.rows(rows), inverse: memory.mlpInverse.columns(rows), weight: norm,
        accumulateInto: backward.residual.rows(rows))
    }
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
