import Checkpoint
import Control
import Foundation
import Model
import Preference
import TestSupport
import Testing

@testable import Evaluation
@testable import Training
@testable import TrainingFixture

/// Pause, single steps and edits: what is acknowledged for a step is what the records of the steps then show.
struct RunControlTests {
  // MARK: Pause

  @Test func pauseBetweenStepsTakesEffectThereAndChangesNoNumber() throws {
    let fixture = try LoopFixture(hps: .sample)
    let events = EventLog { event, log in
      if event.endOfStep == 3 { log.send(.pause, id: 1) }
      if event.pausedAt == 3 { log.send(.resume, id: 2) }
    }
    #expect(try fixture.run(events) == (try fixture.run()))
    #expect(events.answer(1)?.requestStep == 3 && events.answer(1)?.effectStep == 3)
    #expect(events.answer(2)?.requestStep == 3 && events.answer(2)?.effectStep == 4)
    #expect(events.states == [.running, .paused(atStep: 3), .running])
  }

  @Test(arguments: [1, 3, 5])
  func pauseDuringAStepLetsItEnd(layers: Int) throws {
    let fixture = try LoopFixture(hps: .sample)
    let events = EventLog.during(step: 4, layers: layers, [.pause]) { event, log in
      if event.pausedAt != nil { log.send(.resume, id: 2) }
    }
    #expect(try fixture.run(events) == (try fixture.run()))
    #expect(events.answer(1)?.requestStep == 3 && events.answer(1)?.effectStep == 4)
    #expect(events.states == [.running, .pausing(afterStep: 4), .paused(atStep: 4), .running])
  }

  @Test func aPauseTakenBackDuringTheStepDoesNotPause() throws {
    let events = EventLog.during(step: 4, [.pause, .resume])
    try LoopFixture(hps: .sample).run(events)
    #expect(events.answers.filter { $0.id > 0 }.allSatisfy { $0.refusal == nil })
    #expect(events.states == [.running, .pausing(afterStep: 4), .running])
    #expect(events.steps.count == 8)
  }

