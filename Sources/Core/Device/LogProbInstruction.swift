/// Log-probs of targets without a [rows, V] matrix: l = logit_y − log Σ exp(logit) in one pass over the vocabulary
/// (Milakov & Gimelshein, 2018), and, for a backward pass, m = Σ_v p_v W_v of every row. dl/dh = W_y − m, so a loss needs
/// only m and its own dL/dl.
public struct LogProbs: Sendable {
  /// One scored token: the row of h that predicts it.
  public struct Target: Sendable, Equatable {
    public var row: Int
    public var token: Int32

    public init(row: Int, token: Int32) {
      self.row = row
      self.token = token
    }
  }

  /// h [U, H].
  public var hidden: Tensor
  /// W [V, H].
  public var weight: Tensor
  public var targets: [Target]
  /// l [1, targets], nats.
  public var output: Tensor
  /// m [U, H], fp32; nil in a pass that only scores.
  public var mean: Tensor?
  /// Logits z become cap · tanh(z / cap) (Gemma 2); nil: they stay. With a cap, m = Σ_v p_v (1 − tanh²(z_v / cap)) W_v.
  public var softCap: SoftCap?

  /// A cap, and what a backward pass needs of it.
  public struct SoftCap: Sendable {
    public var cap: Float
    /// 1 − tanh²(z_y / cap) of every target [1, targets], fp32, to be written; nil in a pass that only scores.
    public var slopes: Tensor?

    public init(cap: Float, slopes: Tensor?) {
      self.cap = cap
      self.slopes = slopes
    }
  }

  public init(
    hidden: Tensor, weight: Tensor, targets: [Target], output: Tensor, mean: Tensor?, softCap: SoftCap? = nil
  ) {
    self.softCap = softCap
    self.hidden = hidden
    self.weight = weight
    self.targets = targets
    self.output = output
    self.mean = mean
  }
}

/// x = cap · tanh(x / cap) on some rows of an fp32 x [B, V]: logits that are to be drawn from (Gemma 2).
public struct SoftCapLogits: Sendable {
  public var rows: RowSpans
  public var logits: Tensor
  public var cap: Float

  public init(rows: RowSpans, logits: Tensor, cap: Float) {
    self.rows = rows
    self.logits = logits
    self.cap = cap
  }
}

/// dL/dx of the residual stream: dh[row] = Σ c · (W_y − m[row]) over the targets of each row, taken back through the
/// final norm and added to the row that each came from.
public struct LogProbsBackward: Sendable {
  public var weight: Tensor
  public var targets: [LogProbs.Target]
  /// dL/dl of every target [1, targets], fp32.
  public var slopes: Tensor
  public var mean: Tensor
  /// Of the final norm.
  public var normalized, inverse, normWeight: Tensor
  /// Whether the final norm is a LayerNorm.
  public var isCentered: Bool
  /// The row of the residual stream that each row of h was taken from.
  public var sources: [Int]
  /// fp32 [T, H].
  public var into: Tensor
  /// What `LogProbs.SoftCap.slopes` holds, t: dh[row] = Σ c · (t · W_y − m[row]); nil without a cap.
  public var capSlopes: Tensor?

  public init(
    weight: Tensor, targets: [LogProbs.Target], slopes: Tensor, mean: Tensor, normalized: Tensor, inverse: Tensor,
    normWeight: Tensor, isCentered: Bool = false, sources: [Int], into: Tensor, capSlopes: Tensor? = nil
  ) {
    self.isCentered = isCentered
    self.capSlopes = capSlopes
    self.weight = weight
    self.targets = targets
    self.slopes = slopes
    self.mean = mean
    self.normalized = normalized
    self.inverse = inverse
    self.normWeight = normWeight
    self.sources = sources
    self.into = into
  }
}
