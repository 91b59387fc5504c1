import Checkpoint
import Device

/// An adapter's factors as the products need them: in the compute type, B already multiplied by the LoRA scale.
///
/// The fp32 parameters stay the truth; this copy is refreshed at the start of every pass. An adapter of DoRA has no
/// low-rank product: its weights take the place of the model's.
struct AdapterWeights: Sendable {
  let layout: AdapterLayout
  private let values: Tensor
  /// Every (scale · B)ᵀ, at the place of its B.
  private let transposed: Tensor
  /// Weights [out, in] in place of the model's, by layer and linear.
  private let replaced: [Int: [LinearKind: Tensor]]
  /// What keeps them.
  private let memory: [DeviceMemory]

  init(layout: AdapterLayout, device: any Device) throws {
    let type = device.precision.elementType
    memory = try (0..<2).map { _ in try device.allocate(rows: 1, columns: layout.count, type: type) }
    (values, transposed) = (memory[0].tensor, memory[1].tensor)
    replaced = [:]
    self.layout = layout
  }

  /// - Parameter folded: whole weights of modules, with their adapters in them.
  init(folded: [(linear: AdaptedLinear, weight: DeviceMemory)], model: ModelConfiguration) {
    var replaced: [Int: [LinearKind: Tensor]] = [:]
    for (linear, weight) in folded {
      for (kind, rows) in zip(linear.address.module.parts, linear.rows) {
        replaced[linear.layer, default: [:]][kind] = weight.tensor.rows(rows)
      }
    }
    self.replaced = replaced
    memory = folded.map(\.weight)
    layout = AdapterLayout(modules: [], model: model)
    values = TensorPlan.nothing
    transposed = values
  }

  /// Shapes alone, for programs that nobody will run.
  init(shapes layout: AdapterLayout, type: ElementType) {
    var plan = TensorPlan()
    values = plan.add("adapter", rows: 1, columns: layout.count, type: type).tensor(in: nil)
    transposed = values
    replaced = [:]
    memory = []
    self.layout = layout
  }

  /// Gradients of the same shapes.
  var gradientShapes: AdapterGradients {
    var plan = TensorPlan()
    return AdapterGradients(
      layout: layout, values: plan.add("gradients", rows: 1, columns: layout.count, type: .fp32).tensor(in: nil))
  }

  /// What copies `parameters` [1, count] here: an instruction for every scale that there is.
  func refresh(from parameters: Tensor) -> [Instruction] {
    var scales: [Float] = []
    for linear in layout.linears where !scales.contains(linear.scale) { scales.append(linear.scale) }
    return scales.map { scale in
      let factors = layout.linears.filter { $0.scale == scale }.map { linear in
        PackAdapter.Factor(
          down: layout.down(linear, in: parameters), up: layout.up(linear, in: parameters),
          packedDown: layout.down(linear, in: values), packedUp: layout.up(linear, in: values),
          packedUpTransposed: upTransposed(linear))
      }
      return .packAdapter(PackAdapter(factors: factors, scale: scale))
    }
  }

  /// What stands in place of a linear's weight; nil where the model's own does.
  func weight(_ kind: LinearKind, layer: Int) -> Tensor? { replaced[layer]?[kind] }

  /// scale · B of one of a module's linears, [out, rank].
  func up(_ linear: AdaptedLinear, _ rows: Range<Int>) -> Tensor { layout.up(linear, in: values).rows(rows) }

  /// (scale · B)ᵀ, [rank, out].
  func upTransposed(_ linear: AdaptedLinear) -> Tensor {
    transposed.columns(linear.up).reshaped(rows: linear.rank, columns: linear.outputs)
  }

  /// The A matrices of modules that share an input, under one another: [Σ rank, in].
  func down(_ stack: ArraySlice<AdaptedLinear>) -> Tensor? { layout.downs(stack, in: values) }

  /// Columns of the layer's low-rank activations that belong to a stack.
  func activationColumns(_ stack: ArraySlice<AdaptedLinear>) -> Range<Int> {
    guard let first = stack.first, let last = stack.last else { return 0..<0 }
    return first.activationColumn..<last.activationColumn + last.rank
  }

  func activationColumns(_ linear: AdaptedLinear) -> Range<Int> {
    linear.activationColumn..<linear.activationColumn + linear.rank
  }
}

/// The gradients of an adapter's factors in a flat fp32 buffer [1, count].
struct AdapterGradients: Sendable {
  let layout: AdapterLayout
  let values: Tensor

  /// dL/dA of modules that share an input, under one another.
  func downs(_ stack: ArraySlice<AdaptedLinear>) -> Tensor? { layout.downs(stack, in: values) }

  func up(_ linear: AdaptedLinear) -> Tensor { layout.up(linear, in: values) }
}

extension AdapterLayout {
  /// A [rank, in] of a flat buffer [1, count] in this layout.
  fileprivate func down(_ linear: AdaptedLinear, in flat: Tensor) -> Tensor {
    flat.columns(linear.down).reshaped(rows: linear.rank, columns: linear.inputs)
  }

  /// B [out, rank].
  fileprivate func up(_ linear: AdaptedLinear, in flat: Tensor) -> Tensor {
    flat.columns(linear.up).reshaped(rows: linear.outputs, columns: linear.rank)
  }

  /// The A matrices of modules that share an input, [Σ rank, in]; nil for none.
  fileprivate func downs(_ stack: ArraySlice<AdaptedLinear>, in flat: Tensor) -> Tensor? {
    guard let first = stack.first, let last = stack.last else { return nil }
    return flat.columns(first.downOffset..<last.down.upperBound)
      .reshaped(rows: stack.reduce(0) { $0 + $1.rank }, columns: first.inputs)
  }
}

extension TensorPlan {
  /// A tensor without elements.
  fileprivate static var nothing: Tensor {
    var plan = TensorPlan()
    return plan.add("nothing", rows: 0, columns: 0, type: .fp32).tensor(in: nil)
  }
}
