/// A module of a layer as the checkpoint stores it: one of the seven linears, or several that lie under one another in one
/// weight (Phi-3's `qkv_proj`). An adapter belongs to a module.
public struct LinearModule: Sendable, Hashable {
  /// Its name in a layer, such as "self_attn.q_proj".
  public let path: String
  /// The linears whose rows it holds, in their order; all read one input.
  public let parts: [LinearKind]
  /// What the checkpoint calls the list of layers that it belongs to.
  public let list: String
  /// How its weight is stored.
  public let storage: Storage

  public enum Storage: Sendable, Hashable {
    /// [out, in], the rows of one part under those of another.
    case plain
    /// [out, in], the rows by head: of every head first those of one part, then those of the next (GPT-NeoX).
    case byHead
  }

  static let plainList = "model.layers"

  /// A linear with a module of its own.
  public init(_ kind: LinearKind) {
    path = "\(kind.block).\(kind.rawValue)"
    parts = [kind]
    list = Self.plainList
    storage = .plain
  }

  /// - Parameter parts: at least one, that read the same input.
  public init(
    path: String, parts: [LinearKind], list: String = "model.layers", storage: Storage = .plain
  ) {
    precondition(!parts.isEmpty, "a module holds a linear")
    self.path = path
    self.parts = parts
    self.list = list
    self.storage = storage
  }

  /// The last part of its name, by which adapters mostly target it: "q_proj".
  public var name: String { path.split(separator: ".").last.map(String.init) ?? path }

  /// Its name in the checkpoint, such as "model.layers.3.self_attn.q_proj"; its weight adds ".weight".
  public func fullName(layer: Int) -> String { "\(list).\(layer).\(path)" }

  /// Rows and columns of the weight [out, in].
  public func shape(in model: ModelConfiguration) -> (outputs: Int, inputs: Int) {
    (parts.reduce(0) { $0 + $1.shape(in: model).outputs }, parts[0].shape(in: model).inputs)
  }

  /// The rows of each of its linears.
  public func rows(in model: ModelConfiguration) -> [Range<Int>] {
    var end = 0
    return parts.map { kind in
      let start = end
      end += kind.shape(in: model).outputs
      return start..<end
    }
  }

  /// Whether the checkpoint holds a bias [out] beside the weight.
  public func hasBias(in model: ModelConfiguration) -> Bool { parts[0].hasBias(in: model) }

  var position: Int { parts[0].position }

  /// Phi-3's queries, keys and values in one weight, and its gate and up.
  public static let queryKeyValue = LinearModule(path: "self_attn.qkv_proj", parts: [.q_proj, .k_proj, .v_proj])
  public static let gateUp = LinearModule(path: "mlp.gate_up_proj", parts: [.gate_proj, .up_proj])
  /// GPT-NeoX's.
  static let neoX = [
    LinearModule(
      path: "attention.query_key_value", parts: [.q_proj, .k_proj, .v_proj], list: "gpt_neox.layers", storage: .byHead),
    LinearModule(path: "attention.dense", parts: [.o_proj], list: "gpt_neox.layers"),
    LinearModule(path: "mlp.dense_h_to_4h", parts: [.up_proj], list: "gpt_neox.layers"),
    LinearModule(path: "mlp.dense_4h_to_h", parts: [.down_proj], list: "gpt_neox.layers"),
  ]
  /// Every module that some family has.
  public static let known = LinearKind.allCases.map { LinearModule($0) } + [queryKeyValue, gateUp] + neoX
}

/// One module of a model.
public struct LinearAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let layer: Int
  public let module: LinearModule

  public init(layer: Int, module: LinearModule) {
    self.layer = layer
    self.module = module
  }

  /// A linear with a module of its own.
  public init(layer: Int, kind: LinearKind) { self.init(layer: layer, module: LinearModule(kind)) }

  public var description: String { module.fullName(layer: layer) }

  /// By layer, then in the order of `LinearKind.allCases`.
  public static func < (left: LinearAddress, right: LinearAddress) -> Bool {
    left.layer == right.layer ? left.module.position < right.module.position : left.layer < right.layer
  }
}

extension LayerDescription {
  /// The linears of a layer, in the order of `LinearKind.allCases`.
  public var linears: [LinearKind] { LinearKind.allCases.filter { hasGate || $0 != .gate_proj } }

  /// Every module that holds linears, in the order of `LinearKind.allCases`.
  public var modules: [LinearModule] {
    linears.compactMap { kind in
      guard let fused = fused.first(where: { $0.parts.contains(kind) }) else { return LinearModule(kind) }
      return fused.parts[0] == kind ? fused : nil
    }
  }
}
