import Checkpoint
import Numerics

/// An adapter's factors as the products need them: in the compute type, B already multiplied by the LoRA scale.
///
/// The fp32 parameters stay the truth; this copy is refreshed at the start of every pass.
struct AdapterWeights: Sendable {
  let layout: AdapterLayout
  let scale: Float
  private let values: Matrix
  /// Every (scale · B)ᵀ, at the place of its B.
  private let transposed: Matrix

  init(layout: AdapterLayout, scale: Double, type: ElementType) {
    self.layout = layout
    self.scale = Float(scale)
    values = Matrix(zeros: 1, layout.count, type)
    transposed = Matrix(zeros: 1, layout.count, type)
  }

  func refresh(from adapter: LoRAAdapter, runtime: Runtime) {
    let parameters = adapter.parameters
    let linears = layout.linears
    runtime.parallel(linears.count) { task, _ in
      let linear = linears[task]
      let down = parameters.matrix(at: linear.downOffset, rows: 1, columns: layout.rank * linear.inputs)
      runtime.convert(down, into: flat(linear.downOffset, 1, down.columns))
      let up = parameters.matrix(at: linear.upOffset, rows: 1, columns: layout.rank * linear.outputs)
      runtime.scale(up, by: scale, into: flat(linear.upOffset, 1, up.columns))
      runtime.transpose(self.up(linear), into: upTransposed(linear))
    }
  }

  /// scale · B, [out, rank].
  func up(_ linear: AdaptedLinear) -> Matrix {
    flat(linear.upOffset, linear.outputs, layout.rank)
  }

  /// (scale · B)ᵀ, [rank, out].
  func upTransposed(_ linear: AdaptedLinear) -> Matrix {
    transposed.columns(linear.upOffset..<linear.upOffset + layout.rank * linear.outputs)
      .contiguous(rows: layout.rank, columns: linear.outputs)
  }

  /// The A matrices of linears that share an input, under one another: [n · rank, in].
  func down(_ stack: ArraySlice<AdaptedLinear>) -> Matrix? {
    guard let first = stack.first else { return nil }
    let rows = layout.rank * stack.count
    return flat(first.downOffset, rows, first.inputs)
  }

  /// Columns of the layer's low-rank activations that belong to a stack.
  func activationColumns(_ stack: ArraySlice<AdaptedLinear>) -> Range<Int> {
    guard let first = stack.first else { return 0..<0 }
    return first.activationColumn..<first.activationColumn + layout.rank * stack.count
  }

  func activationColumns(_ linear: AdaptedLinear) -> Range<Int> {
    linear.activationColumn..<linear.activationColumn + layout.rank
  }

  private func flat(_ offset: Int, _ rows: Int, _ columns: Int) -> Matrix {
    values.columns(offset..<offset + rows * columns).contiguous(rows: rows, columns: columns)
  }
}
