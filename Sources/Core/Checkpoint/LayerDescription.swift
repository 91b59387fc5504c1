/// What a family's decoder layers hold, beside what every one of them has: x += attention(norm(x)), x += mlp(norm(x)).
///
/// An `Architecture` is a value of this, its defaults and its refusals; the blocks of Model read it.
public struct LayerDescription: Sendable, Equatable {
  /// The norms' names in a layer of the checkpoint.
  public var attentionNorm = "input_layernorm"
  public var mlpNorm = "post_attention_layernorm"
  /// RMS norms on every head's queries and keys, before the rotation.
  public var queryKeyNorm: QueryKeyNorm?
  /// Modules that hold several of the linears under one another; the others have modules of their own.
  public var fused: [LinearModule] = []
  /// The MLP's gate function.
  public var activation = GateActivation.silu

  public struct QueryKeyNorm: Sendable, Equatable {
    /// Names in a layer of the checkpoint; each weight has a head's dimension.
    public var query = "self_attn.q_norm"
    public var key = "self_attn.k_norm"

    public init() {}
  }

  public enum GateActivation: Sendable, Equatable {
    case silu
  }

  public init() {}
}
