import Checkpoint
import Numerics

// MARK: An adapted linear: y = xWᵀ + b + s·(xAᵀ)Bᵀ, and backward g = s·dy·B, dB = s·dyᵀu, dA = gᵀx, dx = dy·W + g·A

extension DecoderPass {
  /// u = xAᵀ of all adapted linears that read `input`, on some rows; kept for the backward pass.
  func lowRankForward(_ x: Matrix, _ input: LinearInput, layer: Int, rows: Range<Int>, scratch: ScratchMemory) {
    guard let adapter else { return }
    let stack = adapter.layout.linears(layer: layer, input: input)
    guard let down = adapter.down(stack) else { return }
    let u = activations(layer: layer).lowRank.rows(rows).columns(adapter.activationColumns(stack))
    runtime.thinProduct(x, down, into: u, scratch: scratch)
  }

  /// The terms of y = xWᵀ + u(sB)ᵀ; `lowRankForward` has filled u. The low-rank term is a few more rows of k.
  func forwardTerms(_ x: Matrix, _ kind: LinearKind, layer: Int) -> [ProductTerm] {
    let dense = ProductTerm.forward(x, weights.layers[layer][kind].weight)
    guard let adapter, let adapted = adapter.layout.linears(layer: layer).first(where: { $0.kind == kind }) else {
      return [dense]
    }
    let u = activations(layer: layer).lowRank.columns(adapter.activationColumns(adapted))
    return [dense, .forward(u, adapter.up(adapted))]
  }

  /// Adds the linear's bias, where it has one, to some columns of y.
  func addBias(_ kind: LinearKind, layer: Int, columns: Range<Int>, to y: Matrix) {
    guard let bias = weights.layers[layer][kind].bias else { return }
    runtime.addBias(bias.columns(columns), to: y)
  }

  // MARK: Backward

  /// The linears that read one input, with dL/dy [T, out] of each in the compute type.
  typealias OutputGradients = [(kind: LinearKind, dy: Matrix)]

  /// g = dy·(sB) of every adapted linear that reads `input`, on some rows.
  func lowRankBackward(
    _ gradients: OutputGradients, _ input: LinearInput, layer: Int, rows: Range<Int>, scratch: ScratchMemory
  ) {
    guard let adapter, let backward else { return }
    for adapted in adapter.layout.linears(layer: layer, input: input) {
      guard let dy = gradients.first(where: { $0.kind == adapted.kind })?.dy else { continue }
      let g = backward.lowRank.rows(rows).columns(adapter.activationColumns(adapted))
      runtime.thinProduct(dy.rows(rows), adapter.upTransposed(adapted), into: g, scratch: scratch)
    }
  }

  /// The terms of dx = Σ dy·W + g·A over all linears that read one input.
  func backwardTerms(_ gradients: OutputGradients, _ input: LinearInput, layer: Int) -> [ProductTerm] {
    let dense = gradients.map { ProductTerm.backward($0.dy, weights.layers[layer][$0.kind].weight) }
    guard let adapter, let backward else { return dense }
    let stack = adapter.layout.linears(layer: layer, input: input)
    guard let down = adapter.down(stack) else { return dense }
    return dense + [.backward(backward.lowRank.columns(adapter.activationColumns(stack)), down)]
  }

  /// dA and dB of every adapted linear that reads `input` x [T, in], over some rows, added to `sum`.
  /// - Parameter scale: where the input is x · scale [1, in], as a norm's output is: gᵀ(x · scale) = (gᵀx) · scale.
  func weightGradients(
    _ gradients: OutputGradients, _ input: LinearInput, x: Matrix, scale: Matrix? = nil, rows: RowSpans, layer: Int,
    into sum: LoRAGradients
  ) -> [ParallelLoop] {
    guard let adapter, let backward else { return [] }
    let stack = adapter.layout.linears(layer: layer, input: input)
    guard let first = stack.first else { return [] }
    let rank = adapter.layout.rank
    let values = sum.values
    let runtime = runtime
    let downs = values.matrix(at: first.downOffset, rows: rank * stack.count, columns: first.inputs)
    let g = backward.lowRank.columns(adapter.activationColumns(stack))
    var loops = [
      runtime.loop(
        WeightGradient(g, x, rows: rows) { found, columns in
          let target = downs.columns(columns)
          if let scale {
            runtime.add(found, timesColumns: scale.columns(columns), to: target)
          } else {
            runtime.add(found, to: target)
          }
        }, scratch: scratch)
    ]
    for adapted in stack {
      guard let dy = gradients.first(where: { $0.kind == adapted.kind })?.dy else { continue }
      let up = values.matrix(at: adapted.upOffset, rows: adapted.outputs, columns: rank)
      let u = activations(layer: layer).lowRank.columns(adapter.activationColumns(adapted))
      loops.append(
        runtime.loop(
          WeightGradient(u, dy, rows: rows) { found, columns in
            runtime.addTransposed(found, times: adapter.scale, to: up.rows(columns))
          }, scratch: scratch))
    }
    return loops
  }
}
