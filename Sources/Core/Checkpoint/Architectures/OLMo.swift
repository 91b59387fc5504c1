/// OLMo 2 (Walsh et al., 2024): norms behind the blocks and none before them, and one norm over all heads' queries, one
/// over all keys.
public struct OLMo2: Architecture {
  public let modelType = "olmo2"
  public let models = "OLMo 2 and 3"
  public let defaults = ArchitectureDefaults(maxPositions: 2048, tokenIDs: .init(bos: nil, eos: 50_279)).with {
    $0.rmsNormEpsilon = 1e-5
  }

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases { try config.biases() }

  public func layer(_ config: FieldReader) throws -> LayerDescription { .olmo }
}

/// OLMo 3 (Olmo Team, 2025): OLMo 2 with windows in three layers of four, and YaRN, where it scales, in the fourth.
public struct OLMo3: Architecture {
  public let modelType = "olmo3"
  public let models = ""
  public let defaults = ArchitectureDefaults(maxPositions: 2048, tokenIDs: .init(bos: nil, eos: 50_279)).with {
    $0.rmsNormEpsilon = 1e-5
    $0.ropeTheta = 500_000
  }

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases { try config.biases() }

  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    config.windows(try config.slidingWindow(), layers: layers, layerTypes: layerTypes) { ($0 + 1) % 4 != 0 }
  }

  /// `rope_scaling` is about the layers with full attention only.
  public func rotary(_ config: FieldReader, _ reader: RotaryReader, windows: [Int?]) throws -> RotaryLayout {
    let theta = try config.positive("rope_theta", upTo: 1e15, default: defaults.ropeTheta)
    return RotaryLayout(
      [
        try reader.embedding(layerType: "full_attention", theta: theta, scales: true),
        try reader.embedding(layerType: "sliding_attention", theta: theta, scales: false),
      ], ofLayer: windows.map { $0 == nil ? 0 : 1 })
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription { .olmo }
}

/// EXAONE 4 (LG AI Research, 2025): norms behind the blocks, on every head's queries and keys, and no rotation in the
/// layers with full attention of a model that has windows.
public struct Exaone4: Architecture {
  public let modelType = "exaone4"
  public let models = "EXAONE 4"
  public let defaults = ArchitectureDefaults(
    keyValueHeads: 32, maxPositions: 2048, tokenIDs: .init(bos: 0, eos: 2)
  ).with { $0.rmsNormEpsilon = 1e-5 }

  public init() {}

  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    let pattern = layerTypes == nil ? try pattern(config, layers: layers) : []
    return config.windows(try config.slidingWindow(), layers: layers, layerTypes: layerTypes) { pattern[$0] }
  }

  public func rotary(_ config: FieldReader, _ reader: RotaryReader, windows: [Int?]) throws -> RotaryLayout {
    let hybrid = try config.slidingWindow() != nil
    return RotaryLayout([try reader.embedding()], ofLayer: windows.map { hybrid && $0 == nil ? nil : 0 })
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    var layer = LayerDescription.olmo
    layer.norm.roundsTwice = true
    layer.queryKeyNorm = .init()
    return layer
  }

  /// Whether each layer slides: all but every fourth, or as `sliding_window_pattern` says.
  private func pattern(_ config: FieldReader, layers: Int) throws -> [Bool] {
    guard try config.slidingWindow() != nil else { return Array(repeating: false, count: layers) }
    if case .string(let letters)? = config.value("sliding_window_pattern") {
      throw config.unsupported(
        "the sliding_window_pattern \(CheckpointError.quoted(letters))", supported: "a number, or layer_types")
    }
    let every = try config.integer("sliding_window_pattern", 1...1 << 20, default: 4)
    return (0..<layers).map { ($0 + 1) % every != 0 }
  }
}

extension LayerDescription {
  fileprivate static var olmo: LayerDescription {
    var layer = LayerDescription()
    layer.attentionNorm = nil
    layer.mlpNorm = nil
    layer.attentionOutputNorm = "post_attention_layernorm"
    layer.mlpOutputNorm = "post_feedforward_layernorm"
    layer.norm.roundsTwice = false
    layer.queryKeyNorm = .init(span: .row)
    return layer
  }
}
