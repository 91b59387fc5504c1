/// Where a norm's output is rounded to the compute type.
public enum NormRounding: Sendable, Equatable {
  /// y = round(round(x̂) · w), as Llama's module does.
  case twice
  /// y = round(x̂ · w), as Gemma's and OLMo 2's do; with a bias, round(x̂ · w + b), as every LayerNorm does.
  case once
}

/// What a norm divides and adds.
public enum NormKind: Sendable, Equatable {
  /// RMSNorm (Zhang & Sennrich, 2019): x̂ = x / rms(x), y = x̂ · w.
  case rms
  /// LayerNorm (Ba et al., 2016): x̂ = (x − mean(x)) / std(x), y = x̂ · w + b with b [1, H].
  case layer(bias: Tensor?)
}

/// A norm of every row, and then low-rank products that read y.
public struct Norm: Sendable {
  public var rows: RowSpans
  /// fp32 [T, H].
  public var input: Tensor
  /// [1, H].
  public var weight: Tensor
  public var kind: NormKind
  /// Added to the mean of squares under the root.
  public var epsilon: Float
  /// What the backward pass needs: x̂ [T, H] in y's type, and 1 / rms or 1 / std [1, T].
  public var normalized, inverse: Tensor
  public var output: Tensor
  public var projections: [Projection]
  /// The row of x for each of the first rows of y, and y = 0 after them; nil where every row is its own.
  public var sources: [Int]?
  public var rounding: NormRounding

  public init(
    rows: RowSpans, input: Tensor, weight: Tensor, kind: NormKind = .rms, epsilon: Float, normalized: Tensor,
    inverse: Tensor, output: Tensor, projections: [Projection] = [], sources: [Int]? = nil,
    rounding: NormRounding = .twice
  ) {
    self.kind = kind
    self.rounding = rounding
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

/// dx += dL/dx of a norm for dy [T, H] in fp32, and then a copy of dx with low-rank products, on the same rows. With r the
/// norm's `inverse`, dL/dx = r · (w·dy − x̂ · mean(w·dy·x̂)), and where the norm took a mean off, less mean(w·dy) inside.
public struct NormBackward: Sendable {
  public var rows: RowSpans
  /// Whether it was a LayerNorm.
  public var isCentered: Bool
  public var gradient: Tensor
  public var normalized, inverse, weight: Tensor
  /// fp32 [T, H].
  public var into: Tensor
  public var copy: Copy?

  public init(
    rows: RowSpans, isCentered: Bool = false, gradient: Tensor, normalized: Tensor, inverse: Tensor, weight: Tensor,
    into: Tensor, copy: Copy?
  ) {
    self.isCentered = isCentered
    self.rows = rows
    self.gradient = gradient
    self.normalized = normalized
    self.inverse = inverse
    self.weight = weight
    self.into = into
    self.copy = copy
  }
}

/// x += RMSNorm(y): a block's output is normalised before it joins the residual stream (Gemma 2 and 3, OLMo 2).
public struct NormAdd: Sendable {
  public var rows: RowSpans
  /// y, fp32 [T, H].
  public var input: Tensor
  /// [1, H].
  public var weight: Tensor
  public var epsilon: Float
  /// What the backward pass needs: ŷ [T, H] in the compute type and 1 / rms [1, T].
  public var normalized, inverse: Tensor
  public var rounding: NormRounding
  /// x, fp32 [T, H].
  public var into: Tensor

  public init(
    rows: RowSpans, input: Tensor, weight: Tensor, epsilon: Float, normalized: Tensor, inverse: Tensor,
    rounding: NormRounding, into: Tensor
  ) {
    self.rows = rows
    self.input = input
    self.weight = weight
    self.epsilon = epsilon
    self.normalized = normalized
    self.inverse = inverse
    self.rounding = rounding
    self.into = into
  }
}

/// dL/dy of a `NormAdd` from dL/dx, r · (w·G − ŷ · mean(w·G·ŷ)), in the compute type, and then low-rank products that
/// read it.
public struct NormAddBackward: Sendable {
  public var rows: RowSpans
  /// G = dL/dx, fp32 [T, H].
  public var gradient: Tensor
  public var normalized, inverse, weight: Tensor
  /// [T, H] in the compute type.
  public var output: Tensor
  public var projections: [Projection]

  public init(
    rows: RowSpans, gradient: Tensor, normalized: Tensor, inverse: Tensor, weight: Tensor, output: Tensor,
    projections: [Projection] = []
  ) {
    self.rows = rows
    self.gradient = gradient
    self.normalized = normalized
    self.inverse = inverse
    self.weight = weight
    self.output = output
    self.projections = projections
  }
}

/// y = rope(RMSNorm(x)) of every `span` columns of x [T, heads · d], with one weight [1, span] for all of them: the norm
/// on queries and keys. The span is a head, d (Henry et al., 2020; Qwen3 and Gemma 3), or all of them, heads · d (OLMo 2).
public struct HeadNorm: Sendable {
  public var rows: RowSpans
  /// fp32 [T, heads · d].
  public var input: Tensor
  public var weight: Tensor
  public var epsilon: Float
  /// x̂ [T, heads · d] in y's type, 1 / rms [T, heads · d / span].
  public var normalized, inverse: Tensor
  /// Nil where nothing turns.
  public var rotation: Rotation?
  public var headDimension: Int
  public var rounding: NormRounding
  public var output: Tensor

  /// - Parameter headDimension: nil where it is the span.
  public init(
    rows: RowSpans, input: Tensor, weight: Tensor, epsilon: Float, normalized: Tensor, inverse: Tensor,
    rotation: Rotation?, headDimension: Int? = nil, rounding: NormRounding = .twice, output: Tensor
  ) {
    self.headDimension = headDimension ?? weight.columns
    self.rounding = rounding
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

/// RoPE (Su et al., 2021): the table [positions, R] of rows [cos | sin], and the position of every row of T. R is even and
/// at most a head's dimension d; where it is smaller, the first R columns of every head turn among themselves and the
/// others stay (GPT-NeoX, Phi).
public struct Rotation: Sendable {
  public var table: Tensor
  public var positions: [Int32]

  public init(table: Tensor, positions: [Int32]) {
    self.table = table
    self.positions = positions
  }
}
