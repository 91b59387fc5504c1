import Checkpoint
import Control
import Foundation
import GRDB
import DeviceCPU
import Preference
import TestSupport
import Testing

@testable import Session
@testable import Training
@testable import TrainingFixture

/// A real training loop whose events are recorded, cut off after any event as a killed process would be, and gone on
/// with: the numbers must be those of a run that never stopped.
@Suite struct ResumeTests {
  /// What happens to one run, in a folder of its own.
  struct Case: CustomTestStringConvertible {
    var name: String
    var precision = Precision.fp32
    var threads = 1
    var estimator = Estimator.sample
    var saveSteps = 3
    /// An adapter that differs between modules, in the upper layer alone, and B with a learning rate of its own.
    var isUneven = false
    var kills: [Int]
    var commands: @Sendable (RunEvent, EventLog) -> Void = { _, _ in }

    var testDescription: String { name }
  }

  private static let total = 12

  static let cases: [Case] = [
    Case(name: "stopped between checkpoints", kills: [5]),
    Case(name: "stopped before the first checkpoint", kills: [2]),
    Case(name: "stopped at a checkpoint", kills: [6]),
    Case(name: "stopped twice, the second time in what was repeated", kills: [8, 7]),
    Case(name: "stopped at every third step", kills: [4, 7, 10]),
    Case(name: "bf16, two threads", precision: .bf16, threads: 2, kills: [7]),
    Case(
      name: "ranks of their own and LoRA+, with another learning rate", isUneven: true, kills: [5, 8],
      commands: { event, log in if event.endOfStep == 4 { log.send(.learningRate(2e-3), id: 1) } }),
    Case(name: "all responses", estimator: .expectation, kills: [5, 10]),
    Case(
      name: "γ, learning rate and β were changed after the checkpoint", kills: [8],
      commands: { event, log in
        if event.endOfStep == 3 { log.send(.gamma(.ramp(target: 2, steps: 6)), id: 1) }
        if event.endOfStep == 6 { log.send(.learningRate(3e-3), id: 2) }
        if event.endOfStep == 7 { log.send(.beta(0.4), id: 3) }
        if event.endOfStep == 7 { log.send(.gamma(.at(step: 11, value: -1)), id: 4) }
      }),
  ]

  private func fixture(_ example: Case, _ folder: String) throws -> LoopFixture {
    var fixture = try LoopFixture(hps: example.estimator)
    fixture.adapterFolder = nil
    fixture.precision = example.precision
    fixture.threads = example.threads
    fixture.totalSteps = Self.total
    fixture.saveSteps = example.saveSteps
    fixture.session = folder
    if example.isUneven {
      var lora = LoRAConfiguration(rank: 2, alpha: 8, targets: .allLinear, useRSLoRA: true)
      lora.layers = LayerSelection([1])
      lora.excluded = .names(["o_proj"])
      lora.rankPattern = [PatternValue(pattern: try NamePattern("(q|up)_proj"), value: 5)]
      lora.alphaPattern = [PatternValue(pattern: try NamePattern("down_proj"), value: 3)]
      fixture.lora = lora
      fixture.loraPlusRatio = 6
    }
    return fixture
  }

  /// One process, to its end. What a kill after step `kill` would have left is copied to `remains`.
  private func run(
    _ fixture: LoopFixture, point: ResumePoint?, kill: Int?, remains: String,
    commands: @escaping @Sendable (RunEvent, EventLog) -> Void
  ) throws {
    let folder = try #require(fixture.session)
    let recorder = SessionRecorder(session: folder)
    try recorder.open(SessionFixture.facts(resumedFrom: point.map { $0.checkpoint?.step ?? 0 }))
    let events = EventLog { event, log in
      recorder.observe(event)
      if let kill, event.endOfStep == kill {
        recorder.queue.sync { try? FileManager.default.copyItem(atPath: folder, toPath: remains) }
      }
      commands(event, log)
    }
    let contents = try point?.checkpoint.map {
      try CheckpointStore.load($0, model: CheckpointFolder(path: SessionFixture.model).configuration)
    }
    let loop = try fixture.loop(events, adapter: contents?.adapter)
    if let point { try loop.resume(point, from: contents) }
    events.take(.started(SessionFixture.description(of: fixture.set)))
    recorder.retry()
    recorder.observe(.finished(try loop.run()))
    #expect(recorder.close() == nil)
  }

