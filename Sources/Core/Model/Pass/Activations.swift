import Checkpoint
import Device

/// The name of one tensor of a pass. A block declares its tensors once, as a list of `Activation`s; the memory plan, the
/// views and the instructions all come from that list.
struct ActivationKey: Hashable, Sendable, ExpressibleByStringLiteral {
  let name: String

  init(stringLiteral name: String) { self.name = name }

  /// The outputs of a module that holds several linears, or their gradients, side by side [T, Σ out].
  init(_ module: LinearModule) { name = module.path }
}

extension ActivationKey {
  /// The residual stream [T, H], fp32; and the gradient of it.
  static let residual: ActivationKey = "residual"
  static let residualGradient: ActivationKey = "residual gradient"
  /// A norm's output [T, H], of one block at a time.
  static let hidden: ActivationKey = "hidden"
  /// A block's output before its norm [T, H], fp32, of one block at a time.
  static let blockOutput: ActivationKey = "block output"
  /// u = xAᵀ of every adapted linear of a layer side by side [T, n · rank], and g = s · dy · B.
  static let lowRank: ActivationKey = "low rank"
  static let lowRankGradient: ActivationKey = "low-rank gradient"
  /// dL/dy [T, H] of the linear that feeds the residual stream, in the compute type; dL/dh [T, H] of a norm's output.
  static let outputGradient: ActivationKey = "output gradient"
  static let normGradient: ActivationKey = "norm gradient"
}

/// One tensor of a pass, or of every layer of it.
struct Activation: Sendable {
  let key: ActivationKey
  let rows, columns: Int
  let type: ElementType
  /// What it is counted under in the memory plan.
  let part: Part
  /// Nil for memory of its own; else columns of a tensor that the list holds before it.
  var within: (key: ActivationKey, columns: Range<Int>)?

  enum Part: Sendable {
    case residual
    /// Of one layer at a time.
    case shared
    /// Kept for the backward pass where one follows.
    case layer
    case head
    case gradient
    case logits
  }

  init(_ key: ActivationKey, _ part: Part, rows: Int, columns: Int, _ type: ElementType) {
    self.key = key
    self.part = part
    self.rows = rows
    self.columns = columns
    self.type = type
  }
}

extension LayerDescription {
  /// The outputs of linears that read one input, kept for a backward pass, in the order that is given; where a module
  /// holds several of them, as columns of one tensor, so that its adapter's low-rank product reads them at once.
  func keptOutputs(
    _ outputs: [(kind: LinearKind, key: ActivationKey, columns: Int)], rows: Int, _ type: ElementType
  ) -> [Activation] {
    var list: [Activation] = []
    for (kind, key, columns) in outputs {
      var one = Activation(key, .layer, rows: rows, columns: columns, type)
      if let module = fused.first(where: { $0.parts.contains(kind) }) {
        let widths = module.parts.map { part in outputs.first { $0.kind == part }?.columns ?? 0 }
        let place = module.parts.firstIndex(of: kind) ?? 0
        let start = widths[..<place].reduce(0, +)
        if !list.contains(where: { $0.key == ActivationKey(module) }) {
          list.append(
            Activation(ActivationKey(module), .layer, rows: rows, columns: widths.reduce(0, +), type))
        }
        one.within = (ActivationKey(module), start..<start + columns)
      }
      list.append(one)
    }
    return list
  }
}

/// What a pass needs to know to lay out its memory.
struct PassShape: Sendable, Equatable {
  /// T, filled up to whole units, or the samples of a step of generation.
  var rows: Int
  /// Rows that predict something, filled up to whole units.
  var headRows = 0
  var targets = 0
  /// Rows whose logits are wanted.
  var logitRows = 0
  /// Low-rank activation columns of one layer; 0 without an adapter.
  var adapterColumns: Int
  /// The lowest layer whose activations the backward pass reads; those below share one layer's memory.
  var lowestLayer = 0
  /// Whether everything the backward pass needs is kept.
  var training = false
  /// Whether it is kept for one layer at a time, the others' inputs being kept instead.
  var recomputes = false
  /// One token of each sample.
  var decodes = false
  var type: ElementType
}

/// All tensors of a pass, laid out from shapes alone.
struct PassPlan: Sendable {
  private(set) var tensors = TensorPlan()
  private let pass: [ActivationKey: Place]
  /// Of `lowestLayer` and those above it; one where layers share their memory.
  private let layers: [[ActivationKey: Place]]
  /// The residual stream at every such layer's begin [T, H], where activations are computed again.
  private let layerInputs: [TensorPlan.Slot]
  private let lowestLayer: Int

