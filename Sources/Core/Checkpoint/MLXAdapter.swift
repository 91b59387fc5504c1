import Foundation
import JSON

/// An adapter that mlx-lm wrote: `adapter_config.json` and `adapters.safetensors`, with A and B the other way round
/// (`lora_a` [in, rank], `lora_b` [rank, out]), the factor itself in place of alpha, on the last layers of the model.
enum MLXAdapter {
  static let weightsName = "adapters.safetensors"

  /// - Throws: `CheckpointError`.
  static func read(path: String, model: ModelConfiguration) throws -> AdapterFolder {
    let configurationPath = path + "/" + AdapterConfiguration.fileName
    let top = FieldReader(
      object: try JSONObject(parsing: try SmallFile.read(configurationPath), file: configurationPath),
      file: configurationPath)
    let settings = try Settings(top)
    let file = try SafetensorsFile(path: path + "/" + weightsName)
    let (prefix, addresses) = try addresses(in: file, model: model, layers: settings.layers(of: model))

    var reader = TensorReader(file: file)
    var tensors: [LinearAddress: LoRATensors] = [:]
    for address in addresses {
      let (outputs, inputs) = address.module.shape(in: model)
      let name = "\(prefix).layers.\(address.layer).\(address.module.path)"
      let down = try reader.floats(name + ".lora_a", [inputs, settings.rank])
      let up = try reader.floats(name + ".lora_b", [settings.rank, outputs])
      tensors[address] = LoRATensors(
        down: transposed(down, rows: inputs), up: transposed(up, rows: settings.rank),
        magnitude: settings.usesDoRA ? try reader.floats(name + ".m", [outputs]) : nil)
    }
    if let extra = file.names.first(where: { !reader.seen.contains($0) }) {
      throw CheckpointError.unexpectedTensor(
        file: file.path, name: extra,
        reason: extra.hasSuffix(".m")
          ? "its fine_tune_type is not dora" : "only LoRA and DoRA on the linear maps of the layers are read")
    }
    return AdapterFolder(
      path: path, configuration: settings.configuration(addresses, model: model),
      baseModelName: try top.string("model"), tensors: tensors, task: .causalLanguageModel)
  }

  /// What mlx-lm keeps of its training options.
  private struct Settings {
    let rank: Int
    let scale: Double
    let dropout: Double
    let usesDoRA: Bool
    /// How many of the last layers; 0 or less for all.
    let lastLayers: Int

    init(_ top: FieldReader) throws {
      let type = try top.string("fine_tune_type") ?? "lora"
      guard type == "lora" || type == "dora" else {
        throw top.unsupported(
          "the MLX adapter type \(CheckpointError.quoted(type)) (fine_tune_type)", supported: "lora and dora")
      }
      guard let parameters = try top.object("lora_parameters") else {
        throw top.invalid("lora_parameters", allowed: "an object with rank and scale")
      }
      usesDoRA = type == "dora"
      rank = try parameters.integer("rank", 1...AdapterConfiguration.maximumRank)
      scale = try parameters.positive("scale", upTo: 1e6)
      dropout = parameters.value("dropout")?.number ?? 0
      guard dropout >= 0, dropout < 1 else {
        throw parameters.invalid("dropout", allowed: "a number from 0 to below 1")
      }
      // The older name came before the newer.
      let key = top.value("num_layers") == nil ? "lora_layers" : "num_layers"
      lastLayers = try top.integer(key, -(1 << 20)...1 << 20, default: 0)
    }

    func layers(of model: ModelConfiguration) -> Range<Int> {
      lastLayers > 0 ? max(0, model.layerCount - lastLayers)..<model.layerCount : 0..<model.layerCount
    }

    /// The same as PEFT would say it.
    func configuration(_ addresses: [LinearAddress], model: ModelConfiguration) -> LoRAConfiguration {
      let layers = Set(addresses.map(\.layer)).sorted()
      let modules = Dictionary(grouping: addresses, by: \.layer).mapValues { $0.map(\.module) }
      let first = modules[layers[0]] ?? []
      let isUniform = modules.values.allSatisfy { $0 == first }
      var lora = LoRAConfiguration(
        rank: rank, alpha: scale * Double(rank),
        targets: .names(isUniform ? first.map(\.name) : addresses.map(\.description)), dropout: dropout)
      if isUniform, layers.count < model.layerCount { lora.layers = LayerSelection(layers) }
      lora.usesDoRA = usesDoRA
      return lora
    }
  }

  /// The adapted modules, in order, and what comes before ".layers." in the tensors' names.
  private static func addresses(
    in file: SafetensorsFile, model: ModelConfiguration, layers: Range<Int>
  ) throws -> (prefix: String, [LinearAddress]) {
    let names = Set(file.names)
    let prefix = ["model", "language_model.model"].first { known in names.contains { $0.hasPrefix(known + ".layers.") }
    }
    guard let prefix else {
      throw CheckpointError.missingTensor(
        file: file.path, name: "model.layers.\(layers.lowerBound).\(LinearModule(.q_proj).path).lora_a")
    }
    let all = (0..<model.layerCount).flatMap { layer in
      model.layer.modules.map { LinearAddress(layer: layer, module: $0) }
    }
    let found = all.filter { address in
      let name = "\(prefix).layers.\(address.layer).\(address.module.path)"
      return names.contains(name + ".lora_a") || names.contains(name + ".lora_b")
    }
    guard let first = found.first else {
      throw CheckpointError.unexpectedTensor(
        file: file.path, name: file.names.first ?? "", reason: "no tensor adapts a linear map of this model")
    }
    guard first.layer >= layers.lowerBound else {
      throw CheckpointError.unexpectedTensor(
        file: file.path, name: "\(first).lora_a",
        reason: "num_layers in \(AdapterConfiguration.fileName) names the last \(layers.count) layers only")
    }
    return (prefix, found)
  }

  /// A matrix of `rows` rows, the other way round.
  private static func transposed(_ values: [Float], rows: Int) -> [Float] {
    let columns = values.count / rows
    var result = [Float](repeating: 0, count: values.count)
    for row in 0..<rows {
      for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
    }
    return result
  }
}
