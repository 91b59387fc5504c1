import Control
import Foundation
import GRDB
import Training

/// What a session's record says about the processes so far.
struct RecordedRun {
  var pid: Int32
  var runFile: String
  var modelHash: String
  var dataHash: String
  var engine: String
  var liveReference: Bool
  var notice: String?
  /// `AnswerGrader.key`; nil in sessions of before it was recorded, the demo's among them.
  var grader: String?
  var isComplete: Bool
  /// Steps of the announced checkpoints that are on the present line, ascending.
  var checkpoints: [Int]
  /// Steps of every checkpoint that any process has announced.
  var announced: Set<Int>
  var changes: [RecordedChange]
  /// Set for a branch.
  var parent: BranchOrigin?

  init(_ db: Database, folder: String) throws {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM segment ORDER BY id DESC LIMIT 1") else {
      throw SessionError.notBegun(folder)
    }
    let segment = DatabaseRow(row: row, table: "segment")
    runFile = try segment.text("run_file")
    modelHash = try segment.text("model_hash")
    dataHash = try segment.text("data_hash")
    engine = try segment.text("engine")
    liveReference = try segment.whole("live_reference") != 0
    pid = Int32(truncatingIfNeeded: try Int64.fetchOne(db, sql: "SELECT pid FROM lease") ?? 0)
    let bodies = { (kind: EventBody.Kind, filter: String) in
      try Row.fetchAll(
        db, sql: "SELECT body FROM event WHERE kind = ? \(filter) ORDER BY seq", arguments: [kind.rawValue]
      ).map { try DatabaseRow(row: $0, table: "event").text("body") }
    }
    let started = try bodies(.started, "").last.map { try EventBody.decode(EventBody.Started.self, $0) }
    notice = started?.notice
    grader = started?.grader
    isComplete =
      try bodies(.finished, "AND segment = (SELECT max(id) FROM segment)").last.map {
        try EventBody.decode(RunSummary.self, $0).reason == .completed
      } ?? false
    checkpoints = try bodies(
      .checkpoint,
      "AND NOT EXISTS (SELECT 1 FROM segment WHERE segment.id > event.segment AND resumed_from < event.step)"
    ).map { try EventBody.decode(EventBody.Checkpoint.self, $0).step }.sorted()
    announced = try Self.announced(db)
    parent = try BranchOrigin.recorded(db)
    changes = try bodies(.command, "").compactMap { body in
      try EventBody.decode(EventBody.Command.self, body).acknowledgement(in: folder).flatMap(RecordedChange.init)
    }
  }

  static func announced(_ db: Database) throws -> Set<Int> {
    let bodies = try Row.fetchAll(
      db, sql: "SELECT body FROM event WHERE kind = ?", arguments: [EventBody.Kind.checkpoint.rawValue])
    return try Set(
      bodies.map {
        try EventBody.decode(EventBody.Checkpoint.self, DatabaseRow(row: $0, table: "event").text("body")).step
      })
  }
}

extension BranchOrigin {
  /// nil for a session that is no branch.
  static func recorded(_ db: Database) throws -> BranchOrigin? {
    // Sessions of schema 1 have no such table.
    guard try db.tableExists("parent"), let row = try Row.fetchOne(db, sql: "SELECT * FROM parent") else { return nil }
    let record = DatabaseRow(row: row, table: "parent")
    guard let seed = UInt64(try record.text("order_seed")) else { throw record.problem("order_seed") }
    return BranchOrigin(
      session: try record.text("session"), step: Int(try record.whole("step", in: 0...10_000_000)), orderSeed: seed)
  }
}
