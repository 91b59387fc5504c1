import Control
import Foundation
import Preference
import Testing

struct GammaControlTests {
  let schedule = GammaSchedule.linear(start: -5, end: 5)

  /// Over 11 steps the schedule is −5, −4 … 5: step t has t − 6.
  func control() throws -> GammaControl { try GammaControl(schedule: schedule, totalSteps: 11) }

  @Test func scheduleUntilToldOtherwise() throws {
    #expect(agrees(try control().plan(), (1...11).map { Double($0) - 6 }))
  }

  @Test func holdKeepsWhatRanBefore() throws {
    var gamma = try control()
    try gamma.apply(.hold(3), from: 4)
    #expect(agrees(gamma.plan(), [-5, -4, -3, 3, 3, 3, 3, 3, 3, 3, 3]))
    try gamma.apply(.schedule, from: 9)
    #expect(agrees(gamma.plan(), [-5, -4, -3, 3, 3, 3, 3, 3, 3, 4, 5]))
  }

  @Test func rampStartsAtThePresentValue() throws {
    var gamma = try control()
    try gamma.apply(.hold(1), from: 2)
    // Four steps from 1 to 3: 1.5, 2, 2.5, 3, then held.
    try gamma.apply(.ramp(target: 3, steps: 4), from: 5)
    #expect(agrees(gamma.plan(), [-5, 1, 1, 1, 1.5, 2, 2.5, 3, 3, 3, 3]))
    // From the schedule's value at step 3, −3, in one step.
    var jump = try control()
    try jump.apply(.ramp(target: 0, steps: 1), from: 4)
    #expect(agrees(jump.plan(totalSteps: 5), [-5, -4, -3, 0, 0]))
    // Interrupted half-way: the new ramp starts where the old one was.
    try gamma.apply(.ramp(target: 0, steps: 2), from: 7)
    #expect(agrees(gamma.plan(), [-5, 1, 1, 1, 1.5, 2, 1, 0, 0, 0, 0]))
  }

  @Test func atAStepTheScheduleRulesUntilThen() throws {
    var gamma = try control()
    try gamma.apply(.hold(9), from: 2)
    try gamma.apply(.at(step: 8, value: 4), from: 5)
    #expect(agrees(gamma.plan(), [-5, 9, 9, 9, -1, 0, 1, 4, 4, 4, 4]))
  }

  @Test func aLaterWordForTheSameStepReplacesTheEarlier() throws {
    var gamma = try control()
    try gamma.apply(.hold(1), from: 6)
    try gamma.apply(.hold(2), from: 4)
    #expect(gamma.overrides.count == 1)
    #expect(gamma.value(step: 6) == 2)
  }

  @Test func survivesACheckpoint() throws {
    var gamma = try control()
    try gamma.apply(.ramp(target: 3.25, steps: 3), from: 2)
    try gamma.apply(.at(step: 9, value: -1), from: 6)
    let copy = try JSONDecoder().decode(GammaControl.self, from: JSONEncoder().encode(gamma))
    #expect(copy == gamma)
    #expect(copy.plan() == gamma.plan())
  }

  /// The form in `trainer_state.json`, which programs before and after this one read.
  @Test func theFormInACheckpointStays() throws {
    var gamma = try GammaControl(schedule: .constant(2), totalSteps: 11)
    let changes = [Change.hold(1.5), .ramp(target: 3, steps: 2), .at(step: 9, value: -1), .schedule]
    for (index, change) in changes.enumerated() {
      try gamma.apply(change, from: index + 2)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(gamma.overrides), as: UTF8.self)
    #expect(
      text == #"[{"from":2,"kind":{"hold":{"_0":1.5}}},{"from":3,"kind":{"ramp":{"start":1.5,"steps":2,"target":3}}},"#
        + #"{"from":4,"kind":{"at":{"step":9,"value":-1}}},{"from":5,"kind":{"schedule":{}}}]"#)
    #expect(try JSONDecoder().decode([GammaControl.Override].self, from: Data(text.utf8)) == gamma.overrides)
  }

  @Test func refusals() throws {
    var gamma = try control()
    #expect(throws: PreferenceError.gammaNotFinite(.infinity)) { try gamma.apply(.hold(.infinity), from: 1) }
    #expect(throws: PreferenceError.rampSteps(0)) { try gamma.apply(.ramp(target: 1, steps: 0), from: 1) }
    #expect(throws: PreferenceError.stepNotPositive(0)) { try gamma.apply(.hold(1), from: 0) }
    #expect(throws: PreferenceError.stepNotPositive(-2)) { try gamma.apply(.at(step: -2, value: 1), from: 1) }
    #expect(throws: PreferenceError.self) { try GammaControl(schedule: .constant(.nan), totalSteps: 5) }
    #expect(gamma.overrides.isEmpty)
    // The largest numbers do not overflow.
    try gamma.apply(.ramp(target: 1, steps: .max), from: .max)
    #expect(gamma.value(step: .max).isFinite && gamma.value(step: .min) == -5)
  }
}
