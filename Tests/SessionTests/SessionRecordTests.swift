import Control
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Session
@testable import Training

@Suite struct SessionRecordTests {
  private static let everything: [RunEvent] = [
    .log(LogLine(level: .warning, text: "a\nb\u{0}c")),
    .gammaPlan([-5, -5, 0.1, 0.1, 0.1, 5]),
    .stateChanged(.running),
    .step(SessionFixture.step(1)),
    .evaluation(
      EvaluationRecord(
        step: 1, epoch: 0.1, loss: .nan, chosenReward: 0.1, rejectedReward: -.infinity, margin: 0.3, accuracy: 1,
        chosenLogProb: -1, rejectedLogProb: -2, hardestMargin: 0.5, meanMargin: 1 / 3, prompts: 7, runtime: 0.2)),
    .generation(
      GenerationRecord(step: 1, prompt: "p", policy: "a", reference: "b", policyGrade: "kind", temperature: 0)),
    .answerShares(AnswerShares(step: 1, samples: 3, temperature: 0.9, shares: [.init(kind: "k", fraction: 1 / 3)])),
    .step(SessionFixture.step(2, loss: .nan)),
    .stateChanged(.pausing(afterStep: 3)),
    .stateChanged(.paused(atStep: 3)),
    .inspected(
      PromptInspection(
        prompt: 2, step: 2,
        scored: [ScoredResponse(response: 0, logProb: -0.1, referenceLogProb: -0.2, tokens: 3)])),
    .checkpoint(step: 2, path: "elsewhere/checkpoint-2"),
    .stateChanged(.stopping),
    .stateChanged(.finished),
    .finished(
      RunSummary(
        steps: 2, trainRuntime: 0.3, trainLoss: 0.4, pairsPerSecond: 5, checkpointPath: "elsewhere/checkpoint-2",
        reason: .completed)),
  ]

  private static let commands: [RunCommand] = [
    .pause, .resume, .step(4), .checkpoint, .stop, .gamma(.hold(1 / 3)), .gamma(.ramp(target: -2, steps: 7)),
    .gamma(.at(step: 9, value: 0)), .gamma(.schedule), .learningRate(1e-4), .beta(0.3), .inspect(prompt: 1),
  ]

