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
  /// What a checkpoint holds beside a text decoder, and how that is wrapped.
  var wrapping: TextWrapping { get }

  /// Which linears have biases.
  /// - Throws: `CheckpointError`, naming the key.
  func biases(_ config: FieldReader) throws -> LinearBiases

  /// The window of every layer's attention; nil for full attention.
  /// - Parameter layerTypes: "full_attention" or "sliding_attention" of each layer, where the file says it.
  /// - Throws: `CheckpointError`, naming the key.
  func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?]

  /// The rotary embeddings, and which of them each layer uses.
  /// - Parameter windows: of every layer.
  /// - Throws: `CheckpointError`, naming the key.
  func rotary(_ config: FieldReader, _ reader: RotaryReader, windows: [Int?]) throws -> RotaryLayout

  /// The MLP's function.
  /// - Throws: `CheckpointError`, naming the key.
  func activation(_ config: FieldReader) throws -> LayerDescription.GateActivation

  /// What its layers add to or change in the plain one; their activation is read beside it.
  /// - Parameter headDimension: d.
  /// - Throws: `CheckpointError`, naming the key.
  func layer(_ config: FieldReader) throws -> LayerDescription

  /// What it does to embeddings and logits.
  /// - Throws: `CheckpointError`, naming the key.
  func embeddings(_ config: FieldReader, hiddenSize: Int) throws -> EmbeddingScaling
}

/// The values that a family's configuration class gives to keys that are absent.
public struct ArchitectureDefaults: Sendable {
  /// Nil: the file must say.
  public var heads: Int?
  /// Nil: as many as there are heads.
  public var keyValueHeads: Int?
  /// Nil: hidden_size / num_attention_heads.
  public var headDimension: Int?
  /// Nil: the file must say.
  public var vocabularySize: Int?
  public var maxPositions: Int
  /// Nil: none. They hold only where the vocabulary has them.
  public var tokenIDs: TokenIDs?
  public var ropeTheta = 10_000.0
  public var rmsNormEpsilon: Double
  public var tiedEmbeddings = false
  /// Whether its class reads `partial_rotary_factor`, and what that is where it is absent.
  public var partialRotary = false
  public var rotaryFactor = 1.0
  /// Names that its files have for keys.
  public var otherNames: [String: String] = [:]
  /// Of `original_max_position_embeddings`; nil: as many as `max_position_embeddings`.
  public var originalMaxPositions: Int?
  /// Other names that its files have for a `rope_type`.
  public var ropeTypes: [String: String] = [:]

  public struct TokenIDs: Sendable {
    public var bos: Int?
    public var eos: Int

    public init(bos: Int?, eos: Int) {
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

  /// The same with some of them changed.
  func with(_ change: (inout ArchitectureDefaults) -> Void) -> ArchitectureDefaults {
    var changed = self
    change(&changed)
    return changed
  }
}

/// Which linears of a layer have biases.
public struct LinearBiases: Sendable {
  public var queryKeyValue: Bool
  /// o_proj.
  public var output: Bool
  /// The MLP's.
  public var mlp: Bool

  public init(queryKeyValue: Bool = false, output: Bool = false, mlp: Bool = false) {
    self.queryKeyValue = queryKeyValue
    self.output = output
    self.mlp = mlp
  }
}

/// A text decoder inside a larger model, such as one that sees pictures.
public struct TextWrapping: Sendable, Equatable {
  /// The key of the decoder's configuration in config.json; nil where it is the file itself.
  public var configurationKey: String?
  /// Ends of class names in `architectures` beside "ForCausalLM".
  public var classSuffixes: [String] = []
  /// What a stored tensor's name may begin with, and what it then begins with in a plain decoder.
  public var prefixes: [Prefix] = []
  /// What a module's name begins with in transformers, before ".layers": what PEFT's files of an adapter say.
  public var modulePrefix = "model"
  /// What the names of tensors begin with that no text needs.
  public var ignored: [String] = []
  /// What they end with: masks that older versions stored.
  public var ignoredEndings: [String] = []

