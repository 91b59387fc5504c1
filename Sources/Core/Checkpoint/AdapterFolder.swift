import Foundation
import JSON

/// The two factors of one adapted linear, fp32, row-major.
public struct LoRATensors: Sendable, Equatable {
  /// A, [rank, in].
  public var down: [Float]
  /// B, [out, rank].
  public var up: [Float]

  public init(down: [Float], up: [Float]) {
    self.down = down
    self.up = up
  }
}

/// A LoRA adapter in PEFT's layout: `adapter_config.json` and `adapter_model.safetensors`.
public struct AdapterFolder: Sendable {
  public let path: String
  public let configuration: LoRAConfiguration
  /// `base_model_name_or_path`, where the file names one.
  public let baseModelName: String?
  /// Exactly the targets of each layer.
  public let tensors: [LinearAddress: LoRATensors]

  static let weightsName = "adapter_model.safetensors"
  private static let prefix = "base_model.model."

  /// Reads an adapter that fits `model`; weights in bf16 or fp16 are widened to fp32.
  /// - Throws: `CheckpointError` for anything that would not be computed exactly as PEFT does, and for a missing, extra
  ///   or mis-shaped tensor.
  public static func read(path: String, model: ModelConfiguration) throws -> AdapterFolder {
    let folder = URL(fileURLWithPath: path, isDirectory: true)
    let configurationPath = folder.appendingPathComponent(AdapterConfiguration.fileName).path
    let weightsPath = folder.appendingPathComponent(weightsName).path
    for (file, name) in [(configurationPath, AdapterConfiguration.fileName), (weightsPath, weightsName)]
    where !FileManager.default.fileExists(atPath: file) {
      throw CheckpointError.notAnAdapter(folder: path, reason: explainMissing(name, in: path))
    }
    let configuration = try AdapterConfiguration.decode(
      json: try SmallFile.read(configurationPath), file: configurationPath)
    let lora = configuration.lora
    if let layers = configuration.namedLayers, layers != model.layerCount {
      throw CheckpointError.invalidValue(
        file: configurationPath, key: "target_modules", value: "a list that names \(layers) layers",
        allowed: "for all of the model's \(model.layerCount) layers")
    }
    let file = try SafetensorsFile(path: weightsPath)

    var tensors: [LinearAddress: LoRATensors] = [:]
    for address in lora.addresses(layerCount: model.layerCount) {
      let (outputs, inputs) = address.kind.shape(in: model)
      tensors[address] = LoRATensors(
        down: try floats(keys(address).down, [lora.rank, inputs], in: file),
        up: try floats(keys(address).up, [outputs, lora.rank], in: file))
    }
    let expected = Set(tensors.keys.flatMap { [keys($0).down, keys($0).up] })
    if let extra = file.names.first(where: { !expected.contains($0) }) {
      throw CheckpointError.unexpectedTensor(file: weightsPath, name: extra, reason: explainExtra(extra, model: model))
    }
    return AdapterFolder(
      path: path, configuration: lora, baseModelName: configuration.baseModelName, tensors: tensors)
  }

  /// Writes an adapter that PEFT loads: fp32 weights, its configuration and a model card. Each file is replaced whole.
  /// - Parameters:
  ///   - tensors: one for each target of each layer; A [rank, in], B [out, rank].
  ///   - url: the folder; made where it is missing.
  public static func write(
    configuration: LoRAConfiguration, tensors: [LinearAddress: LoRATensors], baseModelName: String, to url: URL
  ) throws {
    let weights = url.appendingPathComponent(weightsName)
    guard configuration.rank > 0, !tensors.isEmpty else {
      throw CheckpointError.unwritable(file: weights.path, reason: "the adapter is empty")
    }
    var entries: [SafetensorsEntry] = []
    for (address, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard configuration.targetModules.contains(address.kind) else {
        throw CheckpointError.unwritable(file: weights.path, reason: "\(address) is not among the target modules")
      }
      // A length that the rank does not divide is refused by the writer.
      let rank = configuration.rank
      entries.append(
        SafetensorsEntry(name: keys(address).down, shape: [rank, tensor.down.count / rank], values: tensor.down))
      entries.append(
        SafetensorsEntry(name: keys(address).up, shape: [tensor.up.count / rank, rank], values: tensor.up))
    }
    try AtomicFile.createFolder(url)
    try SafetensorsFile.write(entries, metadata: ["format": "pt"], to: weights)
    try AtomicFile.write(
      AdapterConfiguration(lora: configuration, baseModelName: baseModelName).text(),
      to: url.appendingPathComponent(AdapterConfiguration.fileName))
    try AtomicFile.write(
      modelCard(configuration, baseModelName: baseModelName), to: url.appendingPathComponent("README.md"))
  }

  /// The names of a linear's two factors, as PEFT saves them (without the adapter's name).
  static func keys(_ address: LinearAddress) -> (down: String, up: String) {
    ("\(prefix)\(address).lora_A.weight", "\(prefix)\(address).lora_B.weight")
  }

  // MARK: - Parts

  private static func floats(_ name: String, _ shape: [Int], in file: SafetensorsFile) throws -> [Float] {
    let found = try file.tensorInfo(name)
    guard found.shape == shape else {
      throw CheckpointError.wrongShape(file: file.path, name: name, shape: found.shape, expected: shape)
    }
    return try file.tensor(name).float32()
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
    if names.contains("adapters.safetensors") { return "it is an MLX adapter; only PEFT's layout is read" }
    if names.contains("config.json") { return "it holds a whole model, not an adapter (\(name) is not there)" }
    return "\(name) is not there"
  }

  private static func explainExtra(_ name: String, model: ModelConfiguration) -> String {
    if name.contains("lora_embedding") || name.contains("lm_head") || name.contains("embed_tokens") {
      return "adapters on embeddings and the output head are not supported"
    }
    if name.contains("lora_magnitude_vector") { return "DoRA is not supported" }
    return "its target_modules and the model's \(model.layerCount) layers ask for no such tensor"
  }

  private static func modelCard(_ configuration: LoRAConfiguration, baseModelName: String) -> String {
    """
    ---
    base_model: \(JSONValue.quoted(baseModelName))
    library_name: peft
    pipeline_tag: text-generation
    tags:
    - lora
    ---

    # LoRA adapter

    A preference-aligned LoRA adapter for `\(baseModelName.replacing("`", with: "'").replacing("\n", with: " "))`: \
    rank \(configuration.rank), alpha \(JSONValue.number(configuration.alpha))\
    \(configuration.useRSLoRA ? " (rank-stabilised)" : ""), on \
    \(configuration.targetModules.map(\.rawValue).joined(separator: ", ")).

    ```python
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(\(JSONValue.quoted(baseModelName)))
    model = PeftModel.from_pretrained(base, "path/to/this/folder")
    ```

    """
  }
}
