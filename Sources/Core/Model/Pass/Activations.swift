import Device

/// The name of one tensor of a pass. A block declares its tensors once, as a list of `Activation`s; the memory plan, the
/// views and the instructions all come from that list.
struct ActivationKey: Hashable, Sendable, ExpressibleByStringLiteral {
  let name: String

  init(stringLiteral name: String) { self.name = name }
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
  private let pass: [ActivationKey: TensorPlan.Slot]
  /// One where layers share their memory.
  private let layers: [[ActivationKey: TensorPlan.Slot]]
  /// The residual stream at every layer's begin [T, H], where activations are computed again.
  private let layerInputs: [TensorPlan.Slot]

  init(_ decoder: Decoder, _ shape: PassShape) {
    var plan = TensorPlan()
    func place(_ activations: [Activation]) -> [ActivationKey: TensorPlan.Slot] {
      Dictionary(
        uniqueKeysWithValues: activations.map { one in
          let name = Self.name(one.part, training: shape.training)
          return (one.key, plan.add(name, rows: one.rows, columns: one.columns, type: one.type))
        })
    }
    let own = decoder.activations(shape)
    let early = place(own.filter { [.residual, .shared].contains($0.part) })
    let recomputes = shape.training && shape.recomputes
    let kept = shape.training && !recomputes ? decoder.layerCount : 1
    let ofLayer = decoder.layerActivations(shape)
    layers = (0..<kept).map { _ in place(ofLayer) }
    layerInputs = (0..<(recomputes ? decoder.layerCount : 0)).map { _ in
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
    func tensors(_ slots: [ActivationKey: TensorPlan.Slot]) -> [ActivationKey: Tensor] {
      slots.mapValues { $0.tensor(in: arena) }
    }
    return PassMemory(
      pass: tensors(pass), layers: layers.map(tensors), layerInputs: layerInputs.map { $0.tensor(in: arena) })
  }
}

/// The tensors of a pass by name. Views: the arena they lie in must outlive them.
struct PassMemory: Sendable {
  private let pass: [ActivationKey: Tensor]
  private let layers: [[ActivationKey: Tensor]]
  let layerInputs: [Tensor]

  fileprivate init(
    pass: [ActivationKey: Tensor], layers: [[ActivationKey: Tensor]], layerInputs: [Tensor]
  ) {
    self.pass = pass
    self.layers = layers
    self.layerInputs = layerInputs
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
  func optional(_ key: ActivationKey, layer: Int) -> Tensor? { layers[layers.count == 1 ? 0 : layer][key] }

  func optional(_ key: ActivationKey) -> Tensor? { pass[key] }
}
