import Checkpoint
import Control
import Foundation
import GGUF
import GRDB
import RunFile
import Training

/// A session that is to go on: what it was trained as, and where its next step begins.
public struct SessionResume {
  public let runFile: RunFile
  public let point: ResumePoint
  public let liveReference: Bool
  /// The sentence that every view of the run shows.
  public let notice: String?
  /// What graded the run's answers (`AnswerGrader.key`), where the record says so.
  public let grader: String?
  /// `RunPlan.orderSeed`.
  public let orderSeed: UInt64?
  /// What a person should know: checkpoints that were passed over, a run file that was changed.
  public let notes: [String]

  /// - Parameter force: go on with an edited run.yaml, and with another model, data or engine.
  /// - Throws: `SessionError`, `RunFileError` or `CheckpointError`.
  public init(session folder: String, force: Bool) throws {
    let path = SessionFolder.database(folder)
    do {
      // Before the record is read: whoever puts another session there meanwhile is found out.
      let held = try? HeldFolder(path: folder)
      let database = try SessionReader.open(path)
      let run = try database.read { db in
        try SessionSchema.require(db, path: path)
        return try RecordedRun(db, folder: folder)
      }
      let isHeld = try database.read { try SessionLease.isHeld(folder: folder, $0) }
      guard !isHeld else { throw SessionError.inUse(folder, pid: run.pid) }
      if run.isComplete {
        throw SessionError.cannotResume(folder, why: "the run is complete; no step is left")
      }
      var notes: [String] = []
      runFile = try Self.runFile(run, folder: folder, force: force, notes: &notes)
      // Without it the run would begin untrained, which its parent's checkpoint was not.
      if run.parent != nil, run.checkpoints.isEmpty {
        throw SessionError.cannotResume(
          folder, why: "it is a branch whose process died before its first checkpoint; remove it and branch again")
      }
      let checkpoint = try Self.lastGood(run, folder: folder, model: runFile.model, notes: &notes)
      if checkpoint == nil, !run.checkpoints.isEmpty {
        // A branch has its parent's adapter from nowhere else.
        if let parent = run.parent {
          throw SessionError.cannotResume(
            folder,
            why: "none of its checkpoints reads back whole, and a branch cannot begin anew; branch \(parent.session) "
              + "again"
          )
        }
        notes.append("\(folder): no checkpoint is left that reads back whole; the run goes on from the start, step 0")
      }
      let references = try database.read { try Self.references($0, through: checkpoint?.step ?? 0) }
      point = ResumePoint(
        checkpoint: checkpoint, references: references, changes: run.changes, modelHash: run.modelHash,
        dataHash: run.dataHash, engine: run.engine, force: force,
        announced: AnnouncedCheckpoints(
          line: run.checkpoints.filter { $0 <= checkpoint?.step ?? 0 }, replaced: run.announced), folder: held)
      liveReference = run.liveReference
      notice = run.notice
      grader = run.grader
      orderSeed = run.parent?.orderSeed
      self.notes = notes
    } catch {
      throw SessionReader.explain(error, path: path)
    }
  }

  /// The run file as recorded, or as it lies in the folder where a person changed it and insists.
  private static func runFile(
    _ run: RecordedRun, folder: String, force: Bool, notes: inout [String]
  ) throws -> RunFile {
    let recorded = try RunFile.decode(yaml: run.runFile, name: folder + "/" + SessionFolder.databaseName)
    let path = folder + "/run.yaml"
    guard FileManager.default.fileExists(atPath: path) else { return recorded }
    var present = try RunFile.read(path: path)
    // Where the session lies is no setting of the run.
    present.session = recorded.session
    guard present != recorded else { return recorded }
    let keys = changedKeys(recorded, present).joined(separator: ", ")
    guard force else {
      throw SessionError.cannotResume(
        folder, why: "run.yaml was changed since (\(keys)); --force goes on with it as it is now")
    }
    notes.append("run.yaml was changed: \(keys)")
    return present
  }

  /// Dotted keys whose values differ.
  static func changedKeys(_ old: RunFile, _ new: RunFile) -> [String] {
    func values(_ file: RunFile) -> [String: String] {
      var values: [String: String] = [:]
      var path: [String] = []
      for line in file.yaml().split(separator: "\n") {
        let depth = line.prefix { $0 == " " }.count / 2
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        path = path.prefix(depth) + [parts[0]]
        if parts.count > 1, !parts[1].isEmpty { values[path.joined(separator: ".")] = parts[1] }
      }
      return values
    }
    let (before, after) = (values(old), values(new))
    return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
  }

  /// The last announced checkpoint that reads back whole; nil where none does.
  static func lastGood(
    _ run: RecordedRun, folder: String, model: String, notes: inout [String]
  ) throws -> CheckpointStore.Saved? {
    guard !run.checkpoints.isEmpty else { return nil }
    let configuration = try CheckpointFolder(path: ModelSource.folder(for: model)).configuration
    for step in run.checkpoints.reversed() {
      let saved = CheckpointStore.Saved(step: step, path: "\(folder)/checkpoint-\(step)")
      // Removed ones (save_total_limit) are no news.
      guard FileManager.default.fileExists(atPath: saved.path) else { continue }
      do {
        try CheckpointStore.verify(saved, model: configuration)
        return saved
      } catch {
        notes.append("passed over: \(error)")
      }
    }
    return nil
  }

  /// Every reference log-prob that the steps up to `step` used, in their order.
  static func references(_ db: Database, through step: Int) throws -> [ResumePoint.Reference] {
    guard step > 0 else { return [] }
    var references: [ResumePoint.Reference] = []
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT visit.prompt, response_1, ref_logp_1, response_2, ref_logp_2, more FROM line JOIN visit
        ON visit.id BETWEEN line.seq << 20 AND line.seq << 20 | 1048575 WHERE line.step <= ? ORDER BY visit.id
        """, arguments: [step])
    while let row = try rows.next() {
      let values = DatabaseRow(row: row, table: "visit")
      let prompt = Int(try values.whole("prompt"))
      for place in ["1", "2"] {
        guard let response = try values.optionalWhole("response_" + place) else { continue }
        references.append(
          .init(prompt: prompt, response: Int(response), logProb: try values.number("ref_logp_" + place)))
      }
      if let more = try values.optionalBlob("more") {
        guard let scored = ScoredResponses.decode(Data(more)) else { throw values.problem("more") }
        references += scored.map { .init(prompt: prompt, response: $0.response, logProb: $0.referenceLogProb) }
      }
    }
    return references
  }
}
