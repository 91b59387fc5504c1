import Testing

@testable import Control

/// The tables of metrics and settings.
struct CatalogueTests {
  @Test func keysAreUniqueAndSayWhatTheyAreOf() {
    let keys = Metric.catalogue.map(\.key)
    #expect(Set(keys).count == keys.count)
    #expect(Metric.reserved.isDisjoint(with: keys))
    #expect(Metric.stepMetrics.allSatisfy { $0.moment == .step })
    #expect(Metric.evaluationMetrics.allSatisfy { $0.moment == .evaluation })
  }

  @Test func settingsAreToldApart() {
    #expect(Set(Setting.table.map(\.key)).count == Setting.table.count)
    #expect(Set(Setting.table.map(\.path)).count == Setting.table.count)
    #expect(Setting.table.allSatisfy { $0.changes.contains(.hold) })
  }

  /// By key, whatever their order; a number that is absent is no NaN, and a NaN equals nothing.
  @Test func values() {
    var (one, other) = (MetricValues(), MetricValues())
    for metric in [Metric.loss, .margin] { one[metric] = 0.5 }
    for metric in [Metric.margin, .loss] { other[metric] = 0.5 }
    #expect(one == other && one.entries != other.entries)
    #expect(one[.kl] == nil && one.number(.kl).isNaN && one.count(.tokens) == 0)
    other[.loss] = nil
    #expect(one != other && other.entries.map(\.key) == ["rewards/margins"])
    one[.loss] = .nan
    #expect(one != one && one[.loss]?.isNaN == true)
    one["demo/b"] = 1
    one["demo/a"] = 2
    #expect(one.keys(beside: Metric.catalogue) == ["demo/a", "demo/b"])
  }

  // MARK: A person's hand

  @Test(arguments: [
    (Setting.gamma, 1000.5, "γ must lie between -1000 and 1000" as String?), (.gamma, -1000, nil),
    (.learningRate, 1.5, "the learning rate must lie between 0 and 1"), (.learningRate, 0, nil),
    (.beta, 0, "β must be greater than 0"), (.beta, 1e9, nil),
  ])
  func typing(setting: Setting, value: Double, refusal: String?) {
    #expect(setting.refusal(ofTyped: value) == refusal)
  }

  @Test func increments() {
    // Ten small steps are exactly a large one.
    var gamma = -1.3
    for _ in 0..<10 { gamma = Setting.gamma.moved(gamma, 1, large: false) }
    #expect(gamma == -0.3 && gamma == Setting.gamma.moved(-1.3, 1, large: true))
    #expect(Setting.gamma.moved(999.95, 1, large: false) == 1000)
    #expect(Setting.learningRate.moved(0.25, 1, large: true) == 0.5)
    #expect(Setting.learningRate.moved(0.25, -1, large: true) == 0.125)
    #expect(Setting.learningRate.moved(0.75, 1, large: true) == 1)
    #expect(Setting.beta.moved(0.25, -1, large: true) == 0.15 && Setting.beta.moved(0.01, -1, large: false) == 0.001)
  }

  // MARK: Undo

  @Test(arguments: [
    (Setting.beta, 0.1 as Double?, nil as Change?, Change.hold(0.1) as Change?), (.beta, nil, nil, nil),
    (.gamma, 1, nil, .schedule), (.gamma, 1, .schedule, .schedule), (.gamma, 1, .hold(3), .hold(3)),
    (.gamma, 1, .ramp(target: 4, steps: 2), .hold(1)), (.gamma, 1, .at(step: 4, value: 2), .hold(1)),
    (.gamma, nil, .at(step: 4, value: 2), .schedule),
  ])
  func undo(setting: Setting, old: Double?, last: Change?, inverse: Change?) {
    #expect(setting.inverse(old: old, last: last) == inverse)
  }
}