  @Test(arguments: cases) func goesOnBitForBit(example: Case) throws {
    let whole = try TemporaryFolder()
    let reference = try fixture(example, whole.path)
    let expected = EventLog(example.commands)
    try reference.run(expected)

    let folders = try TemporaryFolder()
    var folder = folders.path + "/0"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let kills: [Int?] = example.kills + [nil]
    for (index, kill) in kills.enumerated() {
      var point: ResumePoint?
      if index > 0 { point = try SessionResume(session: folder, force: false).point }
      let remains = folders.path + "/\(index + 1)"
      let next = try fixture(example, folder)
      if index == 0 {
        try run(next, point: point, kill: kill, remains: remains, commands: example.commands)
      } else {
        try run(next, point: point, kill: kill, remains: remains) { _, _ in }
      }
      if kill != nil { folder = remains }
    }

    var steps: [StepRecord] = []
    var summary: RunSummary?
    try SessionReader(folder: folder).forEach { recorded in
      if case .step(var record) = recorded.event {
        record.stepTime = 0
        steps.append(record)
      }
      if case .finished(let end) = recorded.event { summary = end }
    }
    #expect(steps == expected.steps)
    #expect(summary?.steps == Self.total)
    // The sums over the run are those of all its processes.
    let mean = expected.steps.reduce(0) { $0 + $1.loss } / Double(Self.total)
    #expect(summary?.trainLoss == mean)
    // The last checkpoints are the same files.
    for name in ["adapter_model.safetensors", "optimizer.safetensors"] {
      let path = "/checkpoint-\(Self.total)/" + name
      #expect(
        FileManager.default.contents(atPath: folder + path)
          == FileManager.default.contents(atPath: whole.path + path))
    }
  }

  // MARK: Checkpoints that cannot be used

  enum Damage: CaseIterable { case deleted, damaged }

  private func strike(_ path: String, _ damage: Damage) throws {
    switch damage {
    case .deleted: try FileManager.default.removeItem(atPath: path)
    case .damaged: try Data("x".utf8).write(to: URL(fileURLWithPath: path + "/optimizer.safetensors"))
    }
  }

  /// Killed after step 8 with checkpoints of 3 and 6, all of which are unusable afterwards.
  private func cut(_ example: Case, _ damage: Damage, in folders: TemporaryFolder) throws -> String {
    let folder = folders.path + "/0"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try run(
      fixture(example, folder), point: nil, kill: 8, remains: folders.path + "/1", commands: example.commands)
    for step in [3, 6] { try strike(folders.path + "/1/checkpoint-\(step)", damage) }
    return folders.path + "/1"
  }

  @Test(arguments: Damage.allCases) func startsAgainWhereNoCheckpointIsLeft(damage: Damage) throws {
    let example = Self.cases[Self.cases.count - 1]
    let whole = try TemporaryFolder()
    let expected = EventLog(example.commands)
    try fixture(example, whole.path).run(expected)
    let folders = try TemporaryFolder()
    let folder = try cut(example, damage, in: folders)

    let past = try SessionResume(session: folder, force: false)
    #expect(past.point.checkpoint == nil)
    #expect(past.notes.count == (damage == .damaged ? 3 : 1))
    #expect(
      past.notes.last
        == "\(folder): no checkpoint is left that reads back whole; the run goes on from the start, step 0")
    #expect(past.point.announced == AnnouncedCheckpoints(line: [], replaced: [3, 6]))
    // With a limit: those of the line that was left must not crowd out the new ones.
    var next = try fixture(example, folder)
    next.savedCheckpoints = 1
    try run(next, point: past.point, kill: nil, remains: "") { event, _ in
      guard case .step(let record) = event, record.step % 3 == 1, record.step > 3 else { return }
      #expect(FileManager.default.fileExists(atPath: "\(folder)/checkpoint-\(record.step - 1)"))
    }
    var steps: [StepRecord] = []
    try SessionReader(folder: folder).forEach { recorded in
      guard case .step(var record) = recorded.event else { return }
      record.stepTime = 0
      steps.append(record)
    }
    #expect(steps == expected.steps)
    #expect(CheckpointStore.latest(session: folder)?.step == Self.total)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("checkpoint") } == [
        "checkpoint-\(Self.total)"
      ])
  }

  /// A branch has its parent's adapter from its first checkpoint and from nowhere else.
  @Test func aBranchDoesNotStartAgain() throws {
    let folders = try TemporaryFolder()
    let folder = try cut(Self.cases[0], .damaged, in: folders)
    let database = try DatabaseQueue(path: folder + "/session.db")
    try database.write { try $0.execute(sql: "INSERT INTO parent VALUES (1, 'sessions/p', 0, '11')") }
    try database.close()
    let error = #expect(throws: SessionError.self) { try SessionResume(session: folder, force: true) }
    #expect(
      error?.description
        == "\(folder): cannot be resumed: none of its checkpoints reads back whole, and a branch cannot begin anew; branch "
        + "sessions/p again")
  }

  // MARK: Branches

  @Test func aBranchHoldsItsCheckpointUntilItWasRead() throws {
    let folders = try TemporaryFolder()
    let folder = folders.path + "/0"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try run(fixture(Self.cases[0], folder), point: nil, kill: nil, remains: "") { _, _ in }
    let store = CheckpointStore(
      session: folder, baseModelName: "m", model: try CheckpointFolder(path: SessionFixture.model).configuration)
    // 12 is the last; without it 9 is, and a damaged 9 is passed over with a word.
    try FileManager.default.removeItem(atPath: folder + "/checkpoint-12")
    try strike(folder + "/checkpoint-9", .damaged)
    let branch = try SessionBranch(of: folder, step: nil, overrides: [])
    #expect(branch.point.checkpoint?.step == 6)
    #expect(branch.notes.count == 1)
    #expect(store.remove([3, 6]) {} == [3])
    branch.point.reading?.release()
    #expect(store.remove([6]) {} == [6])
    let named = #expect(throws: SessionError.self) { try SessionBranch(of: folder, step: 6, overrides: []) }
    #expect(named?.description.hasSuffix("there is no checkpoint of step 6 (there are 9)") == true)
    let none = #expect(throws: SessionError.self) { try SessionBranch(of: folder, step: nil, overrides: []) }
    #expect(none?.description.hasSuffix("no checkpoint of it reads back whole") == true)
  }
}
