import Checkpoint
import Foundation
import Model
import Numerics
import Preference

/// What a checkpoint holds beside the adapter and the moments; `trainer_state.json`.
struct TrainerState: Codable, Equatable {
  /// Optimizer steps complete.
  var step: Int
  var totalSteps: Int
  var tokens: Int
  var gamma: GammaControl
  /// The peak rate in force, a person's change included.
  var learningRate: Double
  var beta: Double
  var seed: UInt64
  var promptsPerStep: Int
}

/// Writes a run's checkpoints: `SESSION/checkpoint-N/` with a PEFT adapter, AdamW's moments and the trainer's state.
/// A checkpoint is announced only after it was written to a temporary folder, synced, renamed and read back.
public struct CheckpointStore {
  public struct Saved: Equatable, Sendable {
    public var step: Int
    public var path: String
  }

  let session: String
  let baseModelName: String
  let model: ModelConfiguration

  func save(adapter: LoRAAdapter, optimizer: Optimizer, state: TrainerState) throws -> Saved {
    let final = URL(fileURLWithPath: session).appendingPathComponent("\(Self.prefix)\(state.step)")
    let temporary = URL(fileURLWithPath: session).appendingPathComponent(".checkpoint-\(state.step).partial")
    do {
      try? FileManager.default.removeItem(at: temporary)
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
      try adapter.write(to: temporary, baseModelName: baseModelName)
      try optimizer.write(to: temporary.appendingPathComponent("optimizer.safetensors"))
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(state).write(to: temporary.appendingPathComponent("trainer_state.json"))
      for name in try FileManager.default.contentsOfDirectory(atPath: temporary.path) {
        try Self.sync(temporary.appendingPathComponent(name).path)
      }
      try Self.sync(temporary.path)
      if FileManager.default.fileExists(atPath: final.path) { try FileManager.default.removeItem(at: final) }
      try FileManager.default.moveItem(at: temporary, to: final)
      try Self.sync(session)
      _ = try AdapterFolder.read(path: final.path, model: model)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      if error is CheckpointError { throw error }
      throw TrainingError.cannotWrite(final.path, why: SystemReason.clause(for: error))
    }
    return Saved(step: state.step, path: final.path)
  }

  private static let prefix = "checkpoint-"

  /// The checkpoint with the most steps in a session folder; partial ones are not looked at.
  public static func latest(session: String) -> Saved? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: session)) ?? []
    return names.compactMap { at(session + "/" + $0) }.max { $0.step < $1.step }
  }

  /// The checkpoint in this very folder, by its name.
  public static func at(_ path: String) -> Saved? {
    let name = URL(fileURLWithPath: path).lastPathComponent
    guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)) else { return nil }
    return Saved(step: step, path: path)
  }

  /// fsync of a file or folder.
  private static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }
}

extension Optimizer {
  /// Moments under the names PyTorch's AdamW gives them.
  func write(to url: URL) throws {
    try SafetensorsFile.write(
      [
        SafetensorsEntry(name: "exp_avg", shape: [firstMoment.count], values: firstMoment.array),
        SafetensorsEntry(name: "exp_avg_sq", shape: [secondMoment.count], values: secondMoment.array),
      ], metadata: ["format": "pt", "step": String(updates)], to: url)
  }
}
