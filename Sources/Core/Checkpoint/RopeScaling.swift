/// How rotary position frequencies are stretched beyond the pretraining length.
public enum RopeScaling: Sendable, Equatable {
  case none
  /// All frequencies divided by `factor` (Chen et al., "Position Interpolation", 2023).
  case linear(factor: Double)
  /// Llama 3.1: wavelengths above originalMaxPositions / lowFrequencyFactor are stretched by `factor`, those below
  /// originalMaxPositions / highFrequencyFactor are kept, and those between are interpolated.
  case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalMaxPositions: Int)
}

extension RopeScaling {
  /// Reads both spellings: `rope_parameters` (transformers 5) and `rope_scaling` beside `rope_theta` (before).
  /// As in transformers, `rope_scaling` wins where both hold something.
  static func decode(_ top: FieldReader, maxPositions: Int) throws -> (theta: Double, scaling: RopeScaling) {
    let older = try top.object("rope_scaling").flatMap { $0.object.members.isEmpty ? nil : $0 }
    let rope = try older ?? top.object("rope_parameters")
    let outerTheta = try top.positive("rope_theta", upTo: 1e15, default: 10_000)
    guard try top.positive("partial_rotary_factor", upTo: 1, default: 1) == 1 else {
      throw unsupported(top, "partial_rotary_factor below 1")
    }
    guard try !top.bool("rope_interleaved", default: false) else { throw unsupported(top, "rope_interleaved") }
    guard let rope else { return (outerTheta, .none) }

    if rope.object.members.contains(where: { if case .object = $0.value { true } else { false } }) {
      throw unsupported(top, "a different rotary embedding for each layer type")
    }
    guard try rope.positive("partial_rotary_factor", upTo: 1, default: 1) == 1 else {
      throw unsupported(top, "partial_rotary_factor below 1")
    }
    let theta = try rope.positive("rope_theta", upTo: 1e15, default: outerTheta)
    let type = try rope.string("rope_type") ?? rope.string("type") ?? "default"
    switch type {
    case "default": return (theta, .none)
    case "linear": return (theta, .linear(factor: try rope.positive("factor", upTo: 1e6)))
    case "llama3":
      let low = try rope.positive("low_freq_factor", upTo: 1e6)
      let high = try rope.positive("high_freq_factor", upTo: 1e6)
      guard high > low else { throw rope.invalid("high_freq_factor", allowed: "larger than low_freq_factor") }
      // transformers lets a top-level value win, and falls back to max_position_embeddings.
      let original =
        try top.optionalInteger("original_max_position_embeddings", 1...maximumPositions)
        ?? rope.optionalInteger("original_max_position_embeddings", 1...maximumPositions) ?? maxPositions
      return (
        theta,
        .llama3(
          factor: try rope.positive("factor", upTo: 1e6), lowFrequencyFactor: low, highFrequencyFactor: high,
          originalMaxPositions: original)
      )
    default: throw unsupported(top, "rotary scaling \(CheckpointError.quoted(type))")
    }
  }

  static let maximumPositions = 1 << 30

  private static func unsupported(_ top: FieldReader, _ feature: String) -> CheckpointError {
    .unsupported(
      file: top.file, feature: feature, supported: "full rotary embeddings of type default, linear or llama3")
  }
}
