import Base
import Foundation

/// Folds an adapter into its base model's weights: W + scale · B·A, in fp32, cast back to the type W is stored in; with DoRA
/// each row of that with its own length.
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

  private static func weightUpdates(base: CheckpointFolder, adapter: AdapterFolder) throws -> [String: LowRankUpdate] {
    var updates: [String: LowRankUpdate] = [:]
    for module in adapter.configuration.modules(of: base.configuration) {
      guard let tensors = adapter.tensors[module.address] else {
        throw CheckpointError.missingTensor(file: adapter.path, name: module.address.description)
      }
      updates[base.storedName(module.address.description + ".weight")] = try LowRankUpdate(
        module, tensors, model: base.configuration, file: adapter.path)
    }
    return updates
  }

  private static func entry(
    _ name: String, in file: SafetensorsFile, updates: [String: LowRankUpdate]
  ) throws -> SafetensorsEntry {
    if let update = updates[name] {
      let base = try file.tensor(name)
      return SafetensorsEntry(
        name: name, shape: base.shape, type: base.type, values: { update.merged($0, base: base) })
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
