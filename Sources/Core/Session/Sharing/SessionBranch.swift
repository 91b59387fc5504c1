import Checkpoint
import Control
import Foundation
import GRDB
import RunFile
import Training

/// A run that is to begin at a checkpoint of another one, with some settings changed, on the same prompts in the same
/// order.
public struct SessionBranch {
  public let runFile: RunFile
  public let point: ResumePoint
  public let liveReference: Bool
  /// The sentence that every view of the run shows.
  public let notice: String?
  /// What graded the run's answers (`AnswerGrader.key`), where the record says so.
  public let grader: String?
  /// What a person should know: checkpoints that were passed over.
  public let notes: [String]

  /// - Parameters:
  ///   - folder: the parent's; it may be training.
  ///   - step: of one of its checkpoints; nil for the last one that reads back whole.
  ///   - overrides: `key.path=value` over the parent's run file. What is not named goes on as it was at the checkpoint,
  ///     a person's changes of γ, learning rate and β included.
  /// - Throws: `SessionError`, `RunFileError` or `CheckpointError`.
  public init(of folder: String, step: Int?, overrides: [String]) throws {
    let path = SessionFolder.database(folder)
    do {
      let database = try SessionReader.open(path)
      let run = try database.read { db in
        try SessionSchema.require(db, path: path)
        return try RecordedRun(db, folder: folder)
      }
      let name = folder + "/" + SessionFolder.databaseName
      let parent = try RunFile.decode(yaml: run.runFile, name: name)
      var child = try RunFile.decode(yaml: run.runFile, name: name, overrides: overrides)
      child.session = nil
      let fixed = SessionResume.changedKeys(parent, child).filter(Self.isFixed)
      guard fixed.isEmpty else {
        throw SessionError.cannotBranch(
          folder,
          why: "a branch has its parent's model, adapter, data and prompts of each step, so "
            + "\(fixed.joined(separator: ", ")) cannot be changed")
      }
      let choice = BranchPoint(database: database, folder: folder, model: child.model)
      let (saved, reading, notes) = try choice.choose(run, step: step)
      let references = try database.read { try SessionResume.references($0, through: saved.step) }
      runFile = child
      point = ResumePoint(
        checkpoint: saved, references: references, changes: [], modelHash: run.modelHash, dataHash: run.dataHash,
        engine: run.engine, force: false,
        branch: BranchOrigin(
          session: URL(fileURLWithPath: folder).standardizedFileURL.path, step: saved.step,
          orderSeed: run.parent?.orderSeed ?? parent.training.seed, fresh: Self.fresh(overrides)), reading: reading)
      self.notes = notes
      liveReference = run.liveReference
      notice = run.notice
      grader = run.grader
    } catch {
      throw SessionReader.explain(error, path: path)
    }
  }

  /// Whether the order of the prompts, their rewards or the engine hang on the key.
  private static func isFixed(_ key: String) -> Bool {
    let exact = [
      "model", "preference.reward_scale", "preference.preferred", "training.prompts_per_step", "training.precision",
    ]
    return exact.contains(key) || key.hasPrefix("model.") || key.hasPrefix("adapter.") || key.hasPrefix("data.")
  }

  /// What the overrides name of that which a checkpoint holds as well.
  private static func fresh(_ overrides: [String]) -> Set<Setting.Key> {
    let keys = overrides.map { $0.prefix { $0 != "=" }.trimmingCharacters(in: .whitespaces) }
    let named = Setting.table.filter { setting in
      let path = setting.path
      // The key itself, one below it, or a section that holds it.
      return keys.contains { $0 == path || $0.hasPrefix(path + ".") || path.hasPrefix($0 + ".") }
    }
    return Set(named.map(\.key))
  }
}
