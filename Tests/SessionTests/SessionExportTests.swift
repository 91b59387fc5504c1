import Control
import Foundation
import Testing

@testable import Session

@Suite struct SessionExportTests {
  private func recorded(_ evaluation: Bool = true) throws -> SessionFixture {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    recorder.observe(.step(SessionFixture.step(1)))
    recorder.observe(.step(SessionFixture.step(2, loss: .nan)))
    if evaluation {
      recorder.observe(
        .evaluation(
          EvaluationRecord(
            step: 2, epoch: 1, loss: 0.5, chosenReward: 1, rejectedReward: -1, margin: 2, accuracy: 0.75,
            chosenLogProb: -1, rejectedLogProb: -2, hardestMargin: 0.25, meanMargin: 0.5, prompts: 4, runtime: 1)))
    }
    recorder.close()
    return fixture
  }

  @Test func csvHasARowAStep() throws {
    let fixture = try recorded()
    let table = try MetricTable(SessionReader(folder: fixture.folder))
    let lines = table.csv().components(separatedBy: "\r\n")
    #expect(lines.count == 4 && lines[3].isEmpty)
    let head = lines[0].components(separatedBy: ",")
    #expect(head.prefix(4) == ["step", "time", "epoch", "loss"])
    #expect(head.contains("eval_margins/hardest"))
    let rows = lines[1...2].map { $0.components(separatedBy: ",") }
    func cell(_ row: Int, _ name: String) -> String { head.firstIndex(of: name).map { rows[row][$0] } ?? "?" }
    #expect(rows.allSatisfy { $0.count == head.count })
    #expect(cell(0, "loss") == "1.0" && cell(0, "eval_loss") == "" && cell(0, "gamma") == "-5.0")
    // A loss that is no number is an empty cell.
    #expect(cell(1, "loss") == "" && cell(1, "eval_loss") == "0.5" && cell(1, "step") == "2")
  }

  /// CRC-32C's check value, and the iSCSI vector of 32 zero bytes (RFC 3720, B.4).
  @Test func crc() {
    #expect(TensorBoardFile.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    #expect(TensorBoardFile.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
  }

  /// Record framing and the first event, byte by byte; Tests/Fixtures/session/check_tensorboard.py reads a whole file
  /// with TensorBoard's own reader.
  @Test func tensorBoardFile() throws {
    let fixture = try recorded()
    let table = try MetricTable(SessionReader(folder: fixture.folder))
    let path = try TensorBoardFile.write(table, name: "r", to: fixture.folder + "/tensorboard")
    var bytes = ArraySlice(try Data(contentsOf: URL(fileURLWithPath: path)))
    var records: [[UInt8]] = []
    while !bytes.isEmpty {
      let length = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
      records.append(Array(bytes.dropFirst(12).prefix(length)))
      bytes = bytes.dropFirst(12 + length + 4)
    }
    // The version, then one event a step.
    #expect(records.count == 3)
    // Field 1, a double; then field 3, 13 bytes: "brain.Event:2".
    #expect(records[0][0] == 0x09 && Array(records[0][9...]) == [0x1A, 13] + Array("brain.Event:2".utf8))
    // Field 2 is the step.
    #expect(records[1][9...10] == [0x10, 1] && records[2][9...10] == [0x10, 2])
    let text = String(decoding: records[2], as: UTF8.self)
    #expect(text.contains("eval/margins/hardest") && text.contains("train/rewards/chosen"))
  }

  /// Differences 1, 2, 3: mean 2, standard error 1/√3, t = 2√3; with two degrees of freedom
  /// p = 1 − t/√(t² + 2) = 1 − √(12/14) = 0.074180…
  @Test func pairedTest() throws {
    let test = try #require(PairedTest([1, 2, 3]))
    #expect(test.count == 3 && test.mean == 2)
    #expect(abs(test.error - 1 / 3.0.squareRoot()) < 1e-15)
    #expect(abs(test.t - 12.0.squareRoot()) < 1e-12)
    #expect(abs(test.p - (1 - (12.0 / 14).squareRoot())) < 1e-12)
    // One degree of freedom is Cauchy: p = 1 − 2 atan(t)/π; differences 1 and 2 have t = 3.
    let two = try #require(PairedTest([1, 2]))
    #expect(abs(two.p - (1 - 2 * atan(3.0) / .pi)) < 1e-12)
    #expect(PairedTest([1]) == nil)
    #expect(PairedTest([0, 0])?.p == 1)
  }

  @Test func comparisonMatchesPromptsByText() throws {
    let fixtures = try [recorded(), recorded(false)]
    let readers = try fixtures.map { try SessionReader(folder: $0.folder) }
    let comparison = try SessionComparison(readers)
    let lines = comparison.csv().components(separatedBy: "\r\n")
    let head = lines[0].components(separatedBy: ",")
    #expect(head.first == "step" && head.contains("r#1:loss") && head.contains("r#2:eval_loss"))
    #expect(lines[1].components(separatedBy: ",").count == head.count)
    // Prompts 0, 1 and 2 were visited in both with the same margins.
    let test = try #require(comparison.test(1))
    #expect(test.count == 3 && test.mean == 0 && test.p == 1)
  }

  @Test func summaryIsInWords() throws {
    let fixture = try recorded()
    let summary = try SessionSummary(SessionReader(folder: fixture.folder))
    #expect(summary.line.hasPrefix("crashed  step 2/100  HPS-DPO on m  loss nan  margin +0.80"))
    #expect(summary.lines.contains("  held out at step 2: loss 0.5000, accuracy 0.75, margin to the hardest +0.2500"))
  }

  @Test func removalLeavesWhatIsNotTheSessions() throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    recorder.observe(.checkpoint(step: 2, path: fixture.folder + "/checkpoint-2"))
    recorder.close()
    // 2 is in the record, 4 was about to be announced, 100 is another trainer's.
    let own = ["checkpoint-2", "checkpoint-4", ".checkpoint-6.partial"]
    for name in own + ["checkpoint-100", "tensorboard"] {
      try FileManager.default.createDirectory(
        atPath: fixture.folder + "/" + name, withIntermediateDirectories: true)
    }
    _ = try TensorBoardFile.write(
      MetricTable(SessionReader(folder: fixture.folder)), name: "r", to: fixture.folder + "/tensorboard")
    for name in ["notes.txt", "run.yaml", "checkpoint-4/.unannounced", "checkpoint-100/w", "tensorboard/theirs"] {
      try Data().write(to: URL(fileURLWithPath: fixture.folder + "/" + name))
    }
    let left = ["checkpoint-100", "notes.txt", "tensorboard"]
    #expect(try SessionRemoval.remove(fixture.folder) == left)
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: fixture.folder).sorted() == [
        "checkpoint-100", "checkpoint-100/w", "notes.txt", "tensorboard", "tensorboard/theirs",
      ])
    #expect(throws: SessionError.absent(fixture.folder)) { try SessionRemoval.remove(fixture.folder) }
  }

  @Test func removalLeavesNoFolderOfASessionAlone() throws {
    let fixture = try recorded()
    #expect(try SessionRemoval.remove(fixture.folder) == [])
    #expect(!FileManager.default.fileExists(atPath: fixture.folder))
  }

  /// Without its record nobody can tell what is the session's, so nothing goes.
  @Test func aDamagedSessionIsNotRemovedByGuess() throws {
    let fixture = try SessionFixture()
    try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: fixture.folder + "/session.db"))
    #expect(throws: SessionError.self) { try SessionRemoval.remove(fixture.folder) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder) == ["session.db"])
  }
}
