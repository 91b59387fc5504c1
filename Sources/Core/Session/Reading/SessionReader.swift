import Control
import Foundation
import GRDB
import Training

/// A session as it was recorded: of a run that is over, that died, or that another process is training now. Only reads.
///
/// The file is not trusted: its schema is compared before anything in it is used, and every value is checked.
public struct SessionReader: Sendable {
  /// What became of the run.
  public enum Status: Sendable, Equatable {
    /// A process is training it.
    case live(pid: Int32)
    /// It ran to its end.
    case finished
    /// It was stopped, interrupted, or ended by itself, and said so.
    case stopped
    /// Its process died without a word.
    case crashed
  }

  public let folder: String
  /// What the run is; its catalogue reads from the database.
  public let description: RunDescription
  let database: DatabaseQueue

  /// - Throws: `SessionError`, `beginning` where it is too early.
  public init(folder: String) throws {
    self.folder = folder
    let path = SessionFolder.database(folder)
    do {
      let database = try Self.open(path)
      var parent: BranchOrigin?
      var isHeld = false
      let started = try database.read { db -> EventBody.Started? in
        try SessionSchema.require(db, path: path)
        parent = try BranchOrigin.recorded(db)
        guard
          let row = try Row.fetchOne(
            db, sql: "SELECT body FROM event WHERE kind = 'started' ORDER BY seq DESC LIMIT 1")
        else {
          isHeld = try SessionLease.isHeld(folder: folder, db)
          return nil
        }
        return try EventBody.decode(EventBody.Started.self, DatabaseRow(row: row, table: "event").text("body"))
      }
      guard let started else { throw isHeld ? SessionError.beginning(folder) : SessionError.notBegun(folder) }
      guard started.isInRange else { throw SessionError.damaged(path, why: "the run's size is out of range") }
      self.database = database
      description = RunDescription(
        name: started.name, modelName: started.modelName, method: started.method, estimator: started.estimator,
        totalSteps: started.totalSteps, stepsPerEpoch: started.stepsPerEpoch, promptsPerStep: started.promptsPerStep,
        learningRate: started.learningRate, beta: started.beta, precision: started.precision,
        threads: started.threads, trainableParameters: started.trainableParameters, sessionPath: folder,
        catalogue: SessionCatalogue(count: started.prompts, database: database),
        rewardSample: started.rewardSample, preferred: started.preferred ?? 1, notice: started.notice,
        grader: started.grader, parent: parent.map { ParentRun(session: $0.session, step: $0.step) })
    } catch {
      if case SessionError.notBegun = error, (try? SessionLease.isHeld(folder: folder)) == true {
        throw SessionError.beginning(folder)
      }
      throw Self.explain(error, path: path)
    }
  }

  /// What the latest process of the session computed with: precision, kernel level and the probe of its arithmetic.
  /// - Throws: `SessionError` where the record is damaged.
  public func engine() throws -> String? {
    let path = SessionFolder.database(folder)
    do {
      return try database.read { db in
        try String.fetchOne(db, sql: "SELECT engine FROM segment ORDER BY id DESC LIMIT 1")
      }
    } catch {
      throw Self.explain(error, path: path)
    }
  }

  static func open(_ path: String) throws -> DatabaseQueue {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw SessionError.absent(String(path.dropLast(SessionFolder.databaseName.count + 1)))
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw SessionError.damaged(path, why: "it is no regular file")
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      try SessionSchema.harden(db)
      try db.execute(sql: "PRAGMA query_only = ON")
    }
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  // MARK: Events

