/// What a family's decoder layers are made of: x += attention(norm(x)), x += mlp(norm(x)), and what differs from a plain
/// Llama's. Every layer of a model is made alike but for its attention (`LayerAttention`).
///
/// An `Architecture` is a value of this, its defaults and its refusals; the blocks of Model read it.
public struct LayerDescription: Sendable, Equatable {
  /// What the checkpoint calls the list of its layers.
  public var list = LinearModule.plainList
  /// Names in a layer of the checkpoint of the norms that a block's input goes through; nil where it goes through none.
  public var attentionNorm: String? = "input_layernorm"
  public var mlpNorm: String? = "post_attention_layernorm"
  /// Names of the norms that a block's output goes through before it joins the residual stream; nil where there is none.
  public var attentionOutputNorm: String?
  public var mlpOutputNorm: String?
  /// How every norm of the model computes.
  public var norm = NormStyle()
  /// Whether both blocks read the layer's input, x += attention(norm(x)) + mlp(norm(x)), and not one the other's sum
  /// (GPT-J, GPT-NeoX).
  public var isParallel = false
  /// Whether the MLP is down(act(gate(h)) · up(h)); otherwise down(act(up(h))).
  public var hasGate = true
  /// RMS norms on queries and keys, before the rotation.
  public var queryKeyNorm: QueryKeyNorm?
  /// Modules that hold several of the linears, or have names of their own; the other linears have a Llama's modules.
  public var fused: [LinearModule] = []
  /// The MLP's function, of the gate where there is one.
  public var activation = GateActivation.silu
  /// ρ of x += ρ · block(x) (Granite).
  public var residualFactor = 1.0
  /// The factor of q·k; nil: 1 / √d.
  public var attentionScale: Double?
  /// Scores s become cap · tanh(s / cap) (Gemma 2).
  public var attentionSoftCap: Double?

  /// RMSNorm in two variants, or LayerNorm.
  public struct NormStyle: Sendable, Equatable {
    /// What is added to the stored weight: Gemma stores w − 1.
    public var offset = 0.0
    /// Whether the normalised input is rounded to the compute type before the weight comes in, as in Llama's module, or
    /// the product is rounded once, as in Gemma's and OLMo 2's.
    public var roundsTwice = true
    /// Whether the mean is taken off first and a bias [H] is added at last (LayerNorm).
    public var isCentered = false

    public init(offset: Double = 0, roundsTwice: Bool = true, isCentered: Bool = false) {
      self.offset = offset
      self.roundsTwice = roundsTwice
      self.isCentered = isCentered
    }
  }

  public struct QueryKeyNorm: Sendable, Equatable {
    /// Names in a layer of the checkpoint.
    public var query = "self_attn.q_norm"
    public var key = "self_attn.k_norm"
    public var span = Span.head

    /// What is normalised together: each head, with one weight [d] for all, or all heads of a row, with a weight for
    /// every column.
    public enum Span: Sendable, Equatable {
      case head
      case row
    }

    public init(span: Span = .head) { self.span = span }
  }

  public enum GateActivation: Sendable, Equatable {
    case silu
    /// GELU in its tanh form.
    case geluTanh
    /// GELU with the error function.
    case gelu
  }

  public init() {}
}

/// What one layer's attention does beside being causal.
public struct LayerAttention: Sendable, Equatable {
  /// The query at position p sees the keys at positions p − window + 1 … p; nil: all up to p.
  public var window: Int?
  /// Which of the model's rotary embeddings turns queries and keys; nil: none does (NoPE).
  public var rotary: Int?

  public init(window: Int? = nil, rotary: Int? = 0) {
    self.window = window
    self.rotary = rotary
  }
}

/// What a model does to embeddings before the first layer, and to the logits after the last.
public struct EmbeddingScaling: Sendable, Equatable {
  /// x = factor · embedding.
  public var factor = 1.0
  /// Whether the factor is a number of the compute type (Gemma) or is applied as it is (Granite).
  public var roundsFactor = false
  /// Logits are divided by this (Granite).
  public var logitDivisor = 1.0
  /// Logits z become cap · tanh(z / cap) (Gemma 2).
  public var logitSoftCap: Double?

  public init() {}

  /// The factor as a model in bf16, or one in fp32, applies it.
  public func factor(inBF16: Bool) -> Float {
    guard roundsFactor, inBF16 else { return Float(factor) }
    return HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(Float(factor)))
  }
}
