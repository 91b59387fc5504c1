/// Phi-3, Phi-3.5 and Phi-4 (Abdin et al., 2024): a Llama that stores its queries, keys and values in one weight, and gate
/// and up in another.
public struct Phi3: Architecture {
  public let modelType = "phi3"
  public let models = "Phi-3 (to Phi-4)"
  public let defaults = ArchitectureDefaults(
    maxPositions: 4096, tokenIDs: .init(bos: 1, eos: 32_000), rmsNormEpsilon: 1e-5
  ).with {
    $0.partialRotary = true
    $0.originalMaxPositions = 4096
    $0.ropeTypes = ["su": "longrope", "yarn": "longrope"]
  }

  public init() {}

  /// Unlike its neighbours' classes, this one sets no window where the key is absent.
  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    Array(repeating: try config.slidingWindow(default: nil), count: layers)
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription {
    // Gate and up lie side by side in bf16, whose products read pairs of columns.
    let inner = try config.integer("intermediate_size", 1...1 << 20)
    guard inner % 2 == 0 else { throw config.invalid("intermediate_size", allowed: "even in a phi3 model") }
    var layer = LayerDescription()
    layer.fused = [.queryKeyValue, .gateUp]
    return layer
  }
}
