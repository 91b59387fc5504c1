import Foundation
import Preference
import Testing

/// Identities that hold for Hard Preference Sampling whatever the numbers are.
struct HardPreferenceFactTests {
  func objective(_ model: PreferenceModel, _ estimator: Estimator? = nil, beta: Double = 0.1) throws -> Objective {
    try Objective(model: model, parameterization: .dpo, estimator: estimator, beta: beta)
  }

  /// With the adapter still at its start every log-ratio is exactly 0.
  @Test func atStepZero() throws {
    for n in 2...9 {
      let group = PreferenceFixture.group(scores: [Double](repeating: 0, count: n), beta: 0.1)
      #expect(try #require(objective(.bt).visit(group)).value.loss == log(2))
      #expect(try #require(objective(.hps, .sample).visit(group, gamma: 2)).value.loss == log(2))
      let hps = try #require(objective(.hps, .expectation).visit(group, gamma: 2)).value.loss
      #expect(agrees(hps, log(Double(n)), 1e-14))
      let pl = try #require(objective(.pl).visit(group)).value.loss
      // Σ_{k<n} log(n − k + 1) = log n!
      #expect(agrees(pl, (2...n).reduce(0) { $0 + log(Double($1)) }, 1e-14))
    }
  }

  @Test func gammaZeroIsPlackettLuceTopOne() throws {
    let hps = try objective(.hps, .expectation)
    for i in 0..<50 {
      var stream = PreferenceFixture.stream(i)
      let group = PreferenceFixture.group(2 + i % 7, spread: 40, &stream)
      let value = try #require(hps.visit(group, gamma: 0)).value
      let s = zip(group.logProbs, group.referenceLogProbs).map { 0.1 * ($0 - $1) }
      let sum = s.reduce(0) { $0 + exp($1) }
      #expect(agrees(value.loss, log(sum) - s[0], 1e-12))
      for j in s.indices { #expect(agrees(value.gradient[j], 0.1 * (exp(s[j]) / sum - (j == 0 ? 1 : 0)), 1e-12)) }
    }
  }

  @Test func gammaToInfinityIsTheHardestNegative() throws {
    let hps = try objective(.hps, .expectation)
    var stream = PreferenceFixture.stream(1)
    let group = PreferenceFixture.group(6, &stream)
    let s = zip(group.logProbs, group.referenceLogProbs).map { 0.1 * ($0 - $1) }
    // Rewards fall by at least 0.1 a response: at γ = 500 the second one has all of q but e^−50.
    for (gamma, negative) in [(500.0, 1), (-500.0, 5)] {
      let value = try #require(hps.visit(group, gamma: gamma)).value
      #expect(agrees(value.loss, log1p(exp(s[negative] + log(5) - s[0])), 1e-12))
    }
  }

  /// Σ_j q_j exp(L_j) = exp(L_expectation): the sampled denominator is unbiased, exactly and as draws see it.
  @Test func sampleWithNIsUnbiasedInsideTheLogarithm() throws {
    let exact = try objective(.hps, .expectation)
    let sampled = try objective(.hps, .sampleN)
    var stream = PreferenceFixture.stream(2)
    let group = PreferenceFixture.group(6, spread: 10, &stream)
    let (selection, value) = try #require(exact.visit(group, gamma: 0.7))
    var mean = 0.0
    for j in 1..<6 {
      var one = selection
      one.responses = [0, j]
      mean += selection.probabilities[j] * exp(sampled.evaluate(group.picked(one), selection: one).loss)
    }
    #expect(agrees(mean, exp(value.loss), 1e-12))

    let count = 20_000
    var sum = 0.0
    var squares = 0.0
    for visit in 0..<count {
      let drawn = exp(try #require(sampled.visit(group, gamma: 0.7, index: visit)).value.loss)
      sum += drawn
      squares += drawn * drawn
    }
    let average = sum / Double(count)
    let deviation = (squares / Double(count) - average * average).squareRoot()
    #expect(abs(average - exp(value.loss)) < 4 * deviation / Double(count).squareRoot())
  }

  @Test func sampleIsPlainDPOAgainstTheDrawnResponse() throws {
    let hps = try objective(.hps, .sample)
    let dpo = try objective(.bt)
    for i in 0..<20 {
      var stream = PreferenceFixture.stream(100 + i)
      let group = PreferenceFixture.group(7, &stream)
      let (selection, value) = try #require(hps.visit(group, gamma: -1, index: i))
      let drawn = try #require(selection.drawn)
      #expect(selection.responses == [0, drawn])
      let pair = Selection(responses: [0, drawn], drawn: drawn, candidates: 1)
      #expect(value == dpo.evaluate(group.picked(pair), selection: pair))
    }
  }

  /// Weights that underflow in q still count where the policy makes up for them.
  @Test func expectationKeepsWeightsBelowTheSmallestNumber() throws {
    let hps = try objective(.hps, .expectation, beta: 1)
    // q_3 = e^−1000, s_3 − s_1 = 1000: its share of the denominator is e^0, as large as s_1's own.
    let group = ScoredGroup(
      logProbs: [0, -2000, 1000], referenceLogProbs: [0, 0, 0], lengths: [1, 1, 1], rewards: [3, 2, -8])
    let (selection, value) = try #require(hps.visit(group, gamma: 100))
    #expect(selection.probabilities[2] == 0)
    #expect(agrees(value.loss, log(3), 1e-12))
    #expect(agrees(value.gradient, [-2.0 / 3, 0, 2.0 / 3], 1e-12))
  }
}
