import Control
import Preference
import TestSupport
import Testing

@testable import Training
@testable import TrainingFixture

/// What cannot be done is said in words and changes nothing.
extension RunControlTests {
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
}
