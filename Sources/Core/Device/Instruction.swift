/// One operation of a device, with all its operands: what a pass consists of.
///
/// What is fused stays fused because the instruction says it: a product's epilogue, a norm with the low-rank products of
/// its output. A device may compute an instruction in any order and with any number of threads, as long as a row's
/// result does not depend on the rows beside it. Dimensions: T rows of a pass, H hidden, V vocabulary, d of a head, R of
/// an adapter.
public enum Instruction: Sendable {
  case embed(Embed)
  case copy(Copy)
  case clear(Tensor)
  case project(Project)
  case norm(Norm)
  case normBackward(NormBackward)
  case normAdd(NormAdd)
  case normAddBackward(NormAddBackward)
  case headNorm(HeadNorm)
  case headNormBackward(HeadNormBackward)
  case linear(Linear)
  case gate(Gate)
  case attention(Attention)
  case attentionBackward(AttentionBackward)
  case logProbs(LogProbs)
  case logProbsBackward(LogProbsBackward)
  case softCapLogits(SoftCapLogits)
  case weightGradient(WeightGradient)
  case packAdapter(PackAdapter)
  case cachePrompt(CachePrompt)
  case cachedAttention(CachedAttention)
}

/// y[r] = factor · table[tokens[r]] in fp32 [T, H], plus the row of a learned position; rows after the last token are 0.
public struct Embed: Sendable {
  /// A table [positions, H], and which of its rows each token gets (GPT-2).
  public struct Positions: Sendable {
    public var table: Tensor
    public var rows: [Int32]

    public init(table: Tensor, rows: [Int32]) {
      self.table = table
      self.rows = rows
    }
  }

  public var table: Tensor
  public var tokens: [Int32]
  public var factor: Float
  /// As many rows as there are tokens; nil where attention alone knows positions.
  public var positions: Positions?
  public var output: Tensor

  public init(table: Tensor, tokens: [Int32], factor: Float = 1, positions: Positions? = nil, output: Tensor) {
    self.factor = factor
    self.positions = positions
    self.table = table
    self.tokens = tokens
    self.output = output
  }
}

/// u = x·wᵀ for a w [n, k] of a few dozen rows: a low-rank product, rounded to u's type. The rows are those of the
/// instruction that it belongs to.
public struct Projection: Sendable {
  public var input: Tensor
  public var weight: Tensor
  public var output: Tensor

  public init(input: Tensor, weight: Tensor, output: Tensor) {
    self.input = input
    self.weight = weight
    self.output = output
  }
}

/// Low-rank products alone.
public struct Project: Sendable {
  public var rows: RowSpans
  public var projections: [Projection]

  public init(rows: RowSpans, _ projections: [Projection]) {
    self.rows = rows
    self.projections = projections
  }
}

/// y = factor · x in y's type, on some rows, and then low-rank products that read y.
public struct Copy: Sendable {
  public var rows: RowSpans
  public var input: Tensor
  public var factor: Float
  public var output: Tensor
  public var projections: [Projection]

  public init(
    rows: RowSpans, input: Tensor, factor: Float = 1, output: Tensor, projections: [Projection] = []
  ) {
    self.factor = factor
    self.rows = rows
    self.input = input
    self.output = output
    self.projections = projections
  }
}

/// An adapter's factors as products need them: A and s·B rounded to the compute type, and (s·B)ᵀ.
public struct PackAdapter: Sendable {
  public struct Factor: Sendable {
    /// A [R, in] and B [out, R] of the parameters, fp32.
    public var down, up: Tensor
    public var packedDown, packedUp: Tensor
    /// [R, out].
    public var packedUpTransposed: Tensor

    public init(down: Tensor, up: Tensor, packedDown: Tensor, packedUp: Tensor, packedUpTransposed: Tensor) {
      self.down = down
      self.up = up
      self.packedDown = packedDown
      self.packedUp = packedUp
      self.packedUpTransposed = packedUpTransposed
    }
  }

  public var factors: [Factor]
  public var scale: Float

  public init(factors: [Factor], scale: Float) {
    self.factors = factors
    self.scale = scale
  }
}
