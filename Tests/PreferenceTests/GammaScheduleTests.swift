import Preference
import Testing

struct GammaScheduleTests {
  @Test func staircaseReachesBothEnds() throws {
    // 5 plateaus over 10 steps, changing after 20, 40, 60 and 80 %.
    #expect(
      GammaSchedule.standard.plan(totalSteps: 10) == [-5, -5, -2.5, -2.5, 0, 0, 2.5, 2.5, 5, 5])
    // 7 steps: ⌊5(t−1)/7⌋ = 0 0 1 2 2 3 4
    #expect(GammaSchedule.standard.plan(totalSteps: 7) == [-5, -5, -2.5, 0, 0, 2.5, 5])
    #expect(GammaSchedule.standard.plan(totalSteps: 1) == [-5])
    #expect(GammaSchedule.staircase(start: 1, end: 2, stairs: 1).plan(totalSteps: 3) == [1, 1, 1])
  }

  @Test func referenceStaircaseNeverReachesTheEnd() {
    let plan = GammaSchedule.staircaseReference(start: -5, end: 5, stairs: 5).plan(totalSteps: 5)
    #expect(agrees(plan, [-5, -3, -1, 1, 3]))
  }

  @Test func linearConstantPiecewise() {
    #expect(agrees(GammaSchedule.linear(start: -5, end: 5).plan(totalSteps: 5), [-5, -2.5, 0, 2.5, 5]))
    #expect(GammaSchedule.linear(start: -5, end: 5).plan(totalSteps: 1) == [-5])
    #expect(GammaSchedule.constant(2).plan(totalSteps: 2) == [2, 2])
    // A slope to the middle, a jump there, then flat; before the first point its value.
    let pieces = GammaSchedule.piecewise([
      .init(fraction: 0.25, value: 0), .init(fraction: 0.5, value: 1), .init(fraction: 0.5, value: 3),
      .init(fraction: 1, value: 3),
    ])
    #expect(agrees(pieces.plan(totalSteps: 9), [0, 0, 0, 0.5, 3, 3, 3, 3, 3]))
  }

  @Test func stepsOutsideTheRunTakeTheNearestEnd() {
    for schedule in [GammaSchedule.standard, .linear(start: -5, end: 5)] {
      #expect(schedule.value(step: -3, totalSteps: 10) == -5)
      #expect(schedule.value(step: 99, totalSteps: 10) == 5)
      #expect(schedule.value(step: .max, totalSteps: .max) == 5)
      #expect(schedule.value(step: 5, totalSteps: 0) == -5)
      #expect(schedule.value(step: .min, totalSteps: .min) == -5)
      #expect(schedule.plan(totalSteps: -1).isEmpty)
    }
  }

  @Test(arguments: [
    (GammaSchedule.constant(.nan), "gamma is nan, but must be a finite number"),
    (.linear(start: 0, end: .infinity), "gamma is inf, but must be a finite number"),
    (.staircase(start: 0, end: 1, stairs: 0), "stairs is 0, but must be from 1 to 10000"),
    (.piecewise([]), "a piecewise gamma schedule needs at least one point"),
    (
      .piecewise([.init(fraction: 1.5, value: 0)]),
      "a piecewise gamma schedule has the fraction 1.5, but fractions lie from 0 to 1"
    ),
    (
      .piecewise([.init(fraction: 0.5, value: 0), .init(fraction: 0.2, value: 0)]),
      "a piecewise gamma schedule goes from fraction 0.5 back to 0.2; fractions may not fall"
    ),
  ])
  func refusals(schedule: GammaSchedule, words: String) {
    let error = #expect(throws: PreferenceError.self) { try schedule.validate() }
    #expect(error?.description == words)
  }
}
