import Base
import Preference
import Testing

/// Every closed-form gradient against central differences of the loss it belongs to.
struct FiniteDifferenceTests {
  /// (−f(x+2h) + 8f(x+h) − 8f(x−h) + f(x−2h))/12h: error O(h⁴), so 1e-6 relative is far from both of its limits.
  static func derivative(_ objective: Objective, _ group: ScoredGroup, _ selection: Selection, by i: Int) -> Double {
    let h = step
    func loss(_ shift: Double) -> Double { self.loss(objective, group, selection, moving: i, by: shift) }
    return (-loss(2 * h) + 8 * loss(h) - 8 * loss(-h) + loss(-2 * h)) / (12 * h)
  }

  /// The derivatives from below and from above, each from five points on its side alone, of the same order. Where the loss
  /// is smooth they are the same; where it has a kink, at x or within the reach of the points, at least one of them is
  /// what its gradient must say.
  static func oneSidedDerivatives(
    _ objective: Objective, _ group: ScoredGroup, _ selection: Selection, by i: Int
  ) -> [Double] {
    [-step, step].map { h in
      func loss(_ shift: Double) -> Double { self.loss(objective, group, selection, moving: i, by: shift) }
      return (-25 * loss(0) + 48 * loss(h) - 36 * loss(2 * h) + 16 * loss(3 * h) - 3 * loss(4 * h)) / (12 * h)
    }
  }

  /// h, nats.
  private static let step = 1e-3

  private static func loss(
    _ objective: Objective, _ group: ScoredGroup, _ selection: Selection, moving i: Int, by shift: Double
  ) -> Double {
    var moved = group
    moved.logProbs[i] += shift
    return objective.evaluate(moved, selection: selection).loss
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
      func isGradient(_ numeric: Double) -> Bool { abs(value.gradient[i] - numeric) <= relative * scale }
      let numeric = derivative(objective, group, selection, by: i)
      if isGradient(numeric) { continue }
      let sides = oneSidedDerivatives(objective, group, selection, by: i)
      #expect(
        sides.contains(where: isGradient),
        "\(objective.describe()) response \(i): \(value.gradient[i]) and \(numeric), by sides \(sides)")
    }
  }

  /// The gradients of every registered loss, under every model and estimator that it has.
  static func checkAll(_ losses: LossRegistry) {
    let objectives = Objective.all(beta: 0.3, losses: losses)
    #expect(Set(objectives.map(\.parameterization)) == Set(losses.losses))
    for (k, objective) in objectives.enumerated() {
      for draw in 0..<12 {
        var stream = PreferenceFixture.stream(k * 100 + draw)
        let list = PreferenceFixture.group(2 + draw % 6, &stream)
        check(objective, list, gamma: [-2, 0, 1.5][draw % 3], index: draw)
      }
    }
  }

  /// The same with each option, normalisation and convention.
  static func checkVariants(_ losses: LossRegistry) {
    for (k, objective) in Objective.variants(beta: 0.3, losses: losses).enumerated() {
      for draw in 0..<3 {
        var stream = PreferenceFixture.stream(200_000 + k * 100 + draw)
        check(objective, PreferenceFixture.group(2 + draw * 2, &stream), gamma: 1, index: draw)
      }
    }
  }

  @Test func everyCombination() {
    Self.checkAll(.standard)
    // The 16 first losses under bt, pl and each of sample and expectation, sample_n for dpo only.
    let shipped = LossRegistry(Array(LossRegistry.standard.losses.prefix(16)))
    #expect(Objective.all(beta: 0.3, losses: shipped).count == 16 * 4 + 1)
  }

  @Test func everyDeclaredOption() { Self.checkVariants(.standard) }

  /// On a kink and within the reach of the differences on either side of it: a gradient must be that of one of the sides
  /// (or their mean, which the central difference is), and a wrong one is found there as elsewhere.
  @Test func kinks() throws {
    func objective(_ loss: Parameterization) throws -> Objective {
      try Objective(model: .bt, parameterization: loss, beta: 0.5)
    }
    func check(_ objective: Objective, _ ratios: [Double]) {
      let pair = ScoredGroup(logProbs: ratios, referenceLogProbs: [0, 0], lengths: [3, 2], rewards: [1, 0])
      Self.check(objective, pair, gamma: 0, index: 0)
    }
    // hinge has its kink at D_w − D_l = 1/β, dpop at D_w = 0.
    let (hinge, dpop) = (try objective(.hinge), try objective(.dpop))
    let wrong = try [0.25, 2].map { try objective(Parameterization(WrongHinge(factor: $0))) }
    for shift in [0, 1e-4, -1e-4, 1.5e-3, -1.5e-3, 2e-3, 3.5e-3, -3.5e-3] {
      check(hinge, [1 + shift, -1])
      check(dpop, [shift, -1])
      check(dpop, [shift, 1])
      for objective in wrong { withKnownIssue { check(objective, [1 - abs(shift), -1]) } }
    }
  }

  @Test func everyOption() throws {
    var variants = ObjectiveList(beta: 0.3)
    for parameterization in [Parameterization.dpo, .cdpo, .robust, .exo, .sppo, .nca, .infonca, .hinge, .lipo] {
      try variants.add(.bt, parameterization) { $0.normalise = .mean }
      try variants.add(.pl, parameterization) { $0.normalise = .mean }
      try variants.add(.hps, parameterization, .expectation) { $0.normalise = .mean }
    }
    try variants.add(.bt, .ipo) { $0.normalise = .sum }
    try variants.add(.bt, .ipo) { $0.convention = .original }
    try variants.add(.bt, .sppo) { $0.convention = .trl }
    try variants.add(.bt, .exo) { $0.convention = .original }
    try variants.add(.bt, .exo) { $0.labelSmoothing = 0.2 }
    try variants.add(.pl, .exo) { $0.rewardTemperature = 0.5 }
    try variants.add(.pl, .nca) { $0.rewardTemperature = 2 }
    try variants.add(.bt, .simpo) { $0.simpoGamma = 0.7 }
    try variants.add(.bt, .simpo) { $0.nllWeight = 1 }
    try variants.add(.bt, .slic) { $0.nllWeight = 0 }
    try variants.add(.pl, .lipo) { $0.lipoLabels = .raw }
    try variants.add(.hps, .dpo, .expectation) { $0.preferred = 2 }
    try variants.add(.hps, .dpo, .sampleN) { $0.preferred = 2 }
    try variants.add(.hps, .slic, .sample) {
      $0.preferred = 2
      $0.preferredWeights = [0.8, 0.2]
    }
    try variants.add(.hps, .ipo, .expectation) { $0.preferred = 2 }
    for (k, objective) in variants.objectives.enumerated() {
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

/// max(0, 1 − z) with `factor` times its gradient, at the kink too.
private struct WrongHinge: PreferenceLoss {
  let factor: Double
  let name = "wrong_hinge"
  let traits = LossTraits()
  let options: [LossOption] = []

  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let slack = 1 - context.beta * (winner.logRatio - loser.logRatio)
    return slack < 0 ? PairValue(loss: 0, slope: 0) : PairValue(loss: slack, slope: -factor * context.beta)
  }

  func formula(_ context: LossContext) -> String { "max(0, 1 − (s_w − s_l))" }
}
