import Base
import Preference
import Testing

/// Every closed-form gradient against central differences of the loss it belongs to.
struct FiniteDifferenceTests {
  /// (−f(x+2h) + 8f(x+h) − 8f(x−h) + f(x−2h))/12h: error O(h⁴), so 1e-6 relative is far from both of its limits.
  static func derivative(_ objective: Objective, _ group: ScoredGroup, _ selection: Selection, by i: Int) -> Double {
    let h = 1e-3
    func loss(_ shift: Double) -> Double {
      var moved = group
      moved.logProbs[i] += shift
      return objective.evaluate(moved, selection: selection).loss
    }
    return (-loss(2 * h) + 8 * loss(h) - 8 * loss(-h) + loss(-2 * h)) / (12 * h)
  }

  static func check(_ objective: Objective, _ list: ScoredGroup, gamma: Double, index: Int, relative: Double = 1e-6) {
    var stream = RandomStream(seed: 3, purpose: .negativeSampling, index: index)
    guard let selection = objective.select(rewards: list.rewards, gamma: gamma, stream: &stream) else {
      Issue.record("no candidate in a list with falling rewards")
      return
    }
    let group = list.picked(selection)
    let value = objective.evaluate(group, selection: selection)
    #expect(value.loss.isFinite)
    // Relative to the group's largest derivative: a component that cancels to nothing has no digits of its own.
    let scale = max(value.gradient.map(abs).max() ?? 0, 1e-6)
    for i in value.gradient.indices {
      let numeric = derivative(objective, group, selection, by: i)
      #expect(
        abs(value.gradient[i] - numeric) <= relative * scale,
        "\(objective.describe()) response \(i): \(value.gradient[i]) and \(numeric)")
    }
  }

  @Test func everyCombination() {
    let objectives = Objective.all(beta: 0.3)
    // 16 parameterizations under bt, pl and each of sample and expectation, sample_n for dpo only.
    #expect(objectives.count == 16 * 4 + 1)
    for (k, objective) in objectives.enumerated() {
      for draw in 0..<12 {
        var stream = PreferenceFixture.stream(k * 100 + draw)
        let list = PreferenceFixture.group(2 + draw % 6, &stream)
        Self.check(objective, list, gamma: [-2, 0, 1.5][draw % 3], index: draw)
      }
    }
  }

  @Test func everyOption() throws {
    var variants: [Objective] = []
    func add(
      _ model: PreferenceModel, _ parameterization: Parameterization, _ estimator: Estimator? = nil,
      _ edit: (inout ObjectiveOptions) -> Void
    ) throws {
      var options = ObjectiveOptions()
      edit(&options)
      variants.append(
        try Objective(
          model: model, parameterization: parameterization, estimator: estimator, beta: 0.3, options: options))
    }
    for parameterization in [Parameterization.dpo, .cdpo, .robust, .exo, .sppo, .nca, .infonca, .hinge, .lipo] {
      try add(.bt, parameterization) { $0.normalise = .mean }
      try add(.pl, parameterization) { $0.normalise = .mean }
      try add(.hps, parameterization, .expectation) { $0.normalise = .mean }
    }
    try add(.bt, .ipo) { $0.normalise = .sum }
    try add(.bt, .ipo) { $0.convention = .original }
    try add(.bt, .sppo) { $0.convention = .trl }
    try add(.bt, .exo) { $0.convention = .original }
    try add(.bt, .exo) { $0.labelSmoothing = 0.2 }
    try add(.pl, .exo) { $0.rewardTemperature = 0.5 }
    try add(.pl, .nca) { $0.rewardTemperature = 2 }
    try add(.bt, .simpo) { $0.simpoGamma = 0.7 }
    try add(.bt, .simpo) { $0.nllWeight = 1 }
    try add(.bt, .slic) { $0.nllWeight = 0 }
    try add(.pl, .lipo) { $0.lipoLabels = .raw }
    try add(.hps, .dpo, .expectation) { $0.preferred = 2 }
    try add(.hps, .dpo, .sampleN) { $0.preferred = 2 }
    try add(.hps, .slic, .sample) {
      $0.preferred = 2
      $0.preferredWeights = [0.8, 0.2]
    }
    try add(.hps, .ipo, .expectation) { $0.preferred = 2 }
    for (k, objective) in variants.enumerated() {
      for draw in 0..<8 {
        var stream = PreferenceFixture.stream(50_000 + k * 100 + draw)
        Self.check(objective, PreferenceFixture.group(3 + draw % 5, &stream), gamma: 1, index: draw)
      }
    }
  }

  /// KTO rows that come alone, on both sides of the threshold and of the reference point.
  @Test func unpairedKTO() throws {
    for (model, parameterization) in [(PreferenceModel.bt, Parameterization.kto), (.pl, .kto), (.hps, .apoZero)] {
      let objective = try Objective(model: model, parameterization: parameterization, beta: 0.3)
      for (reward, ratio) in [(1.0, 2.0), (1.0, -3.0), (0.0, 2.0), (-1.0, -3.0)] {
        let group = ScoredGroup(
          logProbs: [-20 + ratio], referenceLogProbs: [-20], lengths: [7], rewards: [reward], kl: 0.5)
        Self.check(objective, group, gamma: 0, index: 0)
      }
    }
  }
}
