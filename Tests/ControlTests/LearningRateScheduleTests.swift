import Testing

@testable import Control

/// Values of `transformers.get_scheduler` (transformers 5.23.0, torch 2.15.0) over 12 steps with base rate 1, without
/// and with 3 warm-up steps.
struct LearningRateScheduleTests {
  static let expected: [(LearningRateSchedule.Kind, Double, [Double])] = [
    (
      .linear, 0,
      [
        1, 0.9166666667, 0.8333333333, 0.75, 0.6666666667, 0.5833333333, 0.5, 0.4166666667, 0.3333333333, 0.25,
        0.1666666667, 0.0833333333,
      ]
    ),
    (
      .linear, 0.25,
      [
        0, 0.3333333333, 0.6666666667, 1, 0.8888888889, 0.7777777778, 0.6666666667, 0.5555555556, 0.4444444444,
        0.3333333333, 0.2222222222, 0.1111111111,
      ]
    ),
    (
      .cosine, 0,
      [
        1, 0.9829629131, 0.9330127019, 0.8535533906, 0.75, 0.6294095226, 0.5, 0.3705904774, 0.25, 0.1464466094,
        0.0669872981, 0.0170370869,
      ]
    ),
    (
      .cosine, 0.25,
      [
        0, 0.3333333333, 0.6666666667, 1, 0.9698463104, 0.8830222216, 0.75, 0.5868240888, 0.4131759112, 0.25,
        0.1169777784, 0.0301536896,
      ]
    ),
    (.constant, 0, [Double](repeating: 1, count: 12)),
    (.constantWithWarmup, 0.25, [0, 0.3333333333, 0.6666666667] + [Double](repeating: 1, count: 9)),
  ]

  @Test(arguments: expected.indices)
  func agreesWithTransformers(_ index: Int) {
    let (kind, warmup, values) = Self.expected[index]
    let schedule = LearningRateSchedule(kind: kind, base: 1, totalSteps: 12, warmupRatio: warmup)
    for (step, value) in values.enumerated() {
      #expect(abs(schedule.value(step: step + 1) - value) < 1e-9, "\(kind) warm-up \(warmup) step \(step + 1)")
    }
  }

  @Test func aChangedBaseKeepsTheShape() {
    var schedule = LearningRateSchedule(kind: .linear, base: 1, totalSteps: 4, warmupRatio: 0)
    schedule.base = 10
    // λ = 1, ¾, ½, ¼
    #expect((1...4).map(schedule.value) == [10, 7.5, 5, 2.5])
  }

  @Test func warmupIsRoundedUpAsTransformersDoes() {
    #expect(LearningRateSchedule(kind: .linear, base: 1, totalSteps: 10, warmupRatio: 0.11).warmupSteps == 2)
  }
}
