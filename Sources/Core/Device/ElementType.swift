/// How a model computes: bf16 matrix inputs with fp32 accumulation, or fp32 throughout. Sums, norms, soft-max and the
/// residual stream are fp32 in both.
public enum Precision: String, Sendable, Codable, CaseIterable {
  case bf16
  case fp32

  /// The type of weights and matrix inputs.
  public var elementType: ElementType { self == .bf16 ? .bf16 : .fp32 }
}

/// The type of one stored number.
public enum ElementType: String, Sendable {
  case fp32
  case bf16
  /// Read from checkpoints only; nothing is computed or written in it.
  case fp16

  public var byteWidth: Int { self == .fp32 ? 4 : 2 }
}
