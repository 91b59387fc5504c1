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
  /// A signed byte q times its row's scale s, w = q · s in fp32: weights of linears only, see `Device.quantize`.
  case int8
  /// A code of four bits times its block's scale, w = code · s in fp32, in blocks of 64 along the rows of the whole matrix
  /// (Dettmers et al., 2023): weights of linears only.
  case nf4

  /// Whether numbers have their scales beside them: such a tensor is read by products and by the host, and never written.
  public var isQuantized: Bool { self == .int8 || self == .nf4 }

  /// Bytes of one number, of the types that have whole ones.
  public var byteWidth: Int {
    switch self {
    case .fp32: 4
    case .bf16, .fp16: 2
    case .int8: 1
    case .nf4: preconditionFailure("two numbers of NF4 share a byte")
    }
  }

  /// What offsets count in: bytes, and numbers in quantized tensors.
  var offsetWidth: Int { isQuantized ? 1 : byteWidth }

  /// NF4's numbers under one scale.
  public static let block = 64

  /// Bytes of a [rows, columns] matrix, its scales among them.
  public func byteCount(rows: Int, columns: Int) -> Int {
    switch self {
    case .int8: rows * columns + 4 * rows
    case .nf4: (rows * columns + 1) / 2 + (rows * columns + Self.block - 1) / Self.block * 4
    case .fp32, .bf16, .fp16: rows * columns * byteWidth
    }
  }
}

/// How the weights of a model's linears are kept: as they are, or in fewer bits. Embedding, head, norms, biases and
/// adapters are never quantized.
public enum Quantization: String, Sendable, Codable, CaseIterable {
  case none
  /// A byte a weight, a scale a row: about half a percent of the weights' size is lost.
  case int8
  /// Four bits a weight, a scale for 64 of them: about nine percent.
  case nf4

  /// nil: as they are.
  public var elementType: ElementType? {
    switch self {
    case .none: nil
    case .int8: .int8
    case .nf4: .nf4
    }
  }
}
