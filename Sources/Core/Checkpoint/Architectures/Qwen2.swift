/// Qwen2 and Qwen2.5 (Yang et al., 2024): a Llama with biases on queries, keys and values.
public struct Qwen2: Architecture {
  public let modelType = "qwen2"
  public let models = "Qwen2"
  public let defaults = ArchitectureDefaults(keyValueHeads: 32, maxPositions: 32_768)

  public init() {}

  public func biases(_ config: FieldReader) throws -> LinearBiases { LinearBiases(queryKeyValue: true) }

  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    try config.windowsOfUpperLayers(layers, layerTypes: layerTypes)
  }
}