  private struct Place: Sendable {
    let slot: TensorPlan.Slot
    /// Nil for all.
    var columns: Range<Int>?

    func tensor(in arena: Arena?) -> Tensor {
      let whole = slot.tensor(in: arena)
      return columns.map(whole.columns) ?? whole
    }
  }

  init(_ decoder: Decoder, _ shape: PassShape) {
    var plan = TensorPlan()
    func place(_ activations: [Activation]) -> [ActivationKey: Place] {
      var places: [ActivationKey: Place] = [:]
      for one in activations {
        if let (key, columns) = one.within, let whole = places[key] {
          places[one.key] = Place(slot: whole.slot, columns: columns)
        } else {
          let name = Self.name(one.part, training: shape.training)
          places[one.key] = Place(slot: plan.add(name, rows: one.rows, columns: one.columns, type: one.type))
        }
      }
      return places
    }
    let own = decoder.activations(shape)
    let early = place(own.filter { [.residual, .shared].contains($0.part) })
    let recomputes = shape.training && shape.recomputes
    lowestLayer = shape.lowestLayer
    let reached = decoder.layerCount - lowestLayer
    let kept = shape.training && !recomputes ? reached : 1
    let ofLayer = decoder.layerActivations(shape)
    layers = (0..<kept).map { _ in place(ofLayer) }
    layerInputs = (0..<(recomputes ? reached : 0)).map { _ in
      plan.add(
        "inputs of the layers, to compute activations again", rows: shape.rows, columns: decoder.hiddenSize,
        type: .fp32)
    }
    let late = place(own.filter { ![.residual, .shared].contains($0.part) })
    pass = early.merging(late) { first, _ in first }
    tensors = plan
  }

  private static func name(_ part: Activation.Part, training: Bool) -> String {
    switch part {
    case .residual: "residual stream"
    case .shared: "activations of one layer"
    case .layer: training ? "activations kept for the backward pass" : "activations"
    case .head: "log-prob head"
    case .gradient: "gradients of activations"
    case .logits: "logits"
    }
  }

  /// The tensors in an arena, which must be reserved for this plan before they are used; nil for a program that nobody
  /// will run.
  func memory(in arena: Arena?) -> PassMemory {
    func tensors(_ places: [ActivationKey: Place]) -> [ActivationKey: Tensor] {
      places.mapValues { $0.tensor(in: arena) }
    }
    return PassMemory(
      pass: tensors(pass), layers: layers.map(tensors), layerInputs: layerInputs.map { $0.tensor(in: arena) },
      lowestLayer: lowestLayer)
  }
}

/// The tensors of a pass by name. Views: the arena they lie in must outlive them.
struct PassMemory: Sendable {
  private let pass: [ActivationKey: Tensor]
  private let layers: [[ActivationKey: Tensor]]
  private let layerInputs: [Tensor]
  private let lowestLayer: Int

  fileprivate init(
    pass: [ActivationKey: Tensor], layers: [[ActivationKey: Tensor]], layerInputs: [Tensor], lowestLayer: Int
  ) {
    self.pass = pass
    self.layers = layers
    self.layerInputs = layerInputs
    self.lowestLayer = lowestLayer
  }

  /// Where a layer's input is kept; nil where its activations are, or where nothing needs them again.
  func input(layer: Int) -> Tensor? {
    let index = layer - lowestLayer
    return layerInputs.indices.contains(index) ? layerInputs[index] : nil
  }

  /// A tensor of the pass.
  subscript(key: ActivationKey) -> Tensor {
    guard let tensor = pass[key] else { preconditionFailure("\(key.name) is not declared") }
    return tensor
  }

  /// A tensor of one layer.
  subscript(key: ActivationKey, layer layer: Int) -> Tensor {
    guard let tensor = optional(key, layer: layer) else { preconditionFailure("\(key.name) is not declared") }
    return tensor
  }

  /// Nil where the pass has no use for it.
  func optional(_ key: ActivationKey, layer: Int) -> Tensor? {
    layers[layers.count == 1 ? 0 : max(0, layer - lowestLayer)][key]
  }

  func optional(_ key: ActivationKey) -> Tensor? { pass[key] }
}
