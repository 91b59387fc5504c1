import Control
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Session
@testable import Training

/// docs/SESSION.md against the schema and a recorded session.
@Suite struct SessionPageTests {
  @Test func everyQueryRuns() throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    for number in 1...30 { recorder.observe(.step(SessionFixture.step(number))) }
    recorder.observe(.acknowledged(SessionFixture.answer(1, .beta(0.2), step: 12)))
    recorder.observe(
      .evaluation(
        EvaluationRecord(
          step: 30, epoch: 1, loss: 0.5, chosenReward: 1, rejectedReward: -1, margin: 2, accuracy: 0.75,
          chosenLogProb: -1, rejectedLogProb: -2, hardestMargin: 0.25, meanMargin: 0.5, prompts: 4, runtime: 1)))
    recorder.close()
    let queries = try Page("docs/SESSION.md").blocks("sql")
    #expect(queries.count == 10)
    let database = try SessionReader(folder: fixture.folder).database
    for query in queries {
      let rows = try database.read { try Row.fetchAll($0, sql: query) }
      #expect(!rows.isEmpty, "\(query)")
    }
  }

  @Test func namesEveryTableAndColumn() throws {
    let page = try Page("docs/SESSION.md")
    let database = try DatabaseQueue()
    try database.write { try SessionSchema.migrate($0) }
    let rows = try #require(page.section("Tables")).rows
    try database.read { db in
      let names = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
      for name in names { #expect(rows.contains { $0[0] == name }, "\(name)") }
      for table in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'") {
        let text = rows.first { $0[0] == table }?.joined(separator: " ") ?? ""
        for column in try db.columns(in: table) {
          #expect(text.contains(column.name), "\(table).\(column.name)")
        }
      }
    }
  }
}
