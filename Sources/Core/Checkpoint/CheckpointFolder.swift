import Foundation
import JSON

/// A model in the Hugging Face layout: `config.json` and safetensors weights, in one file or in shards.
///
/// Opening maps the files and checks everything short of the values: the configuration, every header, and that each
/// tensor the model computes with is there with its shape. It reads no weights, so it is immediate at any size.
public final class CheckpointFolder: Sendable {
  public let path: String
  /// With the ids of `generation_config.json` merged into `eosTokenIDs`.
  public let configuration: ModelConfiguration
  /// The files read: config.json, generation_config.json and the shard index where present, then the weights.
  public let files: [URL]
  /// How weights of linears are stored in fewer than 16 bits; nil where none is.
  public let quantization: StoredQuantization?
  /// Bytes of tensor data in all weight files.
  public let weightBytes: Int
  /// The weight files, in the order of their names.
  let weightFiles: [SafetensorsFile]
  /// By a tensor's name in a plain decoder: its name in the file, and the file's position in `weightFiles`.
  private let places: [String: Place]

  private struct Place {
    let stored: String
    let file: Int
  }

  /// - Parameters:
  ///   - architectures: the families that its configuration may be of.
  ///   - use: decides which heads it may have.
  /// - Throws: `CheckpointError`.
  public init(
    path: String, architectures: ArchitectureRegistry = .standard, use: CheckpointUse = .languageModel
  ) throws {
    let folder = URL(fileURLWithPath: path, isDirectory: true)
    try Self.requireFolder(path)
    let configurationURL = folder.appendingPathComponent("config.json")
    guard FileManager.default.fileExists(atPath: configurationURL.path) else {
      throw CheckpointError.notACheckpoint(
        folder: path, reason: Self.explainMissing("config.json", in: path, isWeights: false))
    }
    var files = [configurationURL]
    let json = try SmallFile.read(configurationURL.path)
    var configuration = try ModelConfiguration.decode(
      json: Data(json), file: configurationURL.path, architectures: architectures, use: use)
    quantization = try StoredQuantization.decode(
      FieldReader(object: JSONObject(parsing: json, file: configurationURL.path), file: configurationURL.path))

    if quantization != nil, configuration.layer.modules.contains(where: { $0.storage != .plain }) {
      throw CheckpointError.unsupported(
        file: configurationURL.path, feature: "bitsandbytes in a \(configuration.modelType) model",
        supported: "its 16-bit checkpoint, which model.quantize makes nf4 or int8")
    }

    let generationURL = folder.appendingPathComponent("generation_config.json")
    if FileManager.default.fileExists(atPath: generationURL.path) {
      files.append(generationURL)
      let object = try JSONObject(parsing: try SmallFile.read(generationURL.path), file: generationURL.path)
      configuration = configuration.addingEOS(
        try ModelConfiguration.eosTokenIDs(
          FieldReader(object: object, file: generationURL.path), vocabulary: configuration.vocabularySize))
    }

    let weights = try ShardIndex.locate(in: folder)
    if let index = weights.index { files.append(index) }
    files += weights.files
    var weightFiles: [SafetensorsFile] = []
    var owners: [String: Int] = [:]
    for (position, url) in weights.files.enumerated() {
      let file = try SafetensorsFile(path: url.path)
      for name in file.names {
        guard owners.updateValue(position, forKey: name) == nil else {
          throw CheckpointError.malformed(
            file: url.path, problem: "its tensor \(CheckpointError.quoted(name)) is also in another shard")
        }
      }
      weightFiles.append(file)
    }
    for (name, shard) in weights.owners {
      guard let owner = owners[name], weights.files[owner].lastPathComponent == shard else {
        throw CheckpointError.missingTensor(file: folder.appendingPathComponent(shard).path, name: name)
      }
    }

    self.path = path
    self.configuration = configuration
    self.files = files
    self.weightFiles = weightFiles
    places = Dictionary(
      owners.map { (configuration.wrapping.plainName($0.key), Place(stored: $0.key, file: $0.value)) },
      uniquingKeysWith: { first, second in first.stored < second.stored ? first : second })
    weightBytes = weightFiles.reduce(0) { $0 + $1.dataByteCount }
    try checkTensors()
  }

