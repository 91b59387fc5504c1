import Checkpoint
import Foundation
import GGUF
import GRDB
import Training

/// The checkpoint at which a branch begins. The parent may be training, and remove its older checkpoints meanwhile
/// (`training.save_total_limit`), so the chosen one is held until the branch has read it.
struct BranchPoint {
  let database: DatabaseQueue
  let folder: String
  let model: String

  typealias Choice = (saved: CheckpointStore.Saved, reading: FolderInUse, notes: [String])

  /// - Parameter step: nil for the last checkpoint that reads back whole.
  /// - Throws: `SessionError`, `CheckpointError` or `TrainingError`.
  func choose(_ run: RecordedRun, step: Int?) throws -> Choice {
    let configuration = try CheckpointFolder(path: ModelSource.folder(for: model)).configuration
    return try step.map { try named($0, run, configuration) } ?? last(run, configuration)
  }

  private func checkpoint(_ step: Int) -> CheckpointStore.Saved {
    CheckpointStore.Saved(step: step, path: "\(folder)/checkpoint-\(step)")
  }

  private func named(_ step: Int, _ run: RecordedRun, _ configuration: ModelConfiguration) throws -> Choice {
    let saved = checkpoint(step)
    guard run.checkpoints.contains(step), let reading = FolderInUse.reading(saved.path) else {
      let there = run.checkpoints.filter { FileManager.default.fileExists(atPath: checkpoint($0).path) }
      let list = there.isEmpty ? "it has none" : "there are \(there.map(String.init).joined(separator: ", "))"
      throw SessionError.cannotBranch(folder, why: "there is no checkpoint of step \(step) (\(list))")
    }
    try CheckpointStore.verify(saved, model: configuration)
    return (saved, reading, [])
  }

  private func last(_ run: RecordedRun, _ configuration: ModelConfiguration) throws -> Choice {
    var checkpoints = run.checkpoints
    var notes: [String] = []
    var damaged: Set<Int> = []
    while true {
      for step in checkpoints.reversed() where !damaged.contains(step) {
        let saved = checkpoint(step)
        // Removed ones are no news.
        guard let reading = FolderInUse.reading(saved.path) else { continue }
        do {
          try CheckpointStore.verify(saved, model: configuration)
          return (saved, reading, notes)
        } catch {
          damaged.insert(step)
          notes.append("passed over: \(error)")
        }
      }
      // A live parent announces the next checkpoint before it removes one: where all are gone, there are newer ones.
      let now = try database.read { try RecordedRun($0, folder: folder).checkpoints }
      if now == checkpoints { break }
      checkpoints = now
    }
    throw SessionError.cannotBranch(
      folder,
      why: checkpoints.isEmpty
        ? "no checkpoint has been written yet"
        : damaged.isEmpty ? "its checkpoints are gone" : "no checkpoint of it reads back whole")
  }
}
