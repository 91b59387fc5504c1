import Control
import Preference
import Testing

@testable import Training

/// Commands in, answers and state out: no model, no loop.
struct ControlStateTests {
  private func state(_ model: PreferenceModel = .hps, totalSteps: Int = 8) throws -> ControlState {
    let objective = try Objective(model: model, parameterization: .dpo)
    let gamma = try GammaControl(schedule: .constant(2), totalSteps: totalSteps)
    return ControlState(
      settings: LiveSettings(
        gamma: GammaSetting(gamma, objective: objective),
        held: [HeldSetting(.learningRate, value: 1e-3), HeldSetting(.beta, value: 0.1)]))
  }

  private func moment(
    _ step: Int, underWay: Bool = false, canSave: Bool = true, waits: Bool = false
  ) -> ControlState.Moment {
    ControlState.Moment(
      step: step, stepUnderWay: underWay, totalSteps: 8, prompts: 3, canSave: canSave, waitsForDisk: waits)
  }

  private func request(_ command: RunCommand, id: Int = 1) -> CommandRequest {
    CommandRequest(id: id, command: command, origin: .you, reason: "r")
  }

  private func answers(_ events: [RunEvent]) -> [CommandAcknowledgement] {
    events.compactMap { if case .acknowledged(let answer) = $0 { answer } else { nil } }
  }

  private func states(_ events: [RunEvent]) -> [RunState] {
    events.compactMap { if case .stateChanged(let state) = $0 { state } else { nil } }
  }

  // MARK: Pause and single steps

  @Test func pauseDuringAStepIsForItsEnd() throws {
    var control = try state()
    let events = control.apply(request(.pause), at: moment(3, underWay: true))
    #expect(answers(events).map(\.effectStep) == [4] && states(events) == [.pausing(afterStep: 4)])
    #expect(control.mustPause)
    // Taken back before the step has ended.
    let back = control.apply(request(.resume), at: moment(3, underWay: true))
    #expect(answers(back).map(\.effectStep) == [5] && states(back) == [.running])
    #expect(!control.mustPause)
  }

  @Test func twoSingleStepsThatComeTogetherAddUp() throws {
    var control = try state()
    _ = control.apply(request(.pause), at: moment(2))
    control.isPaused = true
    for count in [1, 2] { _ = control.apply(request(.step(count)), at: moment(2)) }
    #expect(!control.mustPause)
    control.isPaused = false
    // The pause's own turn runs the first step; each later turn counts.
    var steps = 1
    while !control.mustPause {
      control.countStep()
      if !control.mustPause { steps += 1 }
    }
    #expect(steps == 3)
  }

  @Test func aStopEndsAPause() throws {
    var control = try state()
    _ = control.apply(request(.pause), at: moment(2))
    let events = control.apply(request(.stop, id: 5), at: moment(2))
    #expect(states(events) == [.stopping] && answers(events).isEmpty)
    #expect(!control.mustPause && control.stopRequest?.id == 5)
  }

  // MARK: Work

  @Test func workIsDoneInOrderAndTheNewestInspectionOnly() throws {
    var control = try state()
    for (id, command) in [RunCommand.checkpoint, .inspect(prompt: 0), .checkpoint, .inspect(prompt: 2)].enumerated() {
      _ = control.apply(request(command, id: id), at: moment(2))
    }
    var done: [ControlState.Work] = []
    while let work = control.work {
      done.append(work)
      control.done(work)
    }
    let first = ControlState.Work.checkpoint(request(.checkpoint, id: 0))
    #expect(done == [first, .checkpoint(request(.checkpoint, id: 2)), .inspection(prompt: 2)])
  }

  @Test func afterAFailureNothingIsLeftWithoutAnAnswer() throws {
    var control = try state()
    _ = control.apply(request(.checkpoint, id: 1), at: moment(2))
    _ = control.apply(request(.stop, id: 2), at: moment(2))
    let refused = answers(
      control.fail([request(.pause, id: 3)], TrainingError.setting("the sky fell"), at: moment(2)))
    #expect(refused.map(\.id) == [1, 2, 3])
    #expect(refused.allSatisfy { $0.refusal == "the run has failed: the sky fell" })
  }

  // MARK: Refusals

