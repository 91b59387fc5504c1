import Base
import Foundation
import JSON

/// Folds an adapter into its base model's weights: W + scale · B·A, in fp32, cast back to the type W is stored in; with DoRA
/// each row of that with its own length.
public enum LoRAMerge {
  /// Writes a whole checkpoint: the base folder's files with the adapted weights replaced. Shards keep their names and
  /// tensors their order, so the index stays valid; other files (configuration, tokenizer, licence) are copied.
  /// Weights are computed some rows at a time, so memory stays small at any size.
  ///
  /// Where the adapter was trained on quantized weights, they and not the original ones are what it is added to, and
  /// every linear is written in bf16 as it was trained on.
  /// - Parameters:
  ///   - expanded: the numbers, by a range of elements, that the codes of a linear's weight stand for; nil where weights
  ///     are used as they are.
  ///   - url: a folder that does not exist yet, or is empty. On failure it is left incomplete, without config.json.
  /// - Throws: `CheckpointError`, and what `expanded` throws.
  public static func write(
    base: CheckpointFolder, adapter: AdapterFolder, expanded: ((LinearAddress) throws -> ExpandedWeight)? = nil,
    to url: URL
  ) throws {
    let existing = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    guard existing.isEmpty else {
      throw CheckpointError.unwritable(file: url.path, reason: "the folder is not empty")
    }
    try AtomicFile.createFolder(url)
    let updates = try weightUpdates(base: base, adapter: adapter, expanded: expanded)
    // What belongs to codes that are not written.
    let left = Set(updates.filter { $0.value.type != nil }.keys.flatMap(CheckpointFolder.companions))
    for file in base.weightFiles {
      let entries = try file.names.filter { !left.contains($0) }.map { try entry($0, in: file, updates: updates) }
      let name = URL(fileURLWithPath: file.path).lastPathComponent
      try SafetensorsFile.write(entries, metadata: file.metadata, to: url.appendingPathComponent(name))
    }
    try copyOtherFiles(of: base, to: url) { name, data in
      try base.quantization == nil ? data : withoutQuantization(data, file: name, tensors: left)
    }
  }

  /// A merged checkpoint's config.json says nothing of quantization, and its index nothing of tensors that are left out.
  private static func withoutQuantization(_ data: Data, file: String, tensors: Set<String>) throws -> Data {
    guard file == "config.json" || file == ShardIndex.indexName else { return data }
    let object = try JSONObject(parsing: [UInt8](data), file: file)
    let members = object.members.compactMap { key, value -> (key: String, value: JSONValue)? in
      if key == "quantization_config" { return nil }
      guard key == "weight_map", case .object(let map) = value else { return (key, value) }
      return (key, .object(JSONObject(map.members.filter { !tensors.contains($0.key) })))
    }
    return Data(JSONValue.object(JSONObject(members)).compactText.utf8)
  }

  private static func weightUpdates(
    base: CheckpointFolder, adapter: AdapterFolder, expanded: ((LinearAddress) throws -> ExpandedWeight)?
  ) throws -> [String: WeightUpdate] {
    let model = base.configuration
    var updates: [String: WeightUpdate] = [:]
    func name(_ address: LinearAddress) -> String { base.storedName(address.description + ".weight") }
    func shape(_ address: LinearAddress) -> [Int] {
      let (outputs, inputs) = address.module.shape(in: model)
      return [outputs, inputs]
    }
    if let expanded {
      for layer in 0..<model.layerCount {
        for module in model.layer.modules {
          let address = LinearAddress(layer: layer, module: module)
          updates[name(address)] = WeightUpdate(
            change: nil, shape: shape(address), type: .bf16, base: try expanded(address))
        }
      }
    }
    for module in adapter.configuration.modules(of: model) {
      let address = module.address
      guard let tensors = adapter.tensors[address] else {
        throw CheckpointError.missingTensor(file: adapter.path, name: address.description)
      }
      let change = try LowRankUpdate(module, tensors, model: model, file: adapter.path)
      let trained = updates[name(address)]
      updates[name(address)] = WeightUpdate(
        change: change, shape: shape(address), type: trained?.type,
        base: try trained?.base ?? base.tensor(address.description + ".weight").expanded)
    }
    return updates
  }

  private static func entry(
    _ name: String, in file: SafetensorsFile, updates: [String: WeightUpdate]
  ) throws -> SafetensorsEntry {
    if let update = updates[name] {
      let type = try update.type ?? file.tensor(name).type
      return SafetensorsEntry(name: name, shape: update.shape, type: type, values: { update.merged($0) })
    }
    guard let entry = file.entry(name) else { throw CheckpointError.missingTensor(file: file.path, name: name) }
    do {
      return SafetensorsEntry(
        name: name, shape: entry.shape,
        contents: .bytes(try file.file.slice(entry.range), dataType: entry.dataType))
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }

  /// Everything that is not weights. config.json comes last: a folder without it is not taken for a checkpoint.
  private static func copyOtherFiles(
    of base: CheckpointFolder, to url: URL, change: (String, Data) throws -> Data
  ) throws {
    let weightSuffixes = [".safetensors", ".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack", ".onnx"]
    let source = URL(fileURLWithPath: base.path, isDirectory: true)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    let others = names.sorted().filter { name in
      name != "config.json" && !name.hasPrefix(".") && !weightSuffixes.contains { name.lowercased().hasSuffix($0) }
    }
    for name in others + ["config.json"] {
      // Resolved, because a hub cache's files are links that would dangle elsewhere.
      let file = source.appendingPathComponent(name).resolvingSymlinksInPath()
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      do {
        let target = url.appendingPathComponent(name)
        guard base.quantization != nil, name.hasSuffix(".json") else {
          try FileManager.default.copyItem(at: file, to: target)
          continue
        }
        try change(name, Data(contentsOf: file)).write(to: target)
      } catch let error as CheckpointError {
        throw error
      } catch {
        throw CheckpointError.unwritable(
          file: url.appendingPathComponent(name).path, reason: "it cannot be copied from \(file.path)")
      }
    }
  }
}

/// The numbers of a weight [out, in] in fp32, by a range of elements in row-major order.
public typealias ExpandedWeight = @Sendable (Range<Int>) -> [Float]

extension StoredTensor {
  /// Its numbers as they are.
  fileprivate var expanded: ExpandedWeight { { float32(elements: $0) } }
}

/// What becomes of one module's weight [out, in].
private struct WeightUpdate: Sendable {
  /// Nil where nothing is added.
  let change: LowRankUpdate?
  let shape: [Int]
  /// In which the sum is written; nil for the type that the weight is stored in.
  let type: StoredType?
  let base: ExpandedWeight

  /// Elements of the result, counted row-major.
  func merged(_ elements: Range<Int>) -> [Float] { change?.merged(elements, base: base) ?? base(elements) }
}
