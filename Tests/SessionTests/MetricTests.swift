import Control
import Foundation
import GRDB
import Preference
import TestSupport
import Testing

@testable import Session
@testable import Training
@testable import TrainingFixture

/// The catalogue, and that whatever is measured goes everywhere.
@Suite struct MetricTests {
  // MARK: The catalogue

  /// The columns of `step` in the schema are those that `StoredMetrics` names. They grow no more: what comes goes into the
  /// table `metric`.
  @Test func everyOldMetricKeepsItsPlace() throws {
    let database = try DatabaseQueue()
    try database.write { try SessionSchema.migrate($0) }
    let columns = try database.read { try $0.columns(in: "step").map(\.name) }
    let metrics = StoredMetrics.stepColumns.map(StoredMetrics.column)
    #expect(columns == ["seq", "segment", "step", "time", "epoch"] + metrics)
  }

  private static func everyStepMetric(step: Int, visits: [PromptVisit] = []) -> StepRecord {
    var record = StepRecord(step: step, epoch: 0.5, values: MetricValues(), visits: visits)
    for (index, metric) in Metric.stepMetrics.enumerated() { record.values[metric] = Double(100 + index) }
    return record
  }

  private static func everyEvaluationMetric(step: Int) -> EvaluationRecord {
    var record = EvaluationRecord(step: step, epoch: 0.5, values: MetricValues())
    for (index, metric) in Metric.evaluationMetrics.enumerated() { record.values[metric] = Double(200 + index) }
    return record
  }

  /// Every metric is in the headless line, in CSV, in TensorBoard's file and in the database.
  @Test func everyMetricIsEverywhere() throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    let (step, evaluation) = (Self.everyStepMetric(step: 1), Self.everyEvaluationMetric(step: 1))
    for event in [RunEvent.step(step), .evaluation(evaluation)] { recorder.observe(event) }
    recorder.close()

