import Evaluation
import Foundation
import RunFile

/// What a run is to be: the run file as resolved, where its session goes, and what the caller adds.
public struct RunPlan: Sendable {
  public var runFile: RunFile
  /// A short name for titles; the session folder's last component by default.
  public var name: String
  /// Where checkpoints and the record go; nil keeps nothing.
  public var sessionPath: String?
  /// A sentence that every view of the run shows.
  public var notice: String?
  public var evaluation = EvaluationOptions()
  /// Score the reference at every visit instead of once per response.
  public var liveReference = false
  /// Keeps the run's memory in `sessionPath`; it must hear the run's events too.
  public var recorder: (any RunRecorder)?
  /// Goes on where an earlier process of the session was.
  public var resume: ResumePoint?
  /// Orders the prompts and splits held-out ones off in place of `training.seed`: a branch keeps its parent's.
  public var orderSeed: UInt64?

  /// Bytes that the run may take, in place of what the machine has left: for tests of a machine that is too small.
  package var availableMemory: Int?

  public init(runFile: RunFile, name: String? = nil, sessionPath: String?) {
    self.runFile = runFile
    self.sessionPath = sessionPath
    self.name = name ?? sessionPath.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "run"
  }

  /// Whether a run may be kept in a folder: one that is missing, or holds neither a run nor a checkpoint.
  public static func isFree(_ folder: String) -> Bool { (try? requireFree(folder)) != nil }

  /// - Throws: `TrainingError` for a folder that is taken.
  public static func requireFree(_ folder: String) throws {
    if FileManager.default.fileExists(atPath: folder + "/run.yaml") { throw TrainingError.sessionExists(folder) }
    // Other trainers give their checkpoints the same names: theirs and the run's could not be told apart.
    if let there = CheckpointStore.latest(session: folder) {
      throw TrainingError.foreignCheckpoint(folder, name: URL(fileURLWithPath: there.path).lastPathComponent)
    }
  }
}
