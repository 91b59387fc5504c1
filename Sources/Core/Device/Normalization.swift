/// RMSNorm (Zhang & Sennrich, 2019): x̂ = x / rms(x), y = x̂ · w, and then low-rank products that read y.
public struct Norm: Sendable {
  public var rows: RowSpans
  /// fp32 [T, H].
  public var input: Tensor
  /// [1, H].
  public var weight: Tensor
  public var epsilon: Float
  /// What the backward pass needs: x̂ [T, H] in y's type and 1 / rms [1, T].
  public var normalized, inverse: Tensor
  public var output: Tensor
  public var projections: [Projection]
  /// The row of x for each of the first rows of y, and y = 0 after them; nil where every row is its own.
  public var sources: [Int]?

  public init(
    rows: RowSpans, input: Tensor, weight: Tensor, epsilon: Float, normalized: Tensor, inverse: Tensor, output: Tensor,
    projections: [Projection] = [], sources: [Int]? = nil
  ) {
    self.rows = rows
    self.input = input
    self.weight = weight
    self.epsilon = epsilon
    self.normalized = normalized
    self.inverse = inverse
    self.output = output
    self.projections = projections
    self.sources = sources
  }
}

/// dx += dL/dx of a norm for dy [T, H] in fp32, and then a copy of dx with low-rank products, on the same rows.
public struct NormBackward: Sendable {
  public var rows: RowSpans
  public var gradient: Tensor
  public var normalized, inverse, weight: Tensor
  /// fp32 [T, H].
  public var into: Tensor
  public var copy: Copy?

  public init(
    rows: RowSpans, gradient: Tensor, normalized: Tensor, inverse: Tensor, weight: Tensor, into: Tensor, copy: Copy?
  ) {
    self.rows = rows
    self.gradient = gradient
    self.normalized = normalized
    self.inverse = inverse
    self.weight = weight
    self.into = into
    self.copy = copy
  }
}

/// y = rope(RMSNorm(x)) of every head of x [T, heads · d], with one weight [1, d] for all: the norm on queries and keys
/// (Henry et al., 2020; Qwen3 and Gemma 3).
public struct HeadNorm: Sendable {
  public var rows: RowSpans
  /// fp32 [T, heads · d].
  public var input: Tensor
  public var weight: Tensor
  public var epsilon: Float
  /// x̂ [T, heads · d] in y's type, 1 / rms [T, heads].
  public var normalized, inverse: Tensor
  public var rotation: Rotation
  public var output: Tensor

  public init(
    rows: RowSpans, input: Tensor, weight: Tensor, epsilon: Float, normalized: Tensor, inverse: Tensor,
    rotation: Rotation, output: Tensor
  ) {
    self.rows = rows
    self.input = input
    self.weight = weight
    self.epsilon = epsilon
    self.normalized = normalized
    self.inverse = inverse
    self.rotation = rotation
    self.output = output
  }
}

/// dL/dx of a `HeadNorm` from dL/d(x̂ · w), which is what an attention gives back; in its place, in the compute type.
public struct HeadNormBackward: Sendable {
  public var rows: RowSpans
  public var gradient: Tensor
  public var normalized, inverse, weight: Tensor

  public init(rows: RowSpans, gradient: Tensor, normalized: Tensor, inverse: Tensor, weight: Tensor) {
    self.rows = rows
    self.gradient = gradient
    self.normalized = normalized
    self.inverse = inverse
    self.weight = weight
  }
}

/// RoPE (Su et al., 2021): the table [positions, d] of rows [cos | sin], and the position of every row of T.
public struct Rotation: Sendable {
  public var table: Tensor
  public var positions: [Int32]

  public init(table: Tensor, positions: [Int32]) {
    self.table = table
    self.positions = positions
  }
}
