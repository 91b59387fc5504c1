import Checkpoint
import Control
import Foundation
import Model
import TestSupport
import Testing

@testable import Training
@testable import TrainingFixture

/// Stopping, checkpoints and a look at a prompt.
extension RunControlTests {
  @Test(arguments: [(CommandOrigin.you, RunSummary.Reason.stopped), (.signal, .interrupted)])
  func stopSavesAndEnds(origin: CommandOrigin, reason: RunSummary.Reason) throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    let events = EventLog { event, log in
      if event.endOfStep == 3 { log.send(.stop, id: 4, origin: origin, reason: "enough") }
    }
    let loop = try fixture.loop(events)
    let summary = try loop.run()
    #expect(summary.steps == 3 && summary.reason == reason)
    #expect(summary.checkpointPath == folder.path + "/checkpoint-3")
    #expect(abs(summary.trainLoss - events.steps.reduce(0) { $0 + $1.loss } / 3) < 1e-15)
    #expect(events.steps.count == 3)
    #expect(events.states == [.running, .stopping])
    let answer = try #require(events.answer(4))
    #expect(answer.effectStep == 3 && answer.path == summary.checkpointPath && answer.reason == "enough")
    let model = loop.scorer.model.configuration
    let saved = try LoRAAdapter(
      folder: AdapterFolder.read(path: folder.path + "/checkpoint-3", model: model), model: model)
    #expect(saved.parameters.array == loop.scorer.adapter.parameters.array)
  }

  @Test func stopDuringAStepLetsItEnd() throws {
    let fixture = try LoopFixture(hps: .sample)
    let events = EventLog.during(step: 3, layers: 3, [.stop])
    let steps = try fixture.run(events)
    #expect(steps == Array(try fixture.run()[..<3]))
    let answer = try #require(events.answer(1))
    #expect(answer.effectStep == 3 && answer.path == nil && answer.refusal == nil)
  }

  @Test func stopBeforeTheFirstStepSavesNothing() throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    let events = EventLog()
    events.send(.stop)
    let summary = try fixture.loop(events).run()
    #expect(summary.steps == 0 && summary.checkpointPath == nil && summary.trainLoss == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func checkpointAndInspectionWhilePaused() throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    let events = EventLog { event, log in
      if event.endOfStep == 2 { log.send(.pause, id: 1) }
      if event.pausedAt == 2 {
        log.send(.checkpoint, id: 2)
        log.send(.inspect(prompt: 3), id: 3)
      }
      // Sent when the inspection is acknowledged, so read between its layers.
      if event.answeredID == 3 { log.send(.checkpoint, id: 4) }
      if event.answeredID == 4 { log.send(.resume, id: 5) }
    }
    let steps = try fixture.run(events)
    fixture.session = nil
    #expect(try fixture.run() == steps)
    #expect(events.answers.map(\.id) == [1, 3, 2, 4, 5])
    #expect(events.answer(2)?.path == folder.path + "/checkpoint-2" && events.answer(2)?.effectStep == 2)
    #expect(events.answer(4)?.path == folder.path + "/checkpoint-2")
    let inspection = try #require(events.inspections.first)
    #expect(inspection.prompt == 3 && inspection.step == 2)
    #expect(inspection.scored.map(\.response) == [0, 1, 2, 3, 4])
    let item = try fixture.set.items[3]
    #expect(inspection.scored.map(\.tokens) == item.responses.map(\.count))
    #expect(inspection.scored.contains { $0.logProb != $0.referenceLogProb })
  }

  @Test func checkpointDuringAStepIsOfTheFinishedStep() throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    let events = EventLog.during(step: 3, [.checkpoint])
    let steps = try fixture.run(events)
    fixture.session = nil
    #expect(try fixture.run() == steps)
    #expect(events.answer(1)?.effectStep == 3 && events.answer(1)?.path == folder.path + "/checkpoint-3")
  }
}
