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
  /// Bytes of tensor data in all weight files.
  public let weightBytes: Int
  /// The weight files, in the order of their names.
  let weightFiles: [SafetensorsFile]
  /// Tensor name to position in `weightFiles`.
  private let owners: [String: Int]

  /// - Parameter architectures: the families that its configuration may be of.
  /// - Throws: `CheckpointError`.
  public init(path: String, architectures: ArchitectureRegistry = .standard) throws {
    let folder = URL(fileURLWithPath: path, isDirectory: true)
    try Self.requireFolder(path)
    let configurationURL = folder.appendingPathComponent("config.json")
    guard FileManager.default.fileExists(atPath: configurationURL.path) else {
      throw CheckpointError.notACheckpoint(
        folder: path, reason: Self.explainMissing("config.json", in: path, isWeights: false))
    }
    var files = [configurationURL]
    var configuration = try ModelConfiguration.decode(
      json: Data(try SmallFile.read(configurationURL.path)), file: configurationURL.path,
      architectures: architectures)

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
    self.owners = owners
    weightBytes = weightFiles.reduce(0) { $0 + $1.dataByteCount }
    try checkTensors()
  }

  /// Every tensor's name, by file and position.
  public var names: [String] { weightFiles.flatMap(\.names) }

  public func hasTensor(_ name: String) -> Bool { owners[name] != nil }

  /// - Throws: `CheckpointError` where there is no such tensor, or it is not in bf16, fp16 or fp32.
  public func tensor(_ name: String) throws -> StoredTensor {
    guard let owner = owners[name] else { throw CheckpointError.missingTensor(file: path, name: name) }
    return try weightFiles[owner].tensor(name)
  }

  // MARK: - Checks

  private func checkTensors() throws {
    var expected: Set<String> = []
    for (name, shape) in configuration.tensorShapes {
      guard let owner = owners[name] else { throw CheckpointError.missingTensor(file: path, name: name) }
      let found = try weightFiles[owner].tensorInfo(name)
      guard found.shape == shape else {
        throw CheckpointError.wrongShape(file: weightFiles[owner].path, name: name, shape: found.shape, expected: shape)
      }
      expected.insert(name)
    }
    for file in weightFiles {
      for name in file.names where !expected.contains(name) { try checkExtra(name, in: file) }
    }
  }

  /// A tensor that the model would not read is either known to be harmless, or a sign that the model is another one.
  private func checkExtra(_ name: String, in file: SafetensorsFile) throws {
    // Rotary tables, recomputed from the configuration, in checkpoints from before transformers 4.32.
    if name.hasSuffix(".rotary_emb.inv_freq") { return }
    if name == "lm_head.weight" {
      let head = try tensor(name)
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
