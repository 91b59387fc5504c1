import Foundation

/// An adapter's folder on its way out: as a PEFT folder, or merged into the model that it belongs to.
public struct AdapterExport {
  private let model: CheckpointFolder
  private let adapter: AdapterFolder

  /// - Throws: `CheckpointError`.
  public init(adapter path: String, model: String) throws {
    self.model = try CheckpointFolder(path: model)
    adapter = try AdapterFolder.read(path: path, model: self.model.configuration)
  }

  /// Writes the adapter with the files PEFT loads.
  public func writeAdapter(to folder: String) throws {
    try AdapterFolder.write(
      configuration: adapter.configuration, tensors: adapter.tensors, scoreHead: adapter.scoreHead,
      baseModelName: adapter.baseModelName ?? model.path, to: URL(fileURLWithPath: folder))
  }

  /// Writes the whole checkpoint with the adapter in its weights.
  /// - Throws: `CheckpointError`, also for a reward model's adapter, whose head a language model has no place for.
  public func writeMerged(to folder: String) throws {
    try adapter.requireLanguageModel()
    try LoRAMerge.write(base: model, adapter: adapter, to: URL(fileURLWithPath: folder))
  }
}
