import Control
import Foundation
import GRDB
import Testing

@testable import Session
@testable import Training

/// Databases that this program would never write, each refused in one sentence and never run.
@Suite struct UntrustedSessionTests {
  /// A recorded session that `change` has been done to.
  private func session(_ change: String...) throws -> SessionFixture {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    for number in 1...3 { recorder.observe(.step(SessionFixture.step(number))) }
    recorder.observe(.checkpoint(step: 3, path: "checkpoint-3"))
    recorder.close()
    let database = try DatabaseQueue(path: fixture.folder + "/session.db")
    try database.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
      for sql in change { try db.execute(sql: sql) }
    }
    try database.close()
    return fixture
  }

  private static let prefix = "/session.db: the session database is damaged: "

  @Test(arguments: [
    ("CREATE TRIGGER evil AFTER INSERT ON event BEGIN DELETE FROM step; END", "its schema is not a session's (evil)"),
    ("CREATE VIEW evil AS SELECT load_extension('x')", "its schema is not a session's (evil)"),
    ("CREATE TABLE evil (x)", "its schema is not a session's (evil)"),
    ("DROP TABLE lease", "tables are missing"),
    ("ALTER TABLE step ADD COLUMN evil TEXT", "its schema is not a session's (step)"),
    ("PRAGMA application_id = 1", "it is not a session database"),
    ("PRAGMA user_version = 0", "it has no schema"),
  ])
  func aForeignSchemaIsRefused(change: String, why: String) throws {
    let fixture = try session(change)
    let error = #expect(throws: SessionError.self) { try SessionReader(folder: fixture.folder) }
    #expect(error?.description == fixture.folder + Self.prefix + why)
    // Nor is it written or gone on with.
    #expect(throws: SessionError.self) { try SessionRecorder(session: fixture.folder).open(SessionFixture.facts()) }
    #expect(throws: SessionError.self) { try SessionResume(session: fixture.folder, force: true) }
  }

  @Test func aNewerSchemaSaysSo() throws {
    let fixture = try session("PRAGMA user_version = 99")
    let error = #expect(throws: SessionError.self) { try SessionReader(folder: fixture.folder) }
    #expect(error == .newer(fixture.folder + "/session.db", version: 99))
  }

  @Test(arguments: [
    ("UPDATE visit SET prompt = 3", "visit.prompt holds no value of its kind"),
    ("UPDATE visit SET prompt = -1", "visit.prompt holds no value of its kind"),
    ("UPDATE visit SET response_1 = 1 << 40", "visit.response_1 holds no value of its kind"),
    ("UPDATE visit SET response_1 = 8", "visit.response_1 holds no value of its kind"),
    ("UPDATE visit SET drawn = 77", "visit.drawn holds no value of its kind"),
    ("UPDATE visit SET more = x'ffffffffffffff'", "visit.more holds no value of its kind"),
    ("UPDATE visit SET more = x'0101'", "visit.more holds no value of its kind"),
    ("INSERT INTO parent VALUES (1, 'x', 3, '-1')", "parent.order_seed holds no value of its kind"),
    ("INSERT INTO parent VALUES (1, 'x', -3, '1')", "parent.step holds no value of its kind"),
    ("UPDATE step SET step = -5", "step.step holds no value of its kind"),
    ("UPDATE step SET num_tokens = -1", "step.num_tokens holds no value of its kind"),
    ("INSERT INTO metric VALUES (2, 'loss', 1)", "metric.key holds no value of its kind"),
    ("INSERT INTO metric VALUES (2, 'step', 1)", "metric.key holds no value of its kind"),
    ("UPDATE event SET kind = 'evil' WHERE kind = 'checkpoint'", "event.kind holds no value of its kind"),
    ("UPDATE event SET body = '{}' WHERE kind = 'checkpoint'", "an event has not the form of its kind"),
    ("UPDATE event SET body = '[[[' WHERE kind = 'checkpoint'", "an event has not the form of its kind"),
    (
      "INSERT INTO event VALUES (100, 1, 1, 0, 'gamma_plan', '{\"values\": [1], \"counts\": [9000000000000000000]}')",
      "event.body holds no value of its kind"
    ),
  ])
  func aValueOutOfRangeIsASentence(change: String, why: String) throws {
    let fixture = try session(change)
    let error = #expect(throws: SessionError.self) { try fixture.events() }
    #expect(error?.description == fixture.folder + Self.prefix + why)
  }

  @Test func aTextOfHundredMegabytes() throws {
    let fixture = try session(
      "UPDATE event SET body = CAST(zeroblob(100000000) AS TEXT) WHERE kind = 'checkpoint'")
    let error = #expect(throws: SessionError.self) { try fixture.events() }
    #expect(error?.description == fixture.folder + Self.prefix + "string or blob too big")
  }

  @Test func bytesOfSomethingElse() throws {
    let fixture = try SessionFixture()
    let path = fixture.folder + "/session.db"
    try Data(
      "not a database, and long enough to have a header of one hundred bytes in it, so that it is looked at".utf8
    )
    .write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: SessionError.self) { try SessionReader(folder: fixture.folder) }
    #expect(error?.description == path + ": the session database is damaged: file is not a database")
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let folder = #expect(throws: SessionError.self) { try SessionReader(folder: fixture.folder) }
    #expect(folder?.description == path + ": the session database is damaged: it is no regular file")
  }

  /// Broken pages: a sentence or the right events, never a crash.
  @Test func flippedBytes() throws {
    let whole = try session()
    let good = try Data(contentsOf: URL(fileURLWithPath: whole.folder + "/session.db"))
    let fixture = try SessionFixture()
    for round in 0..<60 {
      var bytes = good
      for flip in 0..<8 {
        // A fixed walk over the file.
        let position = (round * 7919 + flip * 104_729) % bytes.count
        bytes[position] = bytes[position] &+ UInt8(1 + round % 250)
      }
      try bytes.write(to: URL(fileURLWithPath: fixture.folder + "/session.db"))
      do {
        _ = try fixture.events()
      } catch {
        #expect(error is SessionError, "\(error)")
      }
    }
  }
}