  @Test func givesBackEveryEventAsItWas() throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    let answers = Self.commands.enumerated().map {
      RunEvent.acknowledged(SessionFixture.answer($0.offset, $0.element, step: 2))
    }
    var sent = Self.everything
    sent.insert(contentsOf: answers, at: 6)
    recorder.observe(.loading(LoadingProgress(what: "not kept")))
    for event in sent { recorder.observe(event) }
    #expect(recorder.close() == nil)
    // Nothing but the database and the lock is left in the folder.
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder).sorted() == [".lock", "session.db"])

    // Paths are those of the folder that was opened.
    let expected = sent.map { event -> RunEvent in
      switch event {
      case .checkpoint(let step, _): return .checkpoint(step: step, path: fixture.folder + "/checkpoint-2")
      case .finished(var summary):
        summary.checkpointPath = fixture.folder + "/checkpoint-2"
        return .finished(summary)
      default: return event
      }
    }
    let read = try fixture.events()
    #expect(read.map(\.said) == ([.started(SessionFixture.description())] + expected).map(\.said))
    // Doubles come back bit for bit.
    guard case .step(let step)? = read.first(where: { $0.ownStep == 1 }) else { return #expect(Bool(false)) }
    #expect(step == SessionFixture.step(1))
    #expect(try SessionReader(folder: fixture.folder).status() == .finished)
  }

  /// The texts of a data set of a million prompts are not copied; what a step has seen is, once.
  @Test func promptsAreWrittenWithTheFirstEventThatNamesThem() throws {
    let fixture = try SessionFixture()
    let count = 1_000_000
    let first = try fixture.recorder(prompts: count)
    // Prompts 1, 2 and 0.
    for number in 1...2 { first.observe(.step(SessionFixture.step(number, prompts: count))) }
    #expect(first.close() == nil)
    let second = try fixture.recorder(resumedFrom: 2, prompts: count)
    second.observe(.step(SessionFixture.step(3, prompts: count)))
    second.observe(.inspected(PromptInspection(prompt: 999_999, step: 3, scored: [])))
    #expect(second.close() == nil)

    let database = try DatabaseQueue(path: fixture.folder + "/session.db")
    let written = try database.read { try Int.fetchAll($0, sql: "SELECT id FROM prompt ORDER BY id") }
    #expect(written == [0, 1, 2, 3, 999_999])
    #expect(try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM response") } == 5 * 8)
    let run = try SessionReader(folder: fixture.folder).description
    let catalogue = SessionFixture.Catalogue(count: count)
    #expect(run.catalogue.count == count)
    for prompt in written { #expect(run.catalogue.prompt(prompt) == catalogue.prompt(prompt)) }
    // What the what-if histogram needs of the rest is in the description: every 400th of a million.
    #expect(run.rewardSample == (0..<2500).map { catalogue.prompt($0 * 400).rewards })
    #expect(run.rewardSample == catalogue.rewardSample)
  }

  @Test func aLiveRunIsFollowed() throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    recorder.observe(.acknowledged(SessionFixture.answer(1, .pause, step: 0)))
    let reader = try SessionReader(folder: fixture.folder)
    #expect(try reader.status() == .live(pid: ProcessInfo.processInfo.processIdentifier))
    let first = try reader.events(after: 0)
    #expect(first.events.count == 2)
    #expect(try reader.events(after: first.cursor).events.isEmpty)
    recorder.observe(.step(SessionFixture.step(1)))
    recorder.observe(.checkpoint(step: 1, path: "checkpoint-1"))
    let second = try reader.events(after: first.cursor)
    #expect(second.events.map(\.event.ownStep) == [1, 1])
    #expect(second.cursor == first.cursor + 2)
    recorder.close()
    #expect(try reader.events(after: second.cursor).cursor == second.cursor)
    #expect(abs(try reader.lastSign().timeIntervalSinceNow) < 3600)
  }

  /// An acknowledged command is in the file when `observe` returns, before anybody is told.
  @Test(arguments: commands) func anAnswerIsOnTheDiskBeforeItIsTold(command: RunCommand) throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    recorder.observe(.acknowledged(SessionFixture.answer(1, command, step: 0)))
    let read = try fixture.events()
    #expect(read.last?.said == RunEvent.acknowledged(SessionFixture.answer(1, command, step: 0)).said)
    withExtendedLifetime(recorder) {}
  }

  @Test func twoWritersAreRefused() throws {
    let fixture = try SessionFixture()
    let first = try fixture.recorder()
    let second = SessionRecorder(session: fixture.folder)
    let error = #expect(throws: SessionError.self) { try second.open(SessionFixture.facts()) }
    #expect(error == .inUse(fixture.folder, pid: nil))
    #expect(error?.description == "\(fixture.folder): another process is writing this session")
    first.close()
    // A new run does not go into an old one's folder.
    #expect(throws: TrainingError.sessionExists(fixture.folder)) { try second.open(SessionFixture.facts()) }
    try second.open(SessionFixture.facts(resumedFrom: 0))
    second.close()
  }

  /// Steps that a resumed process repeats replace the old ones; answers and checkpoints of both are kept.
  @Test func aResumedRunIsOneLine() throws {
    let fixture = try SessionFixture()
    let first = try fixture.recorder()
    for number in 1...5 {
      first.observe(.step(SessionFixture.step(number, loss: 1)))
      if number == 3 { first.observe(.checkpoint(step: 3, path: "checkpoint-3")) }
    }
    first.observe(.acknowledged(SessionFixture.answer(1, .beta(0.2), step: 5)))
    first.observe(.stateChanged(.failed("x")))
    first.close()
    #expect(try SessionReader(folder: fixture.folder).status() == .stopped)

    let second = try fixture.recorder(resumedFrom: 3)
    second.observe(.step(SessionFixture.step(4, loss: 2)))
    second.close()
    let reader = try SessionReader(folder: fixture.folder)
    #expect(try reader.status() == .crashed)
    #expect(try reader.segments() == 2)
    let read = try fixture.events()
    let steps = read.compactMap { event -> String? in
      if case .step(let record) = event { "\(record.step): \(record.loss)" } else { nil }
    }
    #expect(steps == ["1: 1.0", "2: 1.0", "3: 1.0", "4: 2.0"])
    #expect(read.filter { if case .started = $0 { true } else { false } }.count == 1)
    #expect(read.contains { if case .acknowledged = $0 { true } else { false } })
    #expect(!read.contains { if case .stateChanged(.failed) = $0 { true } else { false } })
    // The view of the schema says the same.
    let line = try reader.database.read { try Int.fetchAll($0, sql: "SELECT step FROM line ORDER BY seq") }
    #expect(line == [1, 2, 3, 4])
  }

  @Test func listsTheLastWrittenFirst() throws {
    let temporary = try TemporaryFolder()
    for (index, name) in ["a", "b", "c"].enumerated() {
      let folder = temporary.path + "/" + name
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      if name == "c" { continue }
      let recorder = SessionRecorder(session: folder)
      try recorder.open(SessionFixture.facts())
      recorder.close()
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(1_000_000 * (index + 1)))],
        ofItemAtPath: folder + "/session.db")
    }
    #expect(SessionReader.list(in: temporary.path) == ["b", "a"].map { temporary.path + "/" + $0 })
    #expect(SessionReader.list(in: temporary.path + "/absent").isEmpty)
  }

  @Test func absenceAndEmptinessAreSentences() throws {
    let fixture = try SessionFixture()
    let absent = #expect(throws: SessionError.self) { try SessionReader(folder: fixture.folder) }
    #expect(absent?.description == "\(fixture.folder): no session is here (session.db is missing)")
    let recorder = SessionRecorder(session: fixture.folder)
    try recorder.open(SessionFixture.facts())
    let early = #expect(throws: SessionError.self) { try SessionReader(folder: fixture.folder) }
    #expect(early == .beginning(fixture.folder))
    recorder.close()
    let empty = #expect(throws: SessionError.self) { try SessionReader(folder: fixture.folder) }
    #expect(empty == .notBegun(fixture.folder))
  }
}
