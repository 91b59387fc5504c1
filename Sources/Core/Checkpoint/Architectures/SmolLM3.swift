/// SmolLM3 (Hugging Face, 2025): a Llama in which every fourth layer, or the layers that the file names, turns nothing
/// (Yang et al., "RoPE to NoPE and back again", 2025).
public struct SmolLM3: Architecture {
  public let modelType = "smollm3"
  public let models = "SmolLM3"
  public let defaults = ArchitectureDefaults(
    keyValueHeads: 4, maxPositions: 32_768, tokenIDs: .init(bos: 128_000, eos: 128_001)
  ).with {
    $0.ropeTheta = 2_000_000
    $0.tiedEmbeddings = true
  }

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases {
    try config.biases(ofMLP: true)
  }

  /// Its layers without rotation slide, where the file asks for windows at all.
  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    let window = try config.bool("use_sliding_window", default: false) ? config.slidingWindow(default: nil) : nil
    let turns = try turns(config, layers: layers)
    return config.windows(window, layers: layers, layerTypes: layerTypes) { !turns[$0] }
  }

  public func rotary(_ config: FieldReader, _ reader: RotaryReader, windows: [Int?]) throws -> RotaryLayout {
    RotaryLayout(
      [try reader.embedding()], ofLayer: try turns(config, layers: reader.layers).map { $0 ? 0 : nil })
  }

  /// In `no_rope_layers`, 1 says that a layer turns.
  private func turns(_ config: FieldReader, layers: Int) throws -> [Bool] {
    guard config.value("no_rope_layers") != nil else {
      let interval = try config.integer("no_rope_layer_interval", 1...1 << 20, default: 4)
      return (0..<layers).map { ($0 + 1) % interval != 0 }
    }
    let list = try config.integers("no_rope_layers", 0...1)
    guard list.count >= layers else {
      throw config.invalid("no_rope_layers", allowed: "a list of \(layers) numbers, one a layer")
    }
    return list.prefix(layers).map { $0 == 1 }
  }
}
