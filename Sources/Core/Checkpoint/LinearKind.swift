/// The seven linear maps of a decoder layer, named as in most Hugging Face checkpoints. A layer without a gate has six.
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

extension LinearKind {
  /// Its place in `allCases`.
  public var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