  @Test func singleStepsPauseAgain() throws {
    let fixture = try LoopFixture(hps: .sample)
    let events = EventLog { event, log in
      if event.endOfStep == 1 { log.send(.pause, id: 1) }
      switch event.pausedAt {
      case 1: log.send(.step(1), id: 2)
      case 2: log.send(.step(3), id: 3)
      case 5:
        // Two key presses that arrive together are two steps.
        log.send(.step(1), id: 4)
        log.send(.step(1), id: 5)
      case nil: break
      default: log.send(.resume, id: 6)
      }
    }
    #expect(try fixture.run(events) == (try fixture.run()))
    #expect(
      events.states == [
        .running, .paused(atStep: 1), .running, .paused(atStep: 2), .running, .paused(atStep: 5), .running,
        .paused(atStep: 7), .running,
      ])
    #expect(events.answers.map(\.effectStep) == [1, 2, 3, 6, 6, 8])
  }

  @Test func aHugeStepCountRunsToTheEnd() throws {
    let events = EventLog { event, log in
      if event.endOfStep == 1 { log.send(.pause) }
      if event.pausedAt == 1 { for _ in 0..<3 { log.send(.step(.max)) } }
    }
    #expect(try LoopFixture(hps: .sample).run(events).count == 8)
  }

  @Test func settingsChangedWhilePausedBelongToTheNextStep() throws {
    let fixture = try LoopFixture(hps: .sample)
    let events = EventLog { event, log in
      if event.endOfStep == 2 { log.send(.pause, id: 1) }
      if event.pausedAt == 2 {
        log.send(.gamma(.hold(1.25)), id: 2)
        log.send(.learningRate(5e-4), id: 3)
        log.send(.beta(0.5), id: 4)
        log.send(.resume, id: 5)
      }
    }
    let steps = try fixture.run(events)
    #expect(events.answers.map(\.effectStep) == [2, 3, 3, 3, 3])
    #expect(Array(steps[..<2]) == Array(try fixture.run()[..<2]))
    #expect(steps[2...].allSatisfy { $0.gamma == 1.25 && $0.learningRate == 5e-4 && $0.beta == 0.5 })
  }

  // MARK: γ

  /// The schedule over 8 steps: stairs ⌊5(k − 1)/8⌋ = 0 0 1 1 2 3 3 4.
  static let planned = [-5, -5, -2.5, -2.5, 0, 2.5, 2.5, 5.0]

  @Test func gammaFollowsItsSchedule() throws {
    let events = EventLog()
    #expect(try LoopFixture(hps: .sample).run(events).map(\.gamma) == Self.planned)
    #expect(events.all.compactMap { if case .gammaPlan(let plan) = $0 { plan } else { nil } } == [Self.planned])
  }

  /// Each override is sent during step 3, so step 4 is the first that may feel it.
  @Test(arguments: [
    (GammaOverride.hold(1), 4, -2.5, 1.0, [-5, -5, -2.5, 1, 1, 1, 1, 1.0]),
    // From −2.5 at step 3 to 2.5 in 4 steps of 1.25.
    (.ramp(target: 2.5, steps: 4), 4, -2.5, -1.25, [-5, -5, -2.5, -1.25, 0, 1.25, 2.5, 2.5]),
    (.at(step: 6, value: -1), 6, -2.5, -1.0, [-5, -5, -2.5, -2.5, 0, -1, -1, -1.0]),
    (.schedule, 4, -2.5, -2.5, planned),
  ])
  func gammaOverride(
    override: GammaOverride, effect: Int, old: Double, new: Double, expected: [Double]
  ) throws {
    let events = EventLog.during(step: 3, [.gamma(override)])
    #expect(try LoopFixture(hps: .sample).run(events).map(\.gamma) == expected)
    let answer = try #require(events.answer(1))
    #expect(answer.requestStep == 2 && answer.effectStep == effect)
    #expect(answer.oldValue == old && answer.newValue == new && answer.refusal == nil)
    #expect(
      events.all.compactMap { if case .gammaPlan(let plan) = $0 { plan } else { nil } } == [Self.planned, expected])
  }

  @Test func gammaReturnsToTheScheduleFromTheAcknowledgedStep() throws {
    let events = EventLog { event, log in
      if event.endOfStep == 1 { log.send(.gamma(.hold(3)), id: 1) }
      if event.endOfStep == 4 { log.send(.gamma(.schedule), id: 2) }
    }
    let steps = try LoopFixture(hps: .sample).run(events)
    #expect(steps.map(\.gamma) == [-5, 3, 3, 3, 0, 2.5, 2.5, 5])
    #expect(events.answers.map(\.effectStep) == [2, 5])
  }

  /// Draws depend on (seed, epoch, prompt) and γ, so a held γ changes only what it must.
  @Test func drawsFollowTheOverriddenGamma() throws {
    var fixture = try LoopFixture(hps: .sample)
    let plain = try fixture.run()
    fixture.schedule = .piecewise([.init(fraction: 0, value: -5), .init(fraction: 0, value: 4)])
    let held = EventLog { event, log in
      if event.endOfStep == 2 { log.send(.gamma(.hold(4))) }
    }
    var scheduled = try LoopFixture(hps: .sample)
    scheduled.schedule = .standard
    let steps = try scheduled.run(held)
    let always = try fixture.run()
    #expect(steps[..<2].map(\.visits) == plain[..<2].map(\.visits))
    #expect(steps[2...].map { $0.visits.map(\.drawn) } == always[2...].map { $0.visits.map(\.drawn) })
    #expect(steps[2...].map { $0.visits.map(\.drawn) } != plain[2...].map { $0.visits.map(\.drawn) })
  }

  // MARK: Learning rate and β

  @Test func learningRateKeepsItsShapeFromTheAcknowledgedStep() throws {
    var fixture = try LoopFixture(hps: .sample)
    fixture.scheduler = .linear
    let events = EventLog.during(step: 4, [.learningRate(8e-3)])
    let steps = try fixture.run(events)
    // λ = 1 − (k − 1)/8
    for (index, step) in steps.enumerated() {
      let expected = (index < 4 ? 1e-3 : 8e-3) * (1 - Double(index) / 8)
      #expect(abs(step.learningRate - expected) < 1e-15, "step \(step.step)")
    }
    let answer = try #require(events.answer(1))
    #expect(answer.effectStep == 5 && answer.oldValue == 1e-3 && answer.newValue == 8e-3)
  }

  @Test func betaScalesRewardsFromTheAcknowledgedStep() throws {
    let fixture = try LoopFixture(hps: .sample)
    let plain = try fixture.run()
    let events = EventLog.during(step: 4, [.beta(0.4)])
    let steps = try fixture.run(events)
    #expect(steps.map(\.beta) == [0.1, 0.1, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4])
    #expect(Array(steps[..<4]) == Array(plain[..<4]))
    // The same weights and pairs at step 5, four times the scale.
    #expect(abs(steps[4].margin - 4 * plain[4].margin) < 1e-12)
    #expect(steps[4].chosenLogProb == plain[4].chosenLogProb)
    let answer = try #require(events.answer(1))
    #expect(answer.effectStep == 5 && answer.oldValue == 0.1 && answer.newValue == 0.4)
  }

  /// Whenever in a step the commands come, the step ends as it began: the model has two layers, so boundaries 1–2 lie in
  /// the reference pass, 3–4 in the forward and 5–6 in the backward pass.
  @Test(arguments: 1...6)
  func aStepNeverMixesSettings(layers: Int) throws {
    let fixture = try LoopFixture(hps: .sample)
    let events = EventLog.during(
      step: 3, layers: layers, [.gamma(.hold(5)), .learningRate(0.1), .beta(2), .pause]
    ) { event, log in
      if event.pausedAt != nil { log.send(.stop, id: 9) }
    }
    let steps = try fixture.run(events)
    #expect(events.answers.filter { $0.id > 0 }.map(\.requestStep) == [2, 2, 2, 2, 3])
    #expect(events.answers.filter { $0.id > 0 }.map(\.effectStep) == [4, 4, 4, 3, 3])
    #expect(steps == Array(try fixture.run()[..<3]))
  }

  // MARK: Refusals

  @Test(arguments: [
    (RunCommand.resume, "the run is not paused"),
    (.step(1), "single steps need a paused run"),
    (.checkpoint, "this run has no session folder to save into"),
    (.learningRate(.nan), "the learning rate must be a finite number, zero or more"),
    (.learningRate(-1), "the learning rate must be a finite number, zero or more"),
    (.beta(0), "β must be a finite number above zero"),
    (.beta(.infinity), "β must be a finite number above zero"),
    (.gamma(.hold(.nan)), "gamma is nan, but must be a finite number"),
    (.gamma(.ramp(target: 1, steps: 0)), "a ramp over 0 steps is not possible; give at least 1"),
    (.gamma(.at(step: 2, value: 1)), "step 2 is past or under way; the next one is 3"),
    (.gamma(.at(step: .min, value: 1)), "step -9223372036854775808 is past or under way; the next one is 3"),
    (.gamma(.at(step: 9, value: 1)), "the run ends at step 8"),
    (.inspect(prompt: 12), "there is no prompt 12; the run has 12"),
    (.inspect(prompt: -1), "there is no prompt -1; the run has 12"),
  ])
  func refuses(command: RunCommand, sentence: String) throws {
    let fixture = try LoopFixture(hps: .sample)
    let events = EventLog { event, log in
      if event.endOfStep == 2 { log.send(command, id: 5, reason: "why not") }
    }
    #expect(try fixture.run(events) == (try fixture.run()))
    #expect(events.answers.count == 1)
    let answer = try #require(events.answer(5))
    #expect(answer.refusal == sentence && answer.requestStep == 2 && answer.reason == "why not")
  }

  @Test func refusesWhatIsAlreadyUnderWay() throws {
    let events = EventLog { event, log in
      if event.endOfStep == 2 { for id in 1...2 { log.send(.pause, id: id) } }
      if event.pausedAt == 2 {
        log.send(.step(0), id: 3)
        for id in 4...5 { log.send(.stop, id: id) }
        log.send(.gamma(.hold(1)), id: 6)
      }
    }
    try LoopFixture(hps: .sample).run(events)
    #expect(events.answer(1)?.refusal == nil)
    #expect(events.answer(2)?.refusal == "the run is already paused or about to pause")
    #expect(events.answer(3)?.refusal == "the number of steps must be at least 1")
    #expect(events.answer(4)?.refusal == nil)
    #expect(events.answer(5)?.refusal == "the run is already stopping")
    #expect(events.answer(6)?.refusal == "the run is stopping")
  }

  @Test func gammaNeedsASampler() throws {
    let events = EventLog { event, log in
      if event.endOfStep == 1 { log.send(.gamma(.hold(1))) }
    }
    let fixture = LoopFixture(
      try Objective(model: .bt, parameterization: .dpo), set: LoopFixture.ranked(prompts: 4, responses: 3))
    let steps = try fixture.run(events)
    #expect(events.answers.map(\.refusal) == ["γ belongs to the preference model hps; this run uses bt"])
    #expect(steps.allSatisfy { $0.gamma == nil && $0.ess == nil && $0.saturatedShare == nil })
    #expect(!events.all.contains { if case .gammaPlan = $0 { true } else { false } })
  }

  /// Every command gets exactly one answer, also those that come too late to do anything.
  @Test func theLastStepsCommandsAreAnswered() throws {
    var fixture = try LoopFixture(hps: .sample)
    let late: [RunCommand] = [
      .pause, .resume, .step(1), .gamma(.hold(1)), .learningRate(1), .beta(1), .checkpoint, .inspect(prompt: 0),
    ]
    for during in [true, false] {
      let folder = try TemporaryFolder()
      fixture.session = folder.path
      let events =
        during
        ? EventLog.during(step: 8, late)
        : EventLog { event, log in
          if event.endOfStep == 8 { for (index, command) in late.enumerated() { log.send(command, id: index + 1) } }
        }
      #expect(try fixture.run(events).count == 8)
      let answers = events.answers.filter { $0.id > 0 }
      #expect(answers.map(\.id).sorted() == Array(1...8))
      for id in 1...6 { #expect(events.answer(id)?.refusal == "no step is left: the run ends at step 8") }
      #expect(events.answer(7)?.refusal == nil && events.answer(7)?.path == folder.path + "/checkpoint-8")
      #expect(events.inspections.map(\.step) == [8])
    }
  }

  // MARK: Stop, checkpoint, inspection

  @Test(arguments: [("you", "stopped"), ("signal", "interrupted")])
  func stopSavesAndEnds(origin: String, reason: String) throws {
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
