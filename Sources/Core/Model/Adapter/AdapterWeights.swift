import Checkpoint
import Device

/// An adapter's factors as the products need them: in the compute type, B already multiplied by the LoRA scale.
///
/// The fp32 parameters stay the truth; this copy is refreshed at the start of every pass.
struct AdapterWeights: Sendable {
  let layout: AdapterLayout
  let scale: Float
  private let values: Tensor
  /// Every (scale · B)ᵀ, at the place of its B.
  private let transposed: Tensor
  /// What keeps them.
  private let memory: [DeviceMemory]

  init(layout: AdapterLayout, scale: Double, device: any Device) throws {
    let type = device.precision.elementType
    memory = try (0..<2).map { _ in try device.allocate(rows: 1, columns: layout.count, type: type) }
    (values, transposed) = (memory[0].tensor, memory[1].tensor)
    self.layout = layout
    self.scale = Float(scale)
  }

  /// Shapes alone, for programs that nobody will run.
  init(shapes layout: AdapterLayout, type: ElementType) {
    var plan = TensorPlan()
    values = plan.add("adapter", rows: 1, columns: layout.count, type: type).tensor(in: nil)
    transposed = values
    memory = []
    self.layout = layout
    scale = 1
  }

  /// Gradients of the same shapes.
  var gradientShapes: AdapterGradients {
    var plan = TensorPlan()
    return AdapterGradients(
      layout: layout, values: plan.add("gradients", rows: 1, columns: layout.count, type: .fp32).tensor(in: nil))
  }

  /// What copies `parameters` [1, count] here.
  func refresh(from parameters: Tensor) -> Instruction {
    .packAdapter(
      PackAdapter(
        factors: layout.linears.map { linear in
          PackAdapter.Factor(
            down: layout.down(linear, in: parameters), up: layout.up(linear, in: parameters),
            packedDown: layout.down(linear, in: values), packedUp: up(linear),
            packedUpTransposed: upTransposed(linear))
        }, scale: scale))
  }

  /// scale · B, [out, rank].
  func up(_ linear: AdaptedLinear) -> Tensor { layout.up(linear, in: values) }

  /// (scale · B)ᵀ, [rank, out].
  func upTransposed(_ linear: AdaptedLinear) -> Tensor {
    transposed.columns(linear.upOffset..<linear.upOffset + layout.rank * linear.outputs)
      .reshaped(rows: layout.rank, columns: linear.outputs)
  }

  /// The A matrices of linears that share an input, under one another: [n · rank, in].
  func down(_ stack: ArraySlice<AdaptedLinear>) -> Tensor? { layout.downs(stack, in: values) }

  /// Columns of the layer's low-rank activations that belong to a stack.
  func activationColumns(_ stack: ArraySlice<AdaptedLinear>) -> Range<Int> {
    guard let first = stack.first else { return 0..<0 }
    return first.activationColumn..<first.activationColumn + layout.rank * stack.count
  }

  func activationColumns(_ linear: AdaptedLinear) -> Range<Int> {
    linear.activationColumn..<linear.activationColumn + layout.rank
  }
}

/// The gradients of an adapter's factors in a flat fp32 buffer [1, count].
struct AdapterGradients: Sendable {
  let layout: AdapterLayout
  let values: Tensor

  /// dL/dA of linears that share an input, under one another.
  func downs(_ stack: ArraySlice<AdaptedLinear>) -> Tensor? { layout.downs(stack, in: values) }

  func up(_ linear: AdaptedLinear) -> Tensor { layout.up(linear, in: values) }
}

extension AdapterLayout {
  /// A [rank, in] of a flat buffer [1, count] in this layout.
  fileprivate func down(_ linear: AdaptedLinear, in flat: Tensor) -> Tensor {
    flat.columns(linear.downOffset..<linear.downOffset + rank * linear.inputs)
      .reshaped(rows: rank, columns: linear.inputs)
  }

  /// B [out, rank].
  fileprivate func up(_ linear: AdaptedLinear, in flat: Tensor) -> Tensor {
    flat.columns(linear.upOffset..<linear.upOffset + rank * linear.outputs)
      .reshaped(rows: linear.outputs, columns: rank)
  }

  /// The A matrices of linears that share an input, [n · rank, in]; nil for none.
  fileprivate func downs(_ stack: ArraySlice<AdaptedLinear>, in flat: Tensor) -> Tensor? {
    guard let first = stack.first else { return nil }
    let rows = rank * stack.count
    return flat.columns(first.downOffset..<first.downOffset + rows * first.inputs)
      .reshaped(rows: rows, columns: first.inputs)
  }
}