  /// Every tensor's name, by file and position.
  public var names: [String] { weightFiles.flatMap(\.names) }

  public func hasTensor(_ name: String) -> Bool { places[name] != nil }

  /// The file that holds a tensor, given its name in a plain decoder.
  func weightFile(of name: String) -> SafetensorsFile? { places[name].map { weightFiles[$0.file] } }

  /// - Parameter name: as a plain decoder has it.
  /// - Throws: `CheckpointError` where there is no such tensor, or it is not in bf16, fp16 or fp32.
  public func tensor(_ name: String) throws -> StoredTensor {
    guard let place = places[name] else { throw CheckpointError.missingTensor(file: path, name: name) }
    return try weightFiles[place.file].tensor(place.stored)
  }

  /// A tensor's name in the files, given the one that a plain decoder has.
  func storedName(_ name: String) -> String { places[name]?.stored ?? name }

  // MARK: - Checks

  private func checkTensors() throws {
    var expected: Set<String> = []
    for (name, shape) in configuration.tensorShapes {
      guard let place = places[name] else { throw CheckpointError.missingTensor(file: path, name: name) }
      if let beside = try checkQuantized(name, shape: shape) {
        expected.formUnion((beside + [name]).map(storedName))
        continue
      }
      let file = weightFiles[place.file]
      let found = try file.tensorInfo(place.stored)
      guard found.shape == shape else {
        throw CheckpointError.wrongShape(file: file.path, name: place.stored, shape: found.shape, expected: shape)
      }
      expected.insert(place.stored)
    }
    for file in weightFiles {
      for name in file.names where !expected.contains(name) { try checkExtra(name, in: file) }
    }
  }

  /// A tensor that the model would not read is either known to be harmless, or a sign that the model is another one.
  private func checkExtra(_ name: String, in file: SafetensorsFile) throws {
    // Rotary tables, recomputed from the configuration, in checkpoints from before transformers 4.32.
    if name.hasSuffix(".rotary_emb.inv_freq") { return }
    if configuration.wrapping.ignored.contains(where: name.hasPrefix) { return }
    if configuration.wrapping.ignoredEndings.contains(where: name.hasSuffix) { return }
    if configuration.wrapping.plainName(name) == "lm_head.weight" {
      let head = try file.tensor(name)
      let embedding = try tensor("model.embed_tokens.weight")
      if head.shape == embedding.shape, head.type == embedding.type, head.bytes.elementsEqual(embedding.bytes) {
        return
      }
      throw CheckpointError.unexpectedTensor(
        file: file.path, name: name,
        reason: "config.json ties the head to the embeddings, yet they differ; set tie_word_embeddings to false there")
    }
    throw CheckpointError.unexpectedTensor(
      file: file.path, name: name, reason: "config.json describes a model without it")
  }

  private static func requireFolder(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CheckpointError.notACheckpoint(folder: path, reason: "there is no such folder")
    }
    guard isFolder.boolValue else {
      throw CheckpointError.notACheckpoint(folder: path, reason: "it is a file; name the folder that holds config.json")
    }
  }

  /// What the folder holds instead, and what to do about it.
  static func explainMissing(_ file: String, in path: String, isWeights: Bool) -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    func has(_ suffix: String) -> Bool { names.contains { $0.lowercased().hasSuffix(suffix) } }
    if has(".gguf") {
      return "it holds GGUF and \(file) is not there; name the .gguf file itself as the model, or turn it into a "
        + "folder with workbench import FILE.gguf --to DIR"
    }
    if isWeights, has(".bin") || has(".pt") || has(".pth") {
      return "its weights are PyTorch pickles; convert them with AutoModelForCausalLM.from_pretrained(folder)"
        + ".save_pretrained(new_folder), which writes safetensors"
    }
    if names.contains("adapter_config.json") {
      return "it is a LoRA adapter; name the base model's folder, and give this one as the adapter"
    }
    return "\(file) is not there"
  }
}
