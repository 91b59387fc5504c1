import Checkpoint
import Foundation
import JSON

/// A GGUF file on its way into a Hugging Face folder: weights in one safetensors file under transformers' names and in its
/// order, the configuration, the tokenizer and the chat template.
///
/// Opening reads the header and refuses what cannot be turned into a model that computes the same; `write` does the work.
public struct GGUFImport: Sendable {
  public let path: String
  /// The type in which all weights are written.
  public let precision: StoredType
  /// The `model_type` of the configuration.
  public let modelType: String
  public let layerCount: Int
  /// All weights together.
  public let parameterCount: Int
  /// The types of the file's matrices, the commonest first.
  public let storedTypes: [String]
  /// A sentence for the user, where something is not sure; nil mostly.
  public let warning: String?
  /// Stands for the file's content, its time of change, and all that decides what is written: 64 hexadecimal digits.
  public let key: String

  private let entries: [Entry]
  private let headDimension: Int
  private let weights: GGUFWeights
  private let texts: [(name: String, text: String)]

  private struct Entry: Sendable {
    let tensor: GGUFTensor
    let name: String
    let isInterleaved: Bool
    /// Gemma's norms are stored as 1 + w.
    let offset: Float
  }

  /// - Parameters:
  ///   - precision: bf16 or fp32.
  ///   - architectures: the families of which it must be one; nil for all that can be written, also those that only
  ///     transformers computes.
  /// - Throws: `CheckpointError`.
  public init(path: String, precision: StoredType = .bf16, architectures: ArchitectureRegistry? = .standard) throws {
    let file = try GGUFFile(path: path)
    let configuration = try GGUFConfiguration(file)
    let vocabulary = try GGUFVocabulary(file)
    let tokenizer = try GGUFTokenizer(vocabulary, family: configuration.family)
    let config = try configuration.json(tokens: tokenizer.special, precision: precision)
    let entries = try Self.entries(file, family: configuration.family)
    let text = ConfigurationText.text(of: config)
    if let architectures {
      let model = try ModelConfiguration.decode(json: Data(text.utf8), file: path, architectures: architectures)
      try Self.check(entries, against: model, path: path)
    }
    self.path = path
    self.precision = precision
    self.entries = entries
    modelType = config["model_type"]?.string ?? ""
    layerCount = config["num_hidden_layers"]?.integer ?? 0
    headDimension = config["head_dim"]?.integer ?? 1
    parameterCount = entries.reduce(0) { $0 + $1.tensor.elementCount }
    storedTypes = Self.storedTypes(entries)
    warning = tokenizer.warning
    weights = GGUFWeights(file: file)
    key = try ImportKey.key(of: file, precision: precision)
    texts = [
      ("tokenizer.json", JSONValue.object(try tokenizer.json()).compactText + "\n"),
      ("tokenizer_config.json", JSONValue.object(try tokenizer.configuration()).indentedText + "\n"),
      ("generation_config.json", JSONValue.object(tokenizer.generation).indentedText + "\n"),
      (ImportKey.fileName, ImportKey.text(key: key, path: path)),
      // Last: a folder without it is not taken for a checkpoint.
      ("config.json", text),
    ]
  }

  /// Bytes that the folder will take.
  public var byteCount: Int {
    parameterCount * precision.byteWidth + texts.reduce(1 << 20) { $0 + $1.text.utf8.count }
  }

  // MARK: Planning

  private static func entries(_ file: GGUFFile, family: GGUFFamily) throws -> [Entry] {
    try file.tensors.compactMap { tensor in
      // It has become rope_scaling.
      if tensor.name == "rope_freqs.weight" { return nil }
      guard let name = family.checkpointName(of: tensor.name) else {
        throw CheckpointError.unexpectedTensor(
          file: file.path, name: tensor.name, reason: "no \(family.rawValue) model that is known has it")
      }
      guard Dequantization.isSupported(tensor.type) else { throw GGUFWeights.unsupported(tensor, in: file.path) }
      let isQueryOrKey = name.contains(".q_proj.") || name.contains(".k_proj.")
      return Entry(
        tensor: tensor, name: name, isInterleaved: family.interleavesQueriesAndKeys && isQueryOrKey,
        offset: family.isGemma && name.hasSuffix("norm.weight") ? -1 : 0)
    }
  }

  /// Refuses a missing or mis-shaped tensor before anything is written.
  private static func check(_ entries: [Entry], against model: ModelConfiguration, path: String) throws {
    var shapes = Dictionary(uniqueKeysWithValues: model.tensorShapes.map { ($0.name, $0.shape) })
    for entry in entries {
      guard let expected = shapes.removeValue(forKey: entry.name) else {
        throw CheckpointError.unexpectedTensor(
          file: path, name: entry.tensor.name, reason: "its metadata describes a model without it")
      }
      guard entry.tensor.shape == expected else {
        throw CheckpointError.wrongShape(
          file: path, name: entry.tensor.name, shape: entry.tensor.shape, expected: expected)
      }
    }
    if let missing = model.tensorShapes.first(where: { shapes[$0.name] != nil }) {
      throw CheckpointError.missingTensor(file: path, name: missing.name)
    }
  }

  private static func storedTypes(_ entries: [Entry]) -> [String] {
    var elements: [String: Int] = [:]
    for entry in entries where entry.tensor.shape.count > 1 {
      elements[entry.tensor.type.name, default: 0] += entry.tensor.elementCount
    }
    return elements.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }

  // MARK: Writing

  /// Writes the folder's files into an existing folder.
  /// - Parameter report: called with the number of weights written so far; what it throws ends the work.
  /// - Throws: `CheckpointError`, and what `report` throws.
  func writeFiles(to folder: URL, report: @escaping @Sendable (Int) throws -> Void) throws {
    let counter = WeightCounter(report: report)
    let tensors = entries.map { entry in
      weights.entry(
        entry.tensor, name: entry.name, type: precision, headDimension: entry.isInterleaved ? headDimension : nil,
        offset: entry.offset, report: { try counter.add($0) })
    }
    do {
      try SafetensorsFile.write(
        tensors, metadata: ["format": "pt"], to: folder.appendingPathComponent("model.safetensors"))
    } catch {
      // What the report threw came back as a failed write.
      throw counter.failure ?? error
    }
    for (name, text) in texts { try AtomicFile.write(text, to: folder.appendingPathComponent(name)) }
  }
}
