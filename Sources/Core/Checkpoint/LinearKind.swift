/// The seven linear maps of a decoder layer, named as in Hugging Face checkpoints.
public enum LinearKind: String, CaseIterable, Sendable, Hashable {
  case q_proj
  case k_proj
  case v_proj
  case o_proj
  case gate_proj
  case up_proj
  case down_proj

  /// "self_attn" or "mlp".
  public var block: String {
    switch self {
    case .q_proj, .k_proj, .v_proj, .o_proj: "self_attn"
    case .gate_proj, .up_proj, .down_proj: "mlp"
    }
  }

  /// The module's name in the checkpoint, such as "model.layers.3.self_attn.q_proj"; its weight adds ".weight".
  public func fullName(layer: Int) -> String { "model.layers.\(layer).\(block).\(rawValue)" }

  /// Rows and columns of the weight [out, in].
  public func shape(in model: ModelConfiguration) -> (outputs: Int, inputs: Int) {
    let queries = model.headCount * model.headDimension
    let keys = model.keyValueHeadCount * model.headDimension
    return switch self {
    case .q_proj: (queries, model.hiddenSize)
    case .k_proj, .v_proj: (keys, model.hiddenSize)
    case .o_proj: (model.hiddenSize, queries)
    case .gate_proj, .up_proj: (model.intermediateSize, model.hiddenSize)
    case .down_proj: (model.hiddenSize, model.intermediateSize)
    }
  }

  /// Whether the checkpoint holds a bias [out] beside the weight.
  public func hasBias(in model: ModelConfiguration) -> Bool {
    switch self {
    case .q_proj, .k_proj, .v_proj: model.queryKeyValueBias
    case .o_proj: model.outputBias
    case .gate_proj, .up_proj, .down_proj: model.mlpBias
    }
  }
}

/// One linear map of a model.
public struct LinearAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let layer: Int
  public let kind: LinearKind

  public init(layer: Int, kind: LinearKind) {
    self.layer = layer
    self.kind = kind
  }

  public var description: String { kind.fullName(layer: layer) }

  /// By layer, then in the order of `LinearKind.allCases`.
  public static func < (left: LinearAddress, right: LinearAddress) -> Bool {
    left.layer == right.layer ? left.kind.position < right.kind.position : left.layer < right.layer
  }
}

extension LinearKind {
  /// Its place in `allCases`.
  public var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
