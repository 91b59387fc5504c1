/// What a layer's attention does beside being causal.
public struct AttentionMask: Sendable, Equatable {
  /// The query at position p sees the keys at positions p − window + 1 … p (Beltagy et al., Longformer, 2020); nil: all
  /// up to p. At least 1. A row's position is the number of rows before it that its sequence has, shared ones included.
  public var window: Int?
  /// Scores s = scale · q·k become cap · tanh(s / cap) before the soft-max (Gemma 2), cap > 0; nil: they stay.
  public var softCap: Float?

  public init(window: Int? = nil, softCap: Float? = nil) {
    self.window = window
    self.softCap = softCap
  }
}

/// Causal attention of all heads over groups of rows: o = softmax(scale · q kᵀ) v, with the log-sum-exp of each row for
/// the backward pass (Dao et al., FlashAttention, 2022). Rows without a query get o = 0.
public struct Attention: Sendable {
  public var groups: [AttentionGroup]
  /// q and o [T, heads · d], k and v [T, kvHeads · d].
  public var q, k, v, o: Tensor
  /// [heads, T].
  public var logSums: Tensor
  public var headDimension: Int
  public var scale: Float
  public var mask: AttentionMask

  public init(
    groups: [AttentionGroup], q: Tensor, k: Tensor, v: Tensor, o: Tensor, logSums: Tensor, headDimension: Int,
    scale: Float, mask: AttentionMask = AttentionMask()
  ) {
    self.groups = groups
    self.q = q
    self.k = k
    self.v = v
    self.o = o
    self.logSums = logSums
    self.headDimension = headDimension
    self.scale = scale
    self.mask = mask
  }

  public var headCount: Int { q.columns / headDimension }
  public var keyValueHeadCount: Int { k.columns / headDimension }
  /// The query heads that share one key-value head.
  public var headsPerKey: Int { headCount / keyValueHeadCount }
}

/// dL/dq, dL/dk and dL/dv from dL/do, in the places of q, k and v, turned back through the rotation. Rows without a query
/// get dq = 0; rows that belong to no group get dk = dv = 0.
public struct AttentionBackward: Sendable {
  public var forward: Attention
  /// dL/do [T, heads · d].
  public var gradient: Tensor
  /// Nil where q and k were not rotated.
  public var rotation: Rotation?

  public init(_ forward: Attention, gradient: Tensor, rotation: Rotation?) {
    self.forward = forward
    self.gradient = gradient
    self.rotation = rotation
  }
}

/// What one cache holds: keys and values of one prompt for all samples, and of each sample's own tokens.
public struct CacheShape: Sendable, Equatable {
  public var layers, keyValueHeads, headDimension: Int
  public var promptCount, samples: Int
  /// Tokens of its own that each sample may have.
  public var capacity: Int

  public init(layers: Int, keyValueHeads: Int, headDimension: Int, promptCount: Int, samples: Int, capacity: Int) {
    self.layers = layers
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.promptCount = promptCount
    self.samples = samples
    self.capacity = capacity
  }
}

/// Keys and values during generation, laid out as the device reads them best.
public protocol KeyValueCache: AnyObject, Sendable {
  var shape: CacheShape { get }
}

/// Keeps the prompt's keys and values [P, kvHeads · d], both after RoPE.
public struct CachePrompt: Sendable {
  public var cache: any KeyValueCache
  public var layer: Int
  public var keys, values: Tensor

  public init(cache: any KeyValueCache, layer: Int, keys: Tensor, values: Tensor) {
    self.cache = cache
    self.layer = layer
    self.keys = keys
    self.values = values
  }
}

/// Keeps one new key and value per sample, and attends to all that the sample has.
public struct CachedAttention: Sendable {
  public var cache: any KeyValueCache
  public var layer: Int
  /// The cache's number of the sample of each row.
  public var samples: [Int]
  /// The new token's number after the prompt, the same for all.
  public var position: Int
  /// q and o [B, heads · d] after RoPE, k and v [B, kvHeads · d]; v may be fp32 where the others are bf16.
  public var q, k, v, o: Tensor
  public var scale: Float
  public var mask: AttentionMask

  public init(
    cache: any KeyValueCache, layer: Int, samples: [Int], position: Int, q: Tensor, k: Tensor, v: Tensor, o: Tensor,
    scale: Float, mask: AttentionMask = AttentionMask()
  ) {
    self.cache = cache
    self.layer = layer
    self.samples = samples
    self.position = position
    self.q = q
    self.k = k
    self.v = v
    self.o = o
    self.scale = scale
    self.mask = mask
  }
}
