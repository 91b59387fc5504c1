/// A family of decoders: what its `model_type` means in a `config.json`. The defaults are those of transformers'
/// configuration class of that name.
///
/// A family states what it does differently; everything else is a plain Llama decoder.
public protocol Architecture: Sendable {
  /// config.json's `model_type`.
  var modelType: String { get }
  /// The models that it stands for, as a refusal lists them.
  var models: String { get }
  /// The values of keys that are absent.
  var defaults: ArchitectureDefaults { get }

  /// Which linears have biases.
  /// - Throws: `CheckpointError`, naming the key.
  func biases(_ config: FieldReader) throws -> LinearBiases

  /// Sequences up to this length are attended to in full by every layer; nil where those of any length are.
  /// - Parameter layerTypes: "full_attention" or "sliding_attention" of each layer, where the file says it.
  /// - Throws: `CheckpointError`, naming the key.
  func slidingWindow(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> Int?

  /// What its layers add to or change in the plain one.
  /// - Throws: `CheckpointError`, naming the key.
  func layer(_ config: FieldReader) throws -> LayerDescription
}

/// The values that a family's configuration class gives to keys that are absent.
public struct ArchitectureDefaults: Sendable {
  /// Nil: as many as there are heads.
  public var keyValueHeads: Int?
  /// Nil: hidden_size / num_attention_heads.
  public var headDimension: Int?
  public var maxPositions: Int
  /// Nil: none. They hold only where the vocabulary has them.
  public var tokenIDs: TokenIDs?
  public var rmsNormEpsilon: Double

  public struct TokenIDs: Sendable {
    public var bos, eos: Int

    public init(bos: Int, eos: Int) {
      self.bos = bos
      self.eos = eos
    }
  }

  public init(
    keyValueHeads: Int? = nil, headDimension: Int? = nil, maxPositions: Int, tokenIDs: TokenIDs? = nil,
    rmsNormEpsilon: Double = 1e-6
  ) {
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.maxPositions = maxPositions
    self.tokenIDs = tokenIDs
    self.rmsNormEpsilon = rmsNormEpsilon
  }
}

/// Which linears of a layer have biases.
public struct LinearBiases: Sendable {
  public var queryKeyValue: Bool
  /// o_proj.
  public var output: Bool
  /// gate_proj, up_proj and down_proj.
  public var mlp: Bool

  public init(queryKeyValue: Bool = false, output: Bool = false, mlp: Bool = false) {
    self.queryKeyValue = queryKeyValue
    self.output = output
    self.mlp = mlp
  }
}

// MARK: A plain family

extension Architecture {
  public func biases(_ config: FieldReader) throws -> LinearBiases { LinearBiases() }

  public func slidingWindow(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> Int? {
    guard layerTypes?.contains("sliding_attention") != true else {
      throw config.unsupported("sliding_attention in a \(modelType) model", supported: "full_attention")
    }
    return nil
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription { LayerDescription() }
}

// MARK: Rules that families share

extension FieldReader {
  /// The length of `sliding_window`. Where the key is absent, the classes that know it set 4,096; null switches it off.
  public func slidingWindow() throws -> Int? {
    if object["sliding_window"] == nil { return 4096 }
    return try optionalInteger("sliding_window", 1...RopeScaling.maximumPositions)
  }

  /// The rule of Qwen2 and its successors: a window only where `use_sliding_window` asks for one, in the layers that
  /// `layer_types` names or, without it, from `max_window_layers` on.
  public func slidingWindowOfUpperLayers(of layers: Int, layerTypes: [String]?) throws -> Int? {
    guard try bool("use_sliding_window", default: false), let window = try slidingWindow() else { return nil }
    if let layerTypes { return layerTypes.contains("sliding_attention") ? window : nil }
    return try integer("max_window_layers", 0...1 << 20, default: 28) < layers ? window : nil
  }
}
