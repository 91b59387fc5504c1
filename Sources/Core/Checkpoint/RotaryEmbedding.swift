/// One rotary embedding of a model (Su et al., RoFormer, 2021).
public struct RotaryEmbedding: Sendable, Equatable {
  /// The base of the frequencies θ^(−2i/R).
  public var theta: Double
  public var scaling: RopeScaling
  /// R: the first columns of a head that turn, even.
  public var dimension: Int

  public init(theta: Double = 10_000, scaling: RopeScaling = .none, dimension: Int) {
    self.theta = theta
    self.scaling = scaling
    self.dimension = dimension
  }
}

/// A model's rotary embeddings, and which of them each layer uses.
public struct RotaryLayout: Sendable, Equatable {
  public var embeddings: [RotaryEmbedding]
  /// An index into `embeddings` a layer; nil where nothing turns (NoPE).
  public var ofLayer: [Int?]

  public init(_ embeddings: [RotaryEmbedding], ofLayer: [Int?]) {
    self.embeddings = embeddings
    self.ofLayer = ofLayer
  }

  /// The same for every layer.
  public init(_ embedding: RotaryEmbedding, layers: Int) {
    self.init([embedding], ofLayer: Array(repeating: 0, count: layers))
  }
}

/// Reads the rotary settings of a `config.json`, in both spellings: `rope_parameters` (transformers 5) and
/// `rope_scaling` beside `rope_theta` (before). As in transformers, `rope_scaling` wins where both hold something.
public struct RotaryReader {
  let top: FieldReader
  public let layers: Int
  let headDimension: Int
  let maxPositions: Int
  let defaults: ArchitectureDefaults

  /// The settings of all layers.
  /// - Throws: `CheckpointError`, naming the key, also where they differ by layer type.
  public func embedding() throws -> RotaryEmbedding {
    let older = try top.object("rope_scaling").flatMap { $0.object.members.isEmpty ? nil : $0 }
    let rope = try older ?? top.object("rope_parameters")
    if rope?.object.members.contains(where: { if case .object = $0.value { true } else { false } }) == true {
      throw unsupported("a different rotary embedding for each layer type")
    }
    return try embedding(rope, theta: try top.positive("rope_theta", upTo: 1e15, default: defaults.ropeTheta))
  }

  /// The settings of one layer type, where the file gives them by type; of all, where it doesn't.
  /// - Parameters:
  ///   - theta: where the file gives none for this type.
  ///   - scales: whether `rope_scaling`, which knows no layer types, is about this one.
  public func embedding(layerType: String, theta: Double, scales: Bool) throws -> RotaryEmbedding {
    let older = try scales ? top.object("rope_scaling") : nil
    let new = try top.object("rope_parameters")
    let own = try new?.object(layerType)
    return try embedding(older ?? own ?? (scales && !Self.isNested(new) ? new : nil), theta: theta)
  }

  private static func isNested(_ rope: FieldReader?) -> Bool {
    rope?.object.members.contains { if case .object = $0.value { true } else { false } } ?? false
  }

  private func embedding(_ rope: FieldReader?, theta outerTheta: Double) throws -> RotaryEmbedding {
    let outerPart = try top.positive("partial_rotary_factor", upTo: 1, default: defaults.rotaryFactor)
    let part = try rope?.positive("partial_rotary_factor", upTo: 1, default: outerPart) ?? outerPart
    guard part == 1 || defaults.partialRotary else { throw unsupported("partial_rotary_factor below 1") }
    guard try !top.bool("rope_interleaved", default: false) else { throw unsupported("rope_interleaved") }
    let dimension = Int(Double(headDimension) * part)
    guard dimension >= 2, dimension % 2 == 0 else {
      throw (rope ?? top).invalid("partial_rotary_factor", allowed: "such that an even number of columns turns")
    }
    guard let rope else { return RotaryEmbedding(theta: outerTheta, dimension: dimension) }
    return RotaryEmbedding(
      theta: try rope.positive("rope_theta", upTo: 1e15, default: outerTheta),
      scaling: try RopeScaling.decode(
        rope, top: top, maxPositions: maxPositions, dimension: dimension, defaults: defaults),
      dimension: dimension)
  }

  private func unsupported(_ feature: String) -> CheckpointError {
    RopeScaling.unsupported(top, feature)
  }
}
