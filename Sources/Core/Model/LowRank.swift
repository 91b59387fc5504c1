import Checkpoint
import Numerics

// MARK: An adapted linear, on one chunk of rows: y = xWᵀ + b + s·(xAᵀ)Bᵀ

extension DecoderPass {
  /// u = xAᵀ of all adapted linears that read `input`, kept for the backward pass.
  func lowRankForward(_ x: Matrix, _ input: LinearInput, layer: Int, rows: Range<Int>) {
    guard let adapter else { return }
    let stack = adapter.layout.linears(layer: layer, input: input)
    guard let down = adapter.down(stack) else { return }
    let u = activations(layer: layer).lowRank.rows(rows).columns(adapter.activationColumns(stack))
    runtime.linear(x, down, into: u)
  }

  /// y (+)= xWᵀ + b + u(sB)ᵀ; y is fp32. `lowRankForward` has filled u.
  func linearForward(
    _ x: Matrix, _ kind: LinearKind, layer: Int, rows: Range<Int>, into y: Matrix, accumulate: Bool = false
  ) {
    let linear = weights.layers[layer][kind]
    runtime.linear(x, linear.weight, into: y, accumulate: accumulate)
    if let bias = linear.bias { runtime.addBias(bias, to: y) }
    guard let adapter, let adapted = adapter.layout.linears(layer: layer).first(where: { $0.kind == kind }) else {
      return
    }
    let u = activations(layer: layer).lowRank.rows(rows).columns(adapter.activationColumns(adapted))
    runtime.linear(u, adapter.up(adapted), into: y, accumulate: true)
  }

  /// Backward through every linear that reads one input x:
  ///   g = dy·(sB), dBᵀ = uᵀdy, dA = gᵀx, dx (+)= dy·W + g·A.
  ///
  /// - Parameters:
  ///   - gradients: dL/dy [chunk, out] of each linear, in the compute type.
  ///   - x: the input again, for dA; called only where some linear is adapted.
  ///   - dx: fp32 [chunk, in]; nil where nothing below needs it.
  func linearsBackward(
    _ gradients: [(kind: LinearKind, dy: Matrix)], input: LinearInput, layer: Int, rows: Range<Int>, chunk: Int,
    scratch: inout ScratchMemory, x: (inout ScratchMemory) -> Matrix, dx: Matrix?
  ) {
    if let dx {
      for (index, gradient) in gradients.enumerated() {
        let weight = weights.layers[layer][gradient.kind].weight
        runtime.linearBackward(gradient.dy, weight, into: dx, accumulate: index > 0)
      }
    }
    guard let adapter, let partials = backward?.partials else { return }
    let stack = adapter.layout.linears(layer: layer, input: input)
    guard let first = stack.first, let down = adapter.down(stack) else { return }
    let rank = adapter.layout.rank
    let base = layer * adapter.layout.layerSize
    let partial = partials.rows(chunk..<chunk + 1)
    let g = scratch.take(rows.count, rank * stack.count, type)
    for (index, adapted) in stack.enumerated() {
      guard let dy = gradients.first(where: { $0.kind == adapted.kind })?.dy else { continue }
      runtime.linearBackward(dy, adapter.up(adapted), into: g.columns(index * rank..<(index + 1) * rank))
      let u = activations(layer: layer).lowRank.rows(rows).columns(adapter.activationColumns(adapted))
      let start = adapted.upOffset - base
      runtime.outerProduct(
        u, dy,
        into: partial.columns(start..<start + rank * adapted.outputs).contiguous(rows: rank, columns: adapted.outputs))
    }
    let start = first.downOffset - base
    let size = rank * stack.count * first.inputs
    runtime.outerProduct(
      g, x(&scratch),
      into: partial.columns(start..<start + size).contiguous(rows: rank * stack.count, columns: first.inputs))
    if let dx { runtime.linearBackward(g, down, into: dx, accumulate: true) }
  }

  /// Adds one layer's partial gradients to the adapter's, chunk by chunk in order.
  func reducePartials(layer: Int, from lowest: LinearInput, into gradients: LoRAGradients) {
    guard let adapter, let partials = backward?.partials else { return }
    let rank = adapter.layout.rank
    let base = layer * adapter.layout.layerSize
    let linears = LinearInput.allCases.filter { $0 >= lowest }
      .flatMap { adapter.layout.linears(layer: layer, input: $0) }
    let values = gradients.values
    let chunks = batch.chunks.count
    runtime.parallel(linears.count) { task, _ in
      let linear = linears[task]
      let down = values.matrix(at: linear.downOffset, rows: 1, columns: rank * linear.inputs)
      let up = values.matrix(at: linear.upOffset, rows: linear.outputs, columns: rank)
      for chunk in 0..<chunks {
        let partial = partials.rows(chunk..<chunk + 1)
        let downStart = linear.downOffset - base
        runtime.add(partial.columns(downStart..<downStart + down.columns), to: down)
        let upStart = linear.upOffset - base
        let transposed = partial.columns(upStart..<upStart + rank * linear.outputs)
          .contiguous(rows: rank, columns: linear.outputs)
        runtime.addTransposed(transposed, times: adapter.scale, to: up)
      }
    }
  }
}
