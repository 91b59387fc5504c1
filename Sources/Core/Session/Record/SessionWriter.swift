import Control
import Foundation
import GRDB
import Training

/// The database of one session while this process writes it. Belongs to the recorder's queue.
final class SessionWriter {
  let folder: String
  /// What says whether the session is still this process's; any thread may ask.
  let claim: SessionClaim
  private let queue: DatabaseQueue
  private let segment: Int
  /// Whether the database was made by this process.
  private let isNew: Bool
  /// Of the last row of `step` or `event`.
  private var sequence: Int64
  /// Optimizer steps complete, for events that name no step.
  private var step: Int
  private let tokenHashes: TokenHashes
  /// Where the texts of prompts come from; each is written with the first event that refers to it, so that a record
  /// grows with what a run has seen and not with its data.
  var catalogue: (any PromptCatalogue)?
  /// Prompts that are in the database.
  private var written: Set<Int>

  /// Takes the lease, makes or opens the database and begins a segment.
  /// - Throws: `SessionError`.
  init(folder: String, facts: RunFacts) throws {
    self.folder = folder
    let lease = try SessionLease(folder: folder)
    let path = SessionFolder.database(folder)
    isNew = FileIdentity.at(path) == .nothing
    var opened: DatabaseQueue?
    do {
      let queue = try DatabaseQueue(path: path, configuration: Self.configuration)
      opened = queue
      let begun = try queue.write { try Self.begin($0, folder: folder, path: path, facts: facts) }
      (segment, sequence, written) = (begun.segment, begun.sequence, begun.prompts)
      step = facts.resumedFrom ?? 0
      tokenHashes = facts.tokenHashes
      self.queue = queue
      guard case .file(let database) = FileIdentity.at(path) else { throw TrainingError.folderLost(folder) }
      claim = SessionClaim(folder: folder, lease: lease, database: database)
    } catch {
      try? opened?.close()
      if isNew, !lease.isLost { Self.removeDatabase(path) }
      lease.takeBack()
      throw Self.explain(error, path: path)
    }
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      try SessionSchema.harden(db)
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
      // The log is folded back often, so that it stays small beside the data.
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 256")
    }
    return configuration
  }

  /// Begins a segment in a new database or in that of an earlier process.
  /// - Returns: its number, that of the last row of `step` or `event`, and the prompts that are there already.
  private static func begin(
    _ db: Database, folder: String, path: String, facts: RunFacts
  ) throws -> (segment: Int, sequence: Int64, prompts: Set<Int>) {
    if try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0 > 0 {
      try SessionSchema.require(db, path: path)
    }
    try SessionSchema.migrate(db)
    // With other data (a forced resume) the prompts' numbers stand for other texts.
    let before = try String.fetchOne(db, sql: "SELECT data_hash FROM segment ORDER BY id DESC LIMIT 1")
    let isResumed = facts.resumedFrom != nil && facts.branch == nil
    if before != nil, !isResumed { throw TrainingError.sessionExists(folder) }
    if before == nil, isResumed { throw TrainingError.folderLost(folder) }
    if let before, before != facts.dataHash {
      try db.execute(sql: "DELETE FROM prompt")
      try db.execute(sql: "DELETE FROM response")
    }
    let segment = try insertSegment(db, facts)
    let last = try Int64.fetchOne(
      db, sql: "SELECT max(coalesce((SELECT max(seq) FROM step), 0), coalesce((SELECT max(seq) FROM event), 0))")
    return (segment, last ?? 0, try Set(Int.fetchAll(db, sql: "SELECT id FROM prompt")))
  }

  /// The segment's own row, where it branched off, and whose it is.
  private static func insertSegment(_ db: Database, _ facts: RunFacts) throws -> Int {
    let now = Date().timeIntervalSince1970
    try db.execute(
      sql: """
        INSERT INTO segment (started, resumed_from, run_file, model_hash, data_hash, engine, live_reference, machine)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        now, facts.resumedFrom ?? 0, facts.runFile, facts.modelHash, facts.dataHash, facts.engine,
        facts.liveReference ? 1 : 0, try EventBody.json(facts.machine),
      ])
    let segment = Int(db.lastInsertedRowID)
    if let branch = facts.branch {
      // The seed as text: SQLite's integers have a sign.
      try db.execute(
        sql: "INSERT INTO parent VALUES (1, ?, ?, ?)",
        arguments: [branch.session, branch.step, String(branch.orderSeed)])
    }
    let identity = ProcessIdentity.current
    try db.execute(
      sql: "INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?, ?)",
      arguments: [identity.pid, identity.host, identity.bootID, identity.start, now])
    return segment
  }

  /// All of `batch` or nothing of it.
  /// - Parameter durable: returns only when the disk has it.
  func write(_ batch: [RecordedEvent], durable: Bool) throws {
    try claim.check()
    var sequence = sequence
    var step = step
    var added: Set<Int> = []
    if durable { try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") } }
    defer {
      if durable { try? queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = NORMAL") } }
    }
    try queue.write { db in
      for recorded in batch {
        sequence += 1
        for prompt in recorded.event.prompts where !written.contains(prompt) && added.insert(prompt).inserted {
          try insert(prompt: prompt, db)
        }
        if case .step(let record) = recorded.event {
          step = record.step
          try insert(record, sequence, recorded.time, db)
        } else if let (kind, json) = try recorded.event.body() {
          if let own = recorded.event.ownStep { step = max(step, own) }
          try db.cachedStatement(sql: "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)").execute(
            arguments: [
              sequence, segment, recorded.event.ownStep ?? step, recorded.time.timeIntervalSince1970, kind.rawValue,
              json,
            ])
          if case .evaluation(let record) = recorded.event {
            try StoredMetrics.insert(record.keysBesideBody, of: record.values, sequence: sequence, db)
          }
        }
      }
      try beat(db)
    }
    self.sequence = sequence
    self.step = step
    written.formUnion(added)
  }

  func beat() throws {
    try claim.check()
    try queue.write { try beat($0) }
  }

  /// Folds the log back into the database and lets go of the session. Unless somebody reads it at this moment, what is
  /// left is one plain file: it opens where nothing can be written beside it, on a read-only disk or in a repository.
  func close() {
    // SQLite finds a log to be folded back by its name, which may be another session's by now.
    guard (try? claim.check()) != nil else {
      try? queue.close()
      return
    }
    _ = try? queue.writeWithoutTransaction { db in
      try db.checkpoint(.truncate)
      try db.execute(sql: "PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE")
    }
    try? queue.close()
  }

  /// Closes, and removes what was made for a session that did not begin after all.
  func abandon() {
    close()
    guard isNew, (try? claim.check()) != nil else { return }
    Self.removeDatabase(SessionFolder.database(folder))
    claim.lease.takeBack()
  }

  private static func removeDatabase(_ path: String) {
    for suffix in ["-wal", "-shm", "-journal", ""] { unlink(path + suffix) }
  }

  private func beat(_ db: Database) throws {
    try db.cachedStatement(sql: "UPDATE lease SET heartbeat = ? WHERE id = 1").execute(
      arguments: [Date().timeIntervalSince1970])
  }

  private func insert(prompt index: Int, _ db: Database) throws {
    guard let texts = catalogue?.prompt(index) else { return }
    try db.cachedStatement(sql: "INSERT INTO prompt VALUES (?, ?)").execute(arguments: [index, texts.text])
    let response = try db.cachedStatement(sql: "INSERT INTO response VALUES (?, ?, ?, ?, ?)")
    let hashes = index < tokenHashes.count ? Array(tokenHashes[index]) : []
    for (position, text) in texts.responses.enumerated() {
      let reward = position < texts.rewards.count ? texts.rewards[position] : 0
      let hash = position < hashes.count ? Data(hashes[position].bytes) : Data()
      try response.execute(arguments: [index, position, reward, hash, text])
    }
  }

  private func insert(_ record: StepRecord, _ sequence: Int64, _ time: Date, _ db: Database) throws {
    let facts: [(any DatabaseValueConvertible)?] = [
      sequence, segment, record.step, time.timeIntervalSince1970, record.epoch,
    ]
    try db.cachedStatement(sql: StoredMetrics.insertStep).execute(
      arguments: StatementArguments(facts + StoredMetrics.arguments(record)))
    try StoredMetrics.insert(
      record.values.keys(beside: StoredMetrics.stepColumns), of: record.values, sequence: sequence, db)
    let visit = try db.cachedStatement(
      sql: "INSERT INTO visit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for (position, value) in record.visits.enumerated() {
      let first = value.scored.first
      let second = value.scored.dropFirst().first
      try visit.execute(
        arguments: [
          sequence << Int64(SessionSchema.visitBits) | Int64(position), value.prompt, value.drawn,
          value.drawnProbability, value.ess, value.margin, value.loss, first?.response, first?.tokens, first?.logProb,
          first?.referenceLogProb, second?.response, second?.tokens, second?.logProb, second?.referenceLogProb,
          ScoredResponses.encode(value.scored.dropFirst(2)),
        ])
    }
  }

  /// A database error in the session's words.
  static func explain(_ error: any Error, path: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    switch error.resultCode {
    case .SQLITE_FULL: return SessionError.unwritable(path, why: "no space is left on the disk")
    case .SQLITE_READONLY: return SessionError.unwritable(path, why: "the disk is read-only")
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
      return SessionError.unwritable(path, why: error.message ?? "it cannot be opened")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: return SessionError.damaged(path, why: error.message ?? "not a database")
    default: return SessionError.unwritable(path, why: error.message ?? "\(error.resultCode)")
    }
  }
}

extension RunEvent {
  /// Training prompts that an observer of the event may want to read.
  fileprivate var prompts: [Int] {
    switch self {
    case .step(let record): record.visits.map(\.prompt)
    case .inspected(let inspection): [inspection.prompt]
    default: []
    }
  }
}
