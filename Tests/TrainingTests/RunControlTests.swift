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
    (Change.hold(1), 4, -2.5, 1.0, [-5, -5, -2.5, 1, 1, 1, 1, 1.0]),
    // From −2.5 at step 3 to 2.5 in 4 steps of 1.25.
    (.ramp(target: 2.5, steps: 4), 4, -2.5, -1.25, [-5, -5, -2.5, -1.25, 0, 1.25, 2.5, 2.5]),
    (.at(step: 6, value: -1), 6, -2.5, -1.0, [-5, -5, -2.5, -2.5, 0, -1, -1, -1.0]),
    (.schedule, 4, -2.5, -2.5, planned),
  ])
  func gammaOverride(
    override: Change, effect: Int, old: Double, new: Double, expected: [Double]
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
}
