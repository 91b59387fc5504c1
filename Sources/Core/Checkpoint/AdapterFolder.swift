import Foundation
import JSON

/// The factors of one adapted module, fp32, row-major.
public struct LoRATensors: Sendable, Equatable {
  /// A, [rank, in].
  public var down: [Float]
  /// B, [out, rank].
  public var up: [Float]
  /// DoRA's m, [out]; nil in plain LoRA.
  public var magnitude: [Float]?

  public init(down: [Float], up: [Float], magnitude: [Float]? = nil) {
    self.down = down
    self.up = up
    self.magnitude = magnitude
  }
}

/// The head of a reward model, trained in full beside its adapter: score = W h, without a bias.
public struct ScoreHead: Sendable, Equatable {
  /// Numbers that come out, `num_labels`: 1 in a reward model.
  public let labels: Int
  /// W, [labels, hidden], row-major.
  public let weight: [Float]

  public init(labels: Int, weight: [Float]) {
    self.labels = labels
    self.weight = weight
  }
}

/// A LoRA adapter in PEFT's layout: `adapter_config.json` and `adapter_model.safetensors`.
public struct AdapterFolder: Sendable {
  public let path: String
  public let configuration: LoRAConfiguration
  /// `base_model_name_or_path`, where the file names one.
  public let baseModelName: String?
  /// Exactly the adapted modules, with rows in the order of the files.
  public let tensors: [LinearAddress: LoRATensors]
  /// What it makes of its model; nil where the file does not say it.
  public let task: AdapterTask?
  /// The head of a reward model, where the adapter brings one.
  public let scoreHead: ScoreHead?

  static let weightsName = "adapter_model.safetensors"
  static let prefix = "base_model.model."
  static let scoreName = prefix + "score.weight"

  init(
    path: String, configuration: LoRAConfiguration, baseModelName: String?, tensors: [LinearAddress: LoRATensors],
    task: AdapterTask?, scoreHead: ScoreHead? = nil
  ) {
    self.path = path
    self.configuration = configuration
    self.baseModelName = baseModelName
    self.tensors = tensors
    self.task = task
    self.scoreHead = scoreHead
  }

  /// Reads an adapter that fits `model`; weights in bf16 or fp16 are widened to fp32. A folder of MLX is read too.
  /// - Throws: `CheckpointError` for anything that would not be computed exactly as PEFT does, and for a missing, extra
  ///   or mis-shaped tensor.
  public static func read(path: String, model: ModelConfiguration) throws -> AdapterFolder {
    let folder = URL(fileURLWithPath: path, isDirectory: true)
    func has(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
    }
    if has(MLXAdapter.weightsName), !has(weightsName), has(AdapterConfiguration.fileName) {
      return try MLXAdapter.read(path: path, model: model)
    }
    for name in [AdapterConfiguration.fileName, weightsName] where !has(name) {
      throw CheckpointError.notAnAdapter(folder: path, reason: explainMissing(name, in: path))
    }
    let configurationPath = folder.appendingPathComponent(AdapterConfiguration.fileName).path
    var configuration = try AdapterConfiguration.decode(
      json: try SmallFile.read(configurationPath), file: configurationPath)
    let file = try SafetensorsFile(path: folder.appendingPathComponent(weightsName).path)
    configuration.lora.namePrefix = namePrefix(of: file)

    let lora = configuration.lora
    let modules = lora.modules(of: model)
    guard !modules.isEmpty else {
      throw CheckpointError.invalidValue(
        file: configurationPath, key: "target_modules", value: "of no module of this model",
        allowed: "of some of " + model.layer.modules.map(\.name).joined(separator: ", "))
    }
    var reader = TensorReader(file: file)
    var tensors: [LinearAddress: LoRATensors] = [:]
    for module in modules {
      let (outputs, inputs) = module.address.module.shape(in: model)
      let keys = keys(module.address, lora)
      tensors[module.address] = LoRATensors(
        down: try reader.floats(keys.down, [module.rank, inputs]),
        up: try reader.floats(keys.up, [outputs, module.rank]),
        magnitude: lora.usesDoRA
          ? try reader.floats(anyOf: [keys.magnitude, keys.magnitude + ".weight"], [outputs]) : nil)
    }
    let head = try scoreHead(&reader, model: model)
    if let extra = file.names.first(where: { !reader.seen.contains($0) }) {
      throw CheckpointError.unexpectedTensor(file: file.path, name: extra, reason: explainExtra(extra, model: model))
    }
    return AdapterFolder(
      path: path, configuration: lora, baseModelName: configuration.baseModelName, tensors: tensors,
      task: configuration.task, scoreHead: head)
  }

