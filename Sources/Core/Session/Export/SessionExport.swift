import Checkpoint
import Foundation
import GGUF
import RunFile
import Training

/// A session's last checkpoint on its way out: as a PEFT adapter folder, or merged into its model.
public struct SessionExport {
  public struct Problem: Error, CustomStringConvertible {
    public var description: String
  }

  /// Optimizer steps of the checkpoint.
  public let step: Int
  private let checkpoint: String
  private let run: RunFile

  /// The run's model, as its run file names it.
  public var model: String { run.model }

  /// - Parameter session: a session folder, or one of its `checkpoint-N` folders.
  public init(session: String) throws {
    let folder = URL(fileURLWithPath: session)
    let isCheckpoint = folder.lastPathComponent.hasPrefix("checkpoint-")
    let root = isCheckpoint ? folder.deletingLastPathComponent().path : session
    guard FileManager.default.fileExists(atPath: root + "/run.yaml") else {
      throw Problem(description: "\(session): no session is here (run.yaml is missing)")
    }
    guard let saved = isCheckpoint ? CheckpointStore.at(session) : Self.last(session) else {
      throw Problem(description: "\(session): the session has no checkpoint yet")
    }
    step = saved.step
    checkpoint = saved.path
    run = try RunFile.read(path: root + "/run.yaml", overrides: [])
  }

  /// The last checkpoint that the record announces and that is still there; without a readable record, the last one
  /// there is.
  private static func last(_ session: String) -> CheckpointStore.Saved? {
    let announced = try? SessionReader.open(SessionFolder.database(session)).read { db in
      try SessionSchema.require(db, path: session)
      return try RecordedRun(db, folder: session).checkpoints
    }
    guard let announced else { return CheckpointStore.latest(session: session) }
    return announced.reversed().lazy.map { CheckpointStore.Saved(step: $0, path: "\(session)/checkpoint-\($0)") }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Writes the adapter with the files PEFT loads.
  public func writeAdapter(to folder: String) throws {
    let adapter = try AdapterFolder.read(path: checkpoint, model: openModel().configuration)
    try AdapterFolder.write(
      configuration: adapter.configuration, tensors: adapter.tensors, scoreHead: adapter.scoreHead,
      baseModelName: run.model, to: URL(fileURLWithPath: folder))
  }

  /// Writes the adapter as a GGUF file for llama.cpp's --lora.
  public func writeGGUFAdapter(to path: String) throws {
    let model = try openModel().configuration
    let base = URL(fileURLWithPath: run.model).deletingPathExtension().lastPathComponent
    try GGUFAdapter.write(
      AdapterFolder.read(path: checkpoint, model: model), model: model, name: "\(base) LoRA, step \(step)",
      to: URL(fileURLWithPath: path))
  }

  private func openModel() throws -> CheckpointFolder {
    try CheckpointFolder(path: ModelSource.folder(for: run.model))
  }

  /// Writes the whole checkpoint with W + scale·B·A in place of every adapted W, in the stored type.
  public func writeMerged(to folder: String) throws {
    let model = try openModel()
    try LoRAMerge.write(
      base: model, adapter: AdapterFolder.read(path: checkpoint, model: model.configuration),
      to: URL(fileURLWithPath: folder))
  }
}
