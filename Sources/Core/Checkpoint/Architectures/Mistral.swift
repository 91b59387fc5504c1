/// Mistral (Jiang et al., 2023): a Llama whose attention slides in every layer, unless the file switches that off.
public struct Mistral: Architecture {
  public let modelType = "mistral"
  public let models = "Mistral"
  public let defaults = ArchitectureDefaults(keyValueHeads: 8, maxPositions: 131_072, tokenIDs: .init(bos: 1, eos: 2))

  public init() {}

  /// Its class does not read `layer_types`.
  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    Array(repeating: try config.slidingWindow(), count: layers)
  }
}