  /// Refuses an adapter that makes something else than a language model of its base.
  /// - Throws: `CheckpointError`.
  public func requireLanguageModel() throws {
    guard task != .sequenceClassification else {
      throw CheckpointError.unsupported(
        file: path + "/" + AdapterConfiguration.fileName,
        feature: "an adapter of a reward model (task_type SEQ_CLS) where a language model is needed",
        supported: "adapters of language models (task_type CAUSAL_LM)")
    }
  }

  // MARK: Names

  /// The names of a module's tensors, as PEFT saves them (without the adapter's name).
  static func keys(
    _ address: LinearAddress, _ lora: LoRAConfiguration
  ) -> (down: String, up: String, magnitude: String) {
    let name = prefix + lora.name(address)
    return (name + ".lora_A.weight", name + ".lora_B.weight", name + ".lora_magnitude_vector")
  }

  /// What models call the part of them that holds the layers: text models; models of text and images since
  /// transformers 4.52 and before.
  private static let namePrefixes = ["model", "model.language_model", "language_model.model"]

  /// The one that the file's names begin with.
  private static func namePrefix(of file: SafetensorsFile) -> String {
    namePrefixes.first { known in file.names.contains { $0.hasPrefix("\(prefix)\(known).layers.") } } ?? "model"
  }

  // MARK: Parts

  private static func scoreHead(_ reader: inout TensorReader, model: ModelConfiguration) throws -> ScoreHead? {
    guard reader.file.hasTensor(scoreName) else { return nil }
    let shape = try reader.file.tensorInfo(scoreName).shape
    guard shape.count == 2, shape[0] > 0, shape[1] == model.hiddenSize else {
      throw CheckpointError.wrongShape(
        file: reader.file.path, name: scoreName, shape: shape, expected: [1, model.hiddenSize])
    }
    return ScoreHead(labels: shape[0], weight: try reader.floats(scoreName, shape))
  }

  private static func explainMissing(_ name: String, in path: String) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return "there is no such folder" }
    guard isFolder.boolValue else { return "it is a file; name the folder that holds \(AdapterConfiguration.fileName)" }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    if names.contains("adapter_model.bin") {
      return "its weights are a PyTorch pickle; convert them with PeftModel.from_pretrained(base, folder)"
        + ".save_pretrained(new_folder), which writes safetensors"
    }
    if names.contains("config.json") { return "it holds a whole model, not an adapter (\(name) is not there)" }
    return "\(name) is not there"
  }

  private static func explainExtra(_ name: String, model: ModelConfiguration) -> String {
    if name.contains("lora_embedding") || name.contains("lm_head") || name.contains("embed_tokens") {
      return "adapters on embeddings and the output head are not supported"
    }
    if name.contains("lora_magnitude_vector") { return "its configuration does not say use_dora" }
    return "its configuration and the model's \(model.layerCount) layers ask for no such tensor"
  }
}

/// Reads tensors of known shapes, and remembers which.
struct TensorReader {
  let file: SafetensorsFile
  private(set) var seen: Set<String> = []

  init(file: SafetensorsFile) { self.file = file }

  mutating func floats(_ name: String, _ shape: [Int]) throws -> [Float] {
    let found = try file.tensorInfo(name)
    guard found.shape == shape else {
      throw CheckpointError.wrongShape(file: file.path, name: name, shape: found.shape, expected: shape)
    }
    seen.insert(name)
    return try file.tensor(name).float32()
  }

  /// The tensor under the first of several names that the file has.
  mutating func floats(anyOf names: [String], _ shape: [Int]) throws -> [Float] {
    try floats(names.first(where: file.hasTensor) ?? names[0], shape)
  }
}
