/// One product, or two side by side, of all wanted rows with weights, and what becomes of the sums while they are near:
/// y_i[T, n] = Σ terms of i.
public struct Linear: Sendable {
  /// x[T, k]·op(w): one summand.
  public struct Term: Sendable {
    public var input: Tensor
    public var weight: Tensor
    /// w is [n, k] and op(w) = wᵀ, as in y = x·wᵀ; otherwise w is [k, n], as in dx = dy·w.
    public var transposed: Bool

    /// x[T, in]·w[out, in]ᵀ.
    public static func forward(_ x: Tensor, _ w: Tensor) -> Term { Term(input: x, weight: w, transposed: true) }

    /// dy[T, out]·w[out, in].
    public static func backward(_ dy: Tensor, _ w: Tensor) -> Term { Term(input: dy, weight: w, transposed: false) }
  }

  public var rows: RowSpans
  public var columns: Int
  /// Columns that belong together, such as a head's.
  public var unit: Int
  /// The terms of each y_i: one sum, or two of as many columns for a gate.
  public var sums: [[Term]]
  public var epilogue: Epilogue
  /// A token or so of each sequence, as in generation: every weight is read once, and reading it is what takes the time.
  public var fewRows: Bool

  public init(
    rows: RowSpans, columns: Int, unit: Int = 1, sums: [[Term]], epilogue: Epilogue, fewRows: Bool = false
  ) {
    precondition((1...2).contains(sums.count), "one sum or two")
    self.rows = rows
    self.columns = columns
    self.unit = unit
    self.sums = sums
    self.epilogue = epilogue
    self.fewRows = fewRows
  }
}

/// What becomes of a product's fp32 sums y. Biases are [1, n].
public enum Epilogue: Sendable {
  /// z = y + b in z's type.
  case store(Tensor, bias: Tensor? = nil)
  /// x += factor · (y + b): the residual stream.
  case add(Tensor, factor: Float = 1, bias: Tensor? = nil)
  /// z = rope(y + b), head by head.
  case rotate(Tensor, Rotation, headDimension: Int, bias: Tensor? = nil)
  /// gate = y₁ + b₁, up = y₂ + b₂, rounded, and z = act(gate) · up. Gate and up are kept where a backward pass follows.
  case gate(Tensor, GateFunction, gate: Tensor?, up: Tensor?, gateBias: Tensor?, upBias: Tensor?)
  /// For y = dL/dz: dgate and dup in the place of gate and up, and z again.
  case gateBackward(GateFunction, gate: Tensor, up: Tensor, output: Tensor)
  /// a = y + b, rounded, and z = act(a): an MLP without a gate. a is kept where a backward pass follows.
  case activate(Tensor, GateFunction, kept: Tensor?, bias: Tensor?)
  /// For y = dL/dz: da in the place of a, and z again.
  case activateBackward(GateFunction, kept: Tensor, output: Tensor)
}

/// The MLP's function, of the gate where there is one.
public enum GateFunction: Sendable, Equatable {
  /// x · σ(x).
  case silu
  /// x · Φ(x) in its tanh form, ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks & Gimpel, 2016).
  case geluTanh
  /// x · Φ(x) with the error function.
  case gelu
}

/// z = act(gate) · up from what was kept of them; act(gate) where there is no up.
public struct Gate: Sendable {
  public var rows: RowSpans
  public var activation: GateFunction
  public var gate: Tensor
  public var up: Tensor?
  public var output: Tensor

  public init(rows: RowSpans, activation: GateFunction, gate: Tensor, up: Tensor?, output: Tensor) {
    self.rows = rows
    self.activation = activation
    self.gate = gate
    self.up = up
    self.output = output
  }
}

/// The gradient of a low-rank factor, a[T, m]ᵀ·x[T, n] for an m of a few dozen, over some rows.
public struct WeightGradient: Sendable {
  public enum Target: Sendable {
    /// g [m, n] += sums, or += sums · w with w [1, n], and then += (Σ a) ⊗ b with b [1, n]: where x is a norm's x̂, and
    /// what the product read is x̂ · w + b.
    case rows(Tensor, scale: Tensor?, bias: Tensor? = nil)
    /// g [n, m] += factor · sumsᵀ.
    case columns(Tensor, factor: Float)
  }

  public var left, right: Tensor
  public var rows: RowSpans
  public var into: Target

  public init(_ left: Tensor, _ right: Tensor, rows: RowSpans, into: Target) {
    precondition(left.rows == right.rows && left.type == right.type, "the same rows")
    self.left = left
    self.right = right
    self.rows = rows
    self.into = into
  }
}
