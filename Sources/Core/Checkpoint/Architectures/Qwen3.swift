/// Qwen3 (Yang et al., 2025), dense: a Llama with norms on every head's queries and keys.
public struct Qwen3: Architecture {
  public let modelType = "qwen3"
  public let models = "Qwen3"
  public let defaults = ArchitectureDefaults(keyValueHeads: 32, headDimension: 128, maxPositions: 32_768)

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases {
    try config.biases()
  }

  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    try config.windowsOfUpperLayers(layers, layerTypes: layerTypes)
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    var layer = LayerDescription()
    layer.queryKeyNorm = .init()
    return layer
  }
}