  @Test(arguments: [
    (RunCommand.resume, 2, "the run is not paused"),
    (.step(1), 2, "single steps need a paused run"),
    (.checkpoint, 2, "this run has no session folder to save into"),
    (.inspect(prompt: 3), 2, "there is no prompt 3; the run has 3"),
    (.pause, 8, "no step is left: the run ends at step 8"),
    (.beta(0), 2, "β must be a finite number above zero"),
    (.learningRate(-1), 2, "the learning rate must be a finite number, zero or more"),
    (.gamma(.at(step: 9, value: 1)), 2, "the run ends at step 8"),
    (.gamma(.at(step: 2, value: 1)), 2, "step 2 is past or under way; the next one is 3"),
    (.set(.beta, .schedule), 2, "β can be set to a value and nothing else"),
    (.set("seed", .hold(1)), 2, "\"seed\" cannot be set during a run; these can: gamma, learning_rate, beta"),
  ])
  func refuses(_ command: RunCommand, step: Int, sentence: String) throws {
    var control = try state()
    let answer = try #require(answers(control.apply(request(command), at: moment(step, canSave: false))).first)
    #expect(answer.refusal == sentence && answer.requestStep == step && answer.effectStep == step)
    #expect(answer.reason == "r" && control.work == nil && !control.mustPause)
    #expect(control.settings.value(.beta) == 0.1 && control.settings.gamma.plan == Array(repeating: 2, count: 8))
  }

  @Test func aResumeWhileTheDiskRefusesIsNoRefusal() throws {
    var control = try state()
    let events = control.apply(request(.resume), at: moment(2, waits: true))
    #expect(answers(events).map(\.refusal) == [nil])
  }

  // MARK: Settings

  @Test func aChangeIsForTheNextStepAndSaysWhatWas() throws {
    var control = try state()
    let events = control.apply(request(.beta(0.4)), at: moment(3, underWay: true))
    let answer = try #require(answers(events).first)
    #expect(answer.oldValue == 0.1 && answer.newValue == 0.4 && answer.effectStep == 5 && answer.nextStep == 5)
    #expect(events.count == 1 && control.settings.value(.beta) == 0.4)
    // γ has a plan, which follows the answer.
    let gamma = control.apply(request(.gamma(.ramp(target: 4, steps: 2))), at: moment(5))
    guard case .gammaPlan(let plan)? = gamma.last else { return #expect(Bool(false)) }
    #expect(gamma.count == 2 && plan == [2, 2, 2, 2, 2, 3, 4, 4])
    #expect(answers(gamma).first?.oldValue == 2 && answers(gamma).first?.newValue == 3)
  }

  @Test func gammaNeedsASampler() throws {
    var control = try state(.bt)
    let answer = answers(control.apply(request(.gamma(.hold(1))), at: moment(2))).first
    #expect(answer?.refusal == "γ belongs to the preference model hps; this run uses bt")
  }

  private func change(_ command: RunCommand, request step: Int, next: Int) throws -> RecordedChange {
    try #require(
      RecordedChange(
        CommandAcknowledgement(
          id: 1, command: command, origin: .you, requestStep: step, effectStep: next, nextStep: next)))
  }

  /// A checkpoint of step 4; β changed during step 5, the rate between 6 and 7, and γ before the checkpoint and after.
  @Test func changesAreMadeAgainAtTheirSteps() throws {
    var control = try state()
    try control.reapply(
      [
        change(.beta(9), request: 3, next: 4), change(.gamma(.hold(5)), request: 5, next: 6),
        change(.beta(0.2), request: 4, next: 6), change(.learningRate(3), request: 6, next: 7),
      ], after: 4)
    #expect(control.settings.gamma.plan == [2, 2, 2, 2, 2, 5, 5, 5])
    try control.makeChanges(before: 5)
    #expect(control.settings.value(.beta) == 0.1)
    // An evaluation after step 5 sees what was changed during it.
    try control.makeChanges(during: 5)
    #expect(control.settings.value(.beta) == 0.2 && control.settings.value(.learningRate) == 1e-3)
    try control.makeChanges(before: 6)
    try control.makeChanges(during: 6)
    #expect(control.settings.value(.learningRate) == 1e-3)
    try control.makeChanges(before: 7)
    #expect(control.settings.value(.learningRate) == 3)
    let unknown = try change(.set("x", .hold(1)), request: 4, next: 5)
    #expect(throws: SettingRefusal.self) { try control.reapply([unknown], after: 4) }
  }

  @Test func aNewWordTakesTheWaitingOnesPlace() throws {
    var control = try state()
    try control.reapply([change(.beta(0.2), request: 6, next: 7)], after: 4)
    _ = control.apply(request(.beta(0.3)), at: moment(5))
    try control.makeChanges(before: 7)
    #expect(control.settings.value(.beta) == 0.3)
  }
}
