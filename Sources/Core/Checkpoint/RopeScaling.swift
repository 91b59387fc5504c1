import Foundation

/// How rotary position frequencies are stretched beyond the pretraining length.
public enum RopeScaling: Sendable, Equatable {
  case none
  /// All frequencies divided by `factor` (Chen et al., "Position Interpolation", 2023).
  case linear(factor: Double)
  /// Llama 3.1: wavelengths above originalMaxPositions / lowFrequencyFactor are stretched by `factor`, those below
  /// originalMaxPositions / highFrequencyFactor are kept, and those between are interpolated.
  case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalMaxPositions: Int)
  /// YaRN (Peng et al., 2023): frequencies that turn often within the original length are kept, those that hardly turn
  /// are divided by `factor`, and those between are interpolated along a ramp.
  case yarn(Yarn)
  /// LongRoPE (Ding et al., 2024) up to the original length: every frequency divided by a factor of its own, and cosines
  /// and sines times `amplitude`. Longer sequences would take other factors, for all of their tokens.
  case longRope(factors: [Double], amplitude: Double, originalMaxPositions: Int)

  public struct Yarn: Sendable, Equatable {
    public var factor: Double
    public var originalMaxPositions: Int
    /// Turns within the original length above which a frequency is kept, and below which it is divided.
    public var betaFast = 32.0
    public var betaSlow = 1.0
    /// What cosines and sines are multiplied by.
    public var amplitude: Double
    /// Whether the ramp begins and ends at whole columns.
    public var truncates = true
  }

  /// The longest sequence that this scaling holds for; nil: any.
  public var longestSequence: Int? {
    if case .longRope(_, _, let original) = self { original } else { nil }
  }
}

extension RopeScaling {
  static let maximumPositions = 1 << 30

  /// - Parameters:
  ///   - rope: the scaling's own object.
  ///   - top: what it stands in: some keys count there too.
  ///   - dimension: the columns of a head that turn.
  ///   - defaults: the family's.
  static func decode(
    _ rope: FieldReader, top: FieldReader, maxPositions: Int, dimension: Int, defaults: ArchitectureDefaults
  ) throws -> RopeScaling {
    let name = try rope.string("rope_type") ?? rope.string("type") ?? "default"
    let type = defaults.ropeTypes[name] ?? name
    // transformers lets a top-level value win, and falls back to max_position_embeddings.
    let original =
      try top.optionalInteger("original_max_position_embeddings", 1...maximumPositions)
      ?? rope.optionalInteger("original_max_position_embeddings", 1...maximumPositions)
      ?? defaults.originalMaxPositions ?? maxPositions
    switch type {
    case "default": return .none
    case "linear": return .linear(factor: try rope.positive("factor", upTo: 1e6))
    case "dynamic":
      // The base grows with the sequence beyond max_position_embeddings only, and longer ones are refused.
      _ = try rope.positive("factor", upTo: 1e6)
      return .none
    case "llama3":
      let low = try rope.positive("low_freq_factor", upTo: 1e6)
      let high = try rope.positive("high_freq_factor", upTo: 1e6)
      guard high > low else { throw rope.invalid("high_freq_factor", allowed: "larger than low_freq_factor") }
      return .llama3(
        factor: try rope.positive("factor", upTo: 1e6), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalMaxPositions: original)
    case "yarn": return .yarn(try yarn(rope, original: original, maxPositions: maxPositions))
    case "longrope":
      return try longRope(rope, original: original, maxPositions: maxPositions, dimension: dimension)
    default: throw unsupported(top, "rotary scaling \(CheckpointError.quoted(type))")
    }
  }

  private static func yarn(_ rope: FieldReader, original: Int, maxPositions: Int) throws -> Yarn {
    let factor = try rope.positive("factor", upTo: 1e6, default: Double(maxPositions) / Double(original))
    func scale(_ mscale: Double) -> Double { factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1 }
    // Zero counts as absent, as in transformers.
    func optional(_ key: String) throws -> Double? {
      rope.value(key)?.number == 0 ? nil : try rope.value(key).map { _ in try rope.positive(key, upTo: 1e6) }
    }
    var amplitude = scale(1)
    if let own = try rope.value("attention_factor").map({ _ in try rope.positive("attention_factor", upTo: 1e6) }) {
      amplitude = own
    } else if let mscale = try optional("mscale"), let all = try optional("mscale_all_dim") {
      amplitude = scale(mscale) / scale(all)
    }
    var yarn = Yarn(factor: factor, originalMaxPositions: original, amplitude: amplitude)
    yarn.betaFast = try optional("beta_fast") ?? 32
    yarn.betaSlow = try optional("beta_slow") ?? 1
    yarn.truncates = try rope.bool("truncate", default: true)
    return yarn
  }

  private static func longRope(
    _ rope: FieldReader, original: Int, maxPositions: Int, dimension: Int
  ) throws -> RopeScaling {
    let factors = try rope.numbers("short_factor", above: 0, upTo: 1e6)
    guard factors.count == dimension / 2 else {
      throw rope.invalid("short_factor", allowed: "a list of \(dimension / 2) numbers")
    }
    guard original > 1 else { throw rope.invalid("original_max_position_embeddings", allowed: "larger than 1") }
    let factor = try rope.positive("factor", upTo: 1e9, default: Double(maxPositions) / Double(original))
    let standard = factor <= 1 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot()
    return .longRope(
      factors: factors, amplitude: try rope.positive("attention_factor", upTo: 1e6, default: standard),
      originalMaxPositions: original)
  }

  static func unsupported(_ top: FieldReader, _ feature: String) -> CheckpointError {
    .unsupported(
      file: top.file, feature: feature,
      supported: "rotary embeddings of type default, linear, dynamic, llama3, yarn and longrope")
  }
}