    let read = try fixture.events()
    #expect(read.compactMap { if case .step(let record) = $0 { record } else { nil } } == [step])
    #expect(read.compactMap { if case .evaluation(let record) = $0 { record } else { nil } } == [evaluation])
    let lines = read.compactMap(\.line).joined()
    let table = try MetricTable(SessionReader(folder: fixture.folder))
    let csv = table.csv().components(separatedBy: "\r\n").map { $0.components(separatedBy: ",") }
    let file = try TensorBoardFile.write(table, name: "r", to: fixture.folder + "/tensorboard")
    let tags = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
    for metric in Metric.catalogue {
      let value = try #require(step.values[metric] ?? evaluation.values[metric])
      let text = metric.isCount ? "\(Int(value))" : "\(value)"
      #expect(lines.contains("\"\(metric.key)\": \(text)"), "\(metric.key)")
      let column = try #require(csv[0].firstIndex(of: metric.key), "\(metric.key)")
      #expect(csv[1][column] == "\(value)")
      #expect(tags.contains(TensorBoardFile.tag(metric.key)), "\(metric.key)")
    }
  }

  // MARK: A metric that nobody foresaw

  /// No part of the program knows it. None at step 2, and one that is not finite at step 3.
  private static let extra = ExtraMetric(Metric("demo/extra", "tokens of the longest response", unit: "tokens")) {
    record, _ in
    switch record.step {
    case 2: nil
    case 3: .nan
    default: record.visits.flatMap(\.scored).map { Double($0.tokens) }.max()
    }
  }

  /// A real run that measures it, in a session of its own.
  private func run(_ folder: String) throws -> [StepRecord] {
    var fixture = try LoopFixture(hps: .sample)
    fixture.totalSteps = 4
    fixture.extraMetrics = [Self.extra]
    let recorder = SessionRecorder(session: folder)
    try recorder.open(SessionFixture.facts())
    let events = EventLog { event, _ in recorder.observe(event) }
    events.take(.started(SessionFixture.description(of: fixture.set)))
    _ = try fixture.loop(events).run()
    #expect(recorder.close() == nil)
    return events.all.compactMap { if case .step(let record) = $0 { record } else { nil } }
  }

  @Test func aMetricOfATestGoesEverywhere() throws {
    let folders = try TemporaryFolder()
    let folder = folders.path + "/r"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let live = try run(folder)
    let longest = try #require(live[0].values["demo/extra"])
    #expect(longest >= 1 && live[1].values["demo/extra"] == nil && live[2].values["demo/extra"]?.isNaN == true)

    // The database gives it back, the value that is no number included, and so do the lines.
    let reader = try SessionReader(folder: folder)
    let read = try reader.events(after: 0, limit: 100).events.map(\.event)
    let lines = read.compactMap { event -> String? in if case .step = event { event.line } else { nil } }
    #expect(lines == live.map(\.line))
    #expect(lines[0].hasSuffix(#", "demo/extra": \#(longest)}"#))
    #expect(!lines[1].contains("demo/extra") && lines[2].hasSuffix(#", "demo/extra": null}"#))

    // CSV, TensorBoard and a comparison have it.
    let table = try MetricTable(reader)
    let csv = table.csv().components(separatedBy: "\r\n").map { $0.components(separatedBy: ",") }
    let column = try #require(csv[0].firstIndex(of: "demo/extra"))
    #expect(csv[1...4].map { $0[column] }.prefix(3) == ["\(longest)", "", ""])
    // Among the steps' columns.
    #expect(try #require(csv[0].firstIndex(of: "eval_loss")) > column)
    let file = try TensorBoardFile.write(table, name: "r", to: folders.path + "/tensorboard")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(String(decoding: bytes, as: UTF8.self).contains("train/demo/extra"))
    let plain = try SessionFixture()
    let recorder = try plain.recorder()
    recorder.observe(.step(SessionFixture.step(1)))
    recorder.close()
    let comparison = try SessionComparison([SessionReader(folder: plain.folder), reader])
    #expect(comparison.csv().components(separatedBy: "\r\n")[0].contains("r#2:demo/extra"))
  }

  /// An evaluation's number that its JSON has no field for is in the table as well.
  @Test func anEvaluationsMetricIsReadBack() throws {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    var record = Self.everyEvaluationMetric(step: 2)
    record.values["eval_demo"] = 0.25
    recorder.observe(.evaluation(record))
    recorder.close()
    let read = try fixture.events()
    #expect(read.compactMap { if case .evaluation(let record) = $0 { record } else { nil } } == [record])
    #expect(read.last?.line?.hasSuffix(#", "eval_demo": 0.25}"#) == true)
  }

  // MARK: Sessions from before

  /// What a session of schema 2 is: one without the table.
  private func old() throws -> SessionFixture {
    let fixture = try SessionFixture()
    let recorder = try fixture.recorder()
    for number in 1...3 { recorder.observe(.step(SessionFixture.step(number))) }
    recorder.close()
    let database = try DatabaseQueue(path: fixture.folder + "/session.db")
    try database.write { try $0.execute(sql: "DROP TABLE metric; PRAGMA user_version = 2") }
    try database.close()
    return fixture
  }

  @Test func aSessionOfSchemaTwoIsReadAndGoneOnWith() throws {
    let fixture = try old()
    let reader = try SessionReader(folder: fixture.folder)
    func steps() throws -> [StepRecord] {
      try reader.events(after: 0).events.compactMap { if case .step(let record) = $0.event { record } else { nil } }
    }
    #expect(try steps() == (1...3).map { SessionFixture.step($0) })
    #expect(try reader.database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 2)

    let recorder = try fixture.recorder(resumedFrom: 3)
    var next = SessionFixture.step(4)
    next.values["demo/extra"] = 7
    recorder.observe(.step(next))
    recorder.close()
    // Whoever had it open before sees what the later process writes.
    #expect(try steps() == (1...3).map { SessionFixture.step($0) } + [next])
    #expect(try reader.database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 3)
    #expect(try SessionReader(folder: fixture.folder).status() == .crashed)
  }

  /// The session that lies in the repository is of schema 1.
  @Test func theShippedSessionIsRead() throws {
    let reader = try SessionReader(folder: TestPackage.root.appendingPathComponent("sessions/household").path)
    #expect(try reader.database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 1)
    let table = try MetricTable(reader)
    #expect(table.rows.count == reader.description.totalSteps)
    #expect(table.columns == ["epoch"] + Metric.catalogue.map(\.key))
    #expect(table.rows.allSatisfy { row in Metric.stepMetrics.allSatisfy { row.values[$0.key] != nil || $0 == .kl } })
  }
}
