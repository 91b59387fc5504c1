import Checkpoint
import Control
import Foundation
import TestSupport
import Testing

@testable import RunFile
@testable import Session
@testable import Training
@testable import TrainingFixture

/// A setting that only this test knows, steered, undone, saved and resumed.
@Suite struct SettingTests {
  private static let scale = Setting(
    "demo_scale", name: "the demo's scale", symbol: "scale", path: "demo.scale", range: .positive,
    increment: .add(small: 0.1, large: 1), reach: 0.1...10)
  private static let table = Setting.table + [scale]

  /// What the setting acts on.
  private static let scaled = ExtraMetric(Metric("demo/scaled", "the epoch, scaled")) { record, settings in
    settings["demo_scale"].map { $0 * record.epoch }
  }

  private func fixture(_ folder: String) throws -> LoopFixture {
    var fixture = try LoopFixture(hps: .sample)
    fixture.totalSteps = 9
    fixture.saveSteps = 3
    fixture.session = folder
    fixture.extraSettings = [(Self.scale, 1)]
    fixture.extraMetrics = [Self.scaled]
    return fixture
  }

  private func command(_ line: String) -> RunCommand? {
    try? ControlLine.parse(line, fallbackID: 1, settings: Self.table).command
  }

  /// One process, from `point` on. A kill after step 7 would leave what is copied to `remains`.
  private func run(_ folder: String, point: ResumePoint? = nil, remains: String? = nil) throws -> EventLog {
    let recorder = SessionRecorder(session: folder)
    try recorder.open(SessionFixture.facts(resumedFrom: point.map { $0.checkpoint?.step ?? 0 }))
    let events = EventLog { event, log in
      recorder.observe(event)
      if let remains, event.endOfStep == 7 {
        recorder.queue.sync { try? FileManager.default.copyItem(atPath: folder, toPath: remains) }
      }
      guard point == nil else { return }
      let wanted: RunCommand? =
        switch event.endOfStep {
        case 1: command(#"{"command": "set", "key": "demo_scale", "value": 4}"#)
        case 2:
          log.answers.last.flatMap { Self.scale.inverse(old: $0.oldValue, last: nil) }.map { .set("demo_scale", $0) }
        case 3: command(#"{"command": "set", "key": "demo_scale", "value": 3}"#)
        case 4: command(#"{"command": "set", "key": "demo_scale", "value": -1}"#)
        // After the checkpoint of step 6.
        case 6: command(#"{"command": "set", "key": "demo_scale", "value": 7}"#)
        default: nil
        }
      if let wanted, let step = event.endOfStep { log.send(wanted, id: step) }
    }
    let contents = try point?.checkpoint.map {
      try CheckpointStore.load($0, model: CheckpointFolder(path: SessionFixture.model).configuration)
    }
    let loop = try fixture(folder).loop(events, adapter: contents?.adapter)
    if let point { try loop.resume(point, from: contents) }
    events.take(.started(SessionFixture.description(of: loop.set)))
    recorder.observe(.finished(try loop.run()))
    #expect(recorder.close() == nil)
    return events
  }

  private func folder(_ folders: TemporaryFolder, _ name: String) throws -> String {
    let folder = folders.path + "/" + name
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private func scales(_ steps: [StepRecord]) -> [Double?] {
    steps.map { record in record.values["demo/scaled"].map { ($0 / record.epoch).rounded() } }
  }

  @Test func aSettingOfATestIsSteeredUndoneAndResumed() throws {
    let folders = try TemporaryFolder()
    let whole = try run(folder(folders, "0"), remains: folders.path + "/1")
    #expect(scales(whole.steps) == [1, 4, 1, 3, 3, 3, 7, 7, 7])
    #expect(whole.answers.map(\.effectStep) == [2, 3, 4, 4, 7])
    #expect(whole.answer(1)?.oldValue == 1 && whole.answer(1)?.newValue == 4)
    #expect(whole.answer(4)?.refusal == "the demo's scale must be a finite number above zero")

    // The checkpoint holds it, under a key that a run without such a setting does not write.
    let state = try Data(contentsOf: URL(fileURLWithPath: folders.path + "/1/checkpoint-6/trainer_state.json"))
    #expect(try JSONDecoder().decode(TrainerState.self, from: state)["demo_scale"] == 3)
    #expect(String(decoding: state, as: UTF8.self).contains(#""settings""#))

    let resumed = folders.path + "/1"
    let point = try SessionResume(session: resumed, force: false).point
    #expect(point.checkpoint?.step == 6)
    let rest = try run(resumed, point: point)
    #expect(scales(rest.steps) == [7, 7, 7])
    #expect(rest.steps == Array(whole.steps[6...]))
  }

  /// A checkpoint of a run with the table's settings alone has the keys that it always had.
  @Test func aCheckpointKeepsItsKeys() throws {
    let folders = try TemporaryFolder()
    var fixture = try fixture(folder(folders, "0"))
    fixture.extraSettings = []
    fixture.extraMetrics = []
    try fixture.run()
    let state = try Data(contentsOf: URL(fileURLWithPath: folders.path + "/0/checkpoint-3/trainer_state.json"))
    let object = try #require(try JSONSerialization.jsonObject(with: state) as? [String: Any])
    #expect(
      object.keys.sorted() == [
        "beta", "files", "gamma", "learningRate", "promptsPerStep", "seed", "step", "tokens", "totalSteps", "totals",
      ])
  }

  // MARK: The table

  @Test func everyPathIsAKeyOfTheRunFile() {
    for setting in Setting.table {
      let parts = setting.path.split(separator: ".").map(String.init)
      let keys = parts[0] == "training" ? RunFileKeys.training : RunFileKeys.preference
      #expect(["training", "preference"].contains(parts[0]) && keys.contains(parts[1]), "\(setting.path)")
    }
  }

  /// The bytes of a command in the record, and that they are read as the same: whoever reads old sessions depends on it.
  @Test(arguments: [
    (RunCommand.gamma(.hold(1.5)), #""key":"gamma","mode":"hold","name":"set""#),
    (.gamma(.ramp(target: 2, steps: 7)), #""key":"gamma","mode":"ramp","name":"set""#),
    (.gamma(.at(step: 9, value: 0)), #""at":9,"effectStep":1,"id":1,"key":"gamma","mode":"at","name":"set""#),
    (.gamma(.schedule), #""key":"gamma","mode":"schedule","name":"set","newValue":0.2"#),
    (.learningRate(0.25), #""key":"learning_rate","name":"set""#), (.beta(0.5), #""key":"beta","name":"set""#),
    (.set("demo_scale", .hold(2)), #""key":"demo_scale","mode":"hold","name":"set""#),
  ])
  func theRecordsBytesStay(command: RunCommand, bytes: String) throws {
    let answer = SessionFixture.answer(1, command, step: 0)
    let (kind, json) = try #require(try RunEvent.acknowledged(answer).body())
    #expect(kind == .command && json.contains(bytes), "\(json)")
    #expect(try EventBody.decode(EventBody.Command.self, json).acknowledgement(in: "x") == answer)
  }

  /// Whoever another process or another version has named is read as it was written.
  @Test(arguments: [
    (CommandOrigin.you, "you"), (.control, "control"), (.signal, "signal"), (.other("screen 31"), "screen 31"),
  ])
  func originsStay(origin: CommandOrigin, name: String) throws {
    var answer = SessionFixture.answer(1, .pause, step: 0)
    answer.origin = origin
    let json = try #require(try RunEvent.acknowledged(answer).body()).json
    #expect(json.contains(#""origin":"\#(name)""#))
    #expect(try EventBody.decode(EventBody.Command.self, json).acknowledgement(in: "x")?.origin == origin)
    #expect(RunEvent.acknowledged(answer).line?.contains(#""origin": "\#(name)""#) == true)
  }

  @Test func controlLinesFollowTheTable() throws {
    let line = #"{"command": "set", "key": "demo_scale", "value": 2.5}"#
    let request = try ControlLine.parse(line, fallbackID: 3, settings: Self.table)
    #expect(request.command == .set("demo_scale", .hold(2.5)))
    #expect(ControlLine.line(request) == #"{"command": "set", "key": "demo_scale", "value": 2.5, "id": 3}"#)
    let unknown = #expect(throws: ControlLine.Refusal.self) { try ControlLine.parse(line, fallbackID: 3) }
    #expect(
      unknown?.description == "\"demo_scale\" cannot be set during a run; these can: gamma, learning_rate, beta")
    let ramp = #"{"command": "set", "key": "demo_scale", "value": 2.5, "ramp": 2}"#
    let refusal = #expect(throws: ControlLine.Refusal.self) {
      try ControlLine.parse(ramp, fallbackID: 3, settings: Self.table)
    }
    #expect(refusal?.description == "\"ramp\" and \"at\" go with the key gamma only")
  }
}
