import Foundation
import JSON

extension AdapterFolder {
  /// Writes an adapter that PEFT loads: fp32 weights, its configuration and a model card. Each file is replaced whole.
  /// - Parameters:
  ///   - tensors: one for each adapted module; A [rank, in], B [out, rank].
  ///   - scoreHead: of a reward model, which the adapter then makes of its base.
  ///   - url: the folder; made where it is missing.
  public static func write(
    configuration: LoRAConfiguration, tensors: [LinearAddress: LoRATensors], scoreHead: ScoreHead? = nil,
    baseModelName: String, to url: URL
  ) throws {
    let weights = url.appendingPathComponent(weightsName)
    guard configuration.rank > 0, !tensors.isEmpty else {
      throw CheckpointError.unwritable(file: weights.path, reason: "the adapter is empty")
    }
    var entries = try tensors.sorted(by: { $0.key < $1.key }).flatMap {
      try self.entries($0.key, $0.value, configuration, file: weights.path)
    }
    if let head = scoreHead {
      entries.append(
        SafetensorsEntry(
          name: scoreName, shape: [head.labels, head.weight.count / max(1, head.labels)], values: head.weight))
    }
    let names = moduleNames(tensors)
    let file = AdapterConfiguration(
      lora: configuration, baseModelName: baseModelName, task: scoreHead == nil ? nil : .sequenceClassification)
    try AtomicFile.createFolder(url)
    try SafetensorsFile.write(entries, metadata: ["format": "pt"], to: weights)
    try AtomicFile.write(
      file.text(moduleNames: names), to: url.appendingPathComponent(AdapterConfiguration.fileName))
    try AtomicFile.write(
      modelCard(configuration, moduleNames: names, baseModelName: baseModelName),
      to: url.appendingPathComponent("README.md"))
  }

  private static func entries(
    _ address: LinearAddress, _ tensor: LoRATensors, _ lora: LoRAConfiguration, file: String
  ) throws -> [SafetensorsEntry] {
    let name = lora.name(address)
    guard lora.targets.selected([name]) == [true] else {
      throw CheckpointError.unwritable(file: file, reason: "\(address) is not among the target modules")
    }
    // A length that the rank does not divide is refused by the writer.
    let rank = lora.rankPattern.value(for: name) ?? lora.rank
    let keys = keys(address, lora)
    var entries = [
      SafetensorsEntry(name: keys.down, shape: [rank, tensor.down.count / rank], values: tensor.down),
      SafetensorsEntry(name: keys.up, shape: [tensor.up.count / rank, rank], values: tensor.up),
    ]
    if let magnitude = tensor.magnitude {
      entries.append(SafetensorsEntry(name: keys.magnitude, shape: [magnitude.count], values: magnitude))
    }
    return entries
  }

  /// The adapted modules' names, each once, in their order within a layer.
  private static func moduleNames(_ tensors: [LinearAddress: LoRATensors]) -> [String] {
    Set(tensors.keys.map(\.module)).sorted { $0.position < $1.position }.map(\.name)
  }

  private static func modelCard(
    _ configuration: LoRAConfiguration, moduleNames: [String], baseModelName: String
  ) -> String {
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
    \(moduleNames.joined(separator: ", ")).

    ```python
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(\(JSONValue.quoted(baseModelName)))
    model = PeftModel.from_pretrained(base, "path/to/this/folder")
    ```

    """
  }
}