  public struct Prefix: Sendable, Equatable {
    public let stored, plain: String

    public init(_ stored: String, _ plain: String) {
      self.stored = stored
      self.plain = plain
    }
  }

  public init() {}

  /// A stored tensor's name in a plain decoder.
  func plainName(_ stored: String) -> String {
    for prefix in prefixes where stored.hasPrefix(prefix.stored) {
      return prefix.plain + stored.dropFirst(prefix.stored.count)
    }
    return stored
  }
}

// MARK: A plain family

extension Architecture {
  public var wrapping: TextWrapping { TextWrapping() }

  public func biases(_ config: FieldReader) throws -> LinearBiases { LinearBiases() }

  public func windows(_ config: FieldReader, layers: Int, layerTypes: [String]?) throws -> [Int?] {
    guard layerTypes?.contains("sliding_attention") != true else {
      throw config.unsupported("sliding_attention in a \(modelType) model", supported: "full_attention")
    }
    return Array(repeating: nil, count: layers)
  }

  public func rotary(_ config: FieldReader, _ reader: RotaryReader, windows: [Int?]) throws -> RotaryLayout {
    RotaryLayout(try reader.embedding(), layers: reader.layers)
  }

  public func activation(_ config: FieldReader) throws -> LayerDescription.GateActivation {
    try config.activation(["hidden_act"], default: "silu", among: ["silu": .silu, "swish": .silu])
  }

  public func layer(_ config: FieldReader) throws -> LayerDescription { LayerDescription() }

  public func embeddings(_ config: FieldReader, hiddenSize: Int) throws -> EmbeddingScaling { EmbeddingScaling() }
}

// MARK: Rules that families share

extension FieldReader {
  /// The function that the first of `keys` names.
  func activation(
    _ keys: [String], default fallback: String, among known: [String: LayerDescription.GateActivation]
  ) throws -> LayerDescription.GateActivation {
    let key = keys.first { value($0) != nil }
    let name = try key.flatMap { try string($0) } ?? fallback
    guard let activation = known[name] else {
      throw unsupported(
        "\(key ?? keys[0]) \(CheckpointError.quoted(name))", supported: known.keys.sorted().joined(separator: ", "))
    }
    return activation
  }

  /// `attention_bias` for the four linears of the attention and, where the family's class reads it, `mlp_bias` for the MLP's.
  func biases(ofMLP: Bool = false) throws -> LinearBiases {
    let attention = try bool("attention_bias", default: false)
    return LinearBiases(
      queryKeyValue: attention, output: attention, mlp: try ofMLP && bool("mlp_bias", default: false))
  }

  /// The length of `sliding_window`. Where the key is absent, the classes that know it set 4,096; null switches it off.
  public func slidingWindow(default fallback: Int? = 4096) throws -> Int? {
    if object["sliding_window"] == nil { return fallback }
    return try optionalInteger("sliding_window", 1...RopeScaling.maximumPositions)
  }

  /// `window` in the layers that `layerTypes` calls sliding or, without it, in those that `slides` picks.
  func windows(
    _ window: Int?, layers: Int, layerTypes: [String]?, slides: (Int) -> Bool
  ) -> [Int?] {
    (0..<layers).map { layer in
      layerTypes.map { $0[layer] == "sliding_attention" } ?? slides(layer) ? window : nil
    }
  }

  /// The rule of Qwen2 and its successors: a window only where `use_sliding_window` asks for one, in the layers that
  /// `layer_types` names or, without it, from `max_window_layers` on.
  func windowsOfUpperLayers(_ layers: Int, layerTypes: [String]?) throws -> [Int?] {
    let window = try bool("use_sliding_window", default: false) ? try slidingWindow() : nil
    let first = try integer("max_window_layers", 0...1 << 20, default: 28)
    return windows(window, layers: layers, layerTypes: layerTypes) { $0 >= first }
  }
}
