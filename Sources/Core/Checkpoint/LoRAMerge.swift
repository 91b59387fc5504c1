import Base
import Foundation

/// Folds an adapter into its base model's weights: W + scale · B·A, in fp32, cast back to the type W is stored in.
public enum LoRAMerge {
  /// Writes a whole checkpoint: the base folder's files with the adapted weights replaced. Shards keep their names and
  /// tensors their order, so the index stays valid; other files (configuration, tokenizer, licence) are copied.
  /// Weights are computed some rows at a time, so memory stays small at any size.
  /// - Parameters:
  ///   - url: a folder that does not exist yet, or is empty. On failure it is left incomplete, without config.json.
  /// - Throws: `CheckpointError`.
  public static func write(base: CheckpointFolder, adapter: AdapterFolder, to url: URL) throws {
    let existing = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    guard existing.isEmpty else {
      throw CheckpointError.unwritable(file: url.path, reason: "the folder is not empty")
    }
    try AtomicFile.createFolder(url)
    let updates = try weightUpdates(base: base, adapter: adapter)
    for file in base.weightFiles {
      let entries = try file.names.map { try entry($0, in: file, updates: updates) }
      let name = URL(fileURLWithPath: file.path).lastPathComponent
      try SafetensorsFile.write(entries, metadata: file.metadata, to: url.appendingPathComponent(name))
    }
    try copyOtherFiles(of: base, to: url)
  }

  private static func weightUpdates(base: CheckpointFolder, adapter: AdapterFolder) throws -> [String: WeightUpdate] {
    let model = base.configuration
    let lora = adapter.configuration
    var updates: [String: WeightUpdate] = [:]
    for (address, tensors) in adapter.tensors {
      let name = address.description + ".weight"
      let (outputs, inputs) = address.kind.shape(in: model)
      guard address.layer >= 0, address.layer < model.layerCount, lora.rank > 0,
        tensors.down.count == lora.rank * inputs, tensors.up.count == outputs * lora.rank
      else {
        throw CheckpointError.wrongShape(
          file: adapter.path, name: name, shape: [tensors.up.count, tensors.down.count],
          expected: [outputs * lora.rank, lora.rank * inputs])
      }
      updates[base.storedName(name)] = WeightUpdate(
        tensors: tensors, rank: lora.rank, scale: Float(lora.scale), inputs: inputs, base: try base.tensor(name))
    }
    return updates
  }

  private static func entry(
    _ name: String, in file: SafetensorsFile, updates: [String: WeightUpdate]
  ) throws -> SafetensorsEntry {
    if let update = updates[name] {
      return SafetensorsEntry(
        name: name, shape: update.base.shape, type: update.base.type, values: { update.merged($0) })
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
  private static func copyOtherFiles(of base: CheckpointFolder, to url: URL) throws {
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
        try FileManager.default.copyItem(at: file, to: url.appendingPathComponent(name))
      } catch {
        throw CheckpointError.unwritable(
          file: url.appendingPathComponent(name).path, reason: "it cannot be copied from \(file.path)")
      }
    }
  }
}

/// One linear's change: scale · B·A, added to the base weight [out, in].
private struct WeightUpdate: Sendable {
  let tensors: LoRATensors
  let rank: Int
  let scale: Float
  let inputs: Int
  let base: StoredTensor

  /// Elements of W + scale · B·A, counted row-major.
  func merged(_ elements: Range<Int>) -> [Float] {
    var result = base.float32(elements: elements)
    var delta = [Float](repeating: 0, count: inputs)
    var position = 0
    while position < result.count {
      let row = (elements.lowerBound + position) / inputs
      let column = (elements.lowerBound + position) % inputs
      let length = min(inputs - column, result.count - position)
      for index in 0..<inputs { delta[index] = 0 }
      for component in 0..<rank {
        let factor = tensors.up[row * rank + component]
        if factor == 0 { continue }
        let start = component * inputs
        for index in column..<column + length { delta[index] += factor * tensors.down[start + index] }
      }
      for index in 0..<length { result[position + index] += scale * delta[column + index] }
      position += length
    }
    return result
  }
}