  /// The run's events in order, as an observer of one uninterrupted run would have seen them: where a process resumed
  /// from a checkpoint, the steps after it that an earlier process had run are left out, and so is that process's end.
  /// - Parameters:
  ///   - cursor: 0 for the beginning, else what the last call returned.
  ///   - limit: the most events to return.
  ///   - visits: whether steps carry their prompt visits, most of what there is to read.
  /// - Returns: no events and the same cursor where there is nothing new.
  public func events(
    after cursor: Int64, limit: Int = 1024, visits: Bool = true
  ) throws -> (events: [RecordedEvent], cursor: Int64) {
    do {
      return try database.read { db in
        let segments = try Segments(db)
        var events: [RecordedEvent] = []
        var cursor = cursor
        while events.count < limit {
          let rows = try Self.rows(db, after: cursor, limit: limit - events.count)
          guard let last = rows.last else { break }
          let metrics = try StoredMetrics.read(db, after: cursor, through: last.sequence)
          for row in rows where segments.keeps(row) {
            if let event = try event(row, db, visits: visits, metrics: metrics[row.sequence] ?? []) {
              events.append(RecordedEvent(time: row.time, event: event))
            }
          }
          cursor = last.sequence
        }
        return (events, cursor)
      }
    } catch {
      throw Self.explain(error, path: SessionFolder.database(folder))
    }
  }

  /// How many processes have trained this session; it grows when somebody resumes it.
  public func segments() throws -> Int {
    do {
      return try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM segment") ?? 0 }
    } catch {
      throw Self.explain(error, path: SessionFolder.database(folder))
    }
  }

  // MARK: Status

  public func status() throws -> Status {
    do {
      return try database.read { db in
        if try SessionLease.isHeld(folder: folder, db) {
          let pid = try Int64.fetchOne(db, sql: "SELECT pid FROM lease") ?? 0
          return .live(pid: Int32(truncatingIfNeeded: pid))
        }
        // The last word of the last process.
        let row = try Row.fetchOne(
          db,
          sql: """
            SELECT kind, body FROM event WHERE segment = (SELECT max(id) FROM segment)
            AND (kind = 'finished' OR kind = 'state') ORDER BY seq DESC LIMIT 1
            """)
        guard let row else { return .crashed }
        let record = DatabaseRow(row: row, table: "event")
        if try record.text("kind") == EventBody.Kind.finished.rawValue {
          let summary = try EventBody.decode(RunSummary.self, record.text("body"))
          return summary.reason == .completed ? .finished : .stopped
        }
        let state = try EventBody.decode(EventBody.State.self, record.text("body")).runState
        if case .failed = state { return .stopped }
        return .crashed
      }
    } catch {
      throw Self.explain(error, path: SessionFolder.database(folder))
    }
  }

  /// When the writing process last showed that it was alive.
  public func lastSign() throws -> Date {
    do {
      let seconds = try database.read { try Double.fetchOne($0, sql: "SELECT heartbeat FROM lease") ?? 0 }
      return Date(timeIntervalSince1970: seconds)
    } catch {
      throw Self.explain(error, path: SessionFolder.database(folder))
    }
  }

  /// The folders in `folder` that hold a session, the last written first.
  public static func list(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let found = names.filter { !$0.hasPrefix(".") }.compactMap { name -> (path: String, changed: Date)? in
      let path = folder + "/" + name
      // The log beside the database is what a running process writes.
      let dates = ["", "-wal"].compactMap { suffix in
        try? FileManager.default.attributesOfItem(atPath: SessionFolder.database(path) + suffix)[.modificationDate]
          as? Date
      }
      return dates.max().map { (path, $0) }
    }
    return found.sorted { ($1.changed, $0.path) < ($0.changed, $1.path) }.map(\.path)
  }

  static func explain(_ error: any Error, path: String) -> any Error {
    switch error {
    case let error as DatabaseError:
      switch error.resultCode {
      case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_TOOBIG, .SQLITE_FORMAT, .SQLITE_MISMATCH:
        return SessionError.damaged(path, why: error.message ?? "it is no database")
      default: return SessionError.unreadable(path, why: error.message ?? "\(error.resultCode)")
      }
    case is SessionError: return error
    case let problem as DatabaseRow.Problem: return SessionError.damaged(path, why: problem.description)
    case is DecodingError: return SessionError.damaged(path, why: "an event has not the form of its kind")
    default: return error
    }
  }
}
