import Control
import Foundation
import GRDB
import Testing

@testable import Session
@testable import Training

@Suite struct SessionCostTests {
  /// At most 100 bytes a visit and 300 a step beside the log-probs (16 bytes for each scored response), over 10,000
  /// visits of pairs, or of lists of eight.
  @Test(arguments: [2, 8]) func bytesOfAVisit(responses: Int) throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder(prompts: 5000)
    // The prompts' texts are stored once, with the first event that names them, and do not count here.
    for prompt in 0..<5000 { recorder.observe(.inspected(PromptInspection(prompt: prompt, step: 0, scored: []))) }
    recorder.observe(.checkpoint(step: 0, path: "checkpoint-0"))
    let path = fixture.folder + "/session.db"
    func size() throws -> Int {
      let database = try DatabaseQueue(path: path)
      return try database.read { db in
        try (Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0) * (Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
      }
    }
    let before = try size()
    let (steps, visits) = (625, 16)
    for number in 1...steps {
      var record = SessionFixture.step(number)
      record.visits = (0..<visits).map { place in
        let x = 1 / Double(number * visits + place + 1)
        return PromptVisit(
          prompt: (number * 37 + place) % 5000, drawn: 1 + place % (responses - 1), drawnProbability: x, ess: 1 + x,
          scored: (0..<responses).map {
            ScoredResponse(
              response: $0, logProb: -100 * x - Double($0), referenceLogProb: -90 * x - Double($0) / 3,
              tokens: 100 + 10 * $0)
          }, margin: x / 3, loss: x / 7)
      }
      recorder.observe(.step(record))
    }
    recorder.observe(.checkpoint(step: steps, path: "checkpoint-\(steps)"))
    let bytes = try size() - before
    recorder.close()
    let allowed = steps * 300 + steps * visits * (100 + 16 * responses)
    #expect(bytes <= allowed, "\(bytes) bytes; \(allowed) are allowed")
    #expect(try fixture.events().count == steps + 5003)
  }
}
