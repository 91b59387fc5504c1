import Preference
import Testing

/// max(0, δ − z)² (generalised preference optimisation's truncated quadratic, Tang et al. 2024): a loss that this test
/// target brings with it, as a program that uses the library would.
private struct TruncatedQuadraticLoss: PreferenceLoss {
  static let delta = LossOption.number("quadratic_delta", .above(0).to(10), standard: 1, "δ of the quadratic")

  let name = "truncated_quadratic"
  let traits = LossTraits(models: [.bt, .hps], estimators: [.sample])
  let options = [Self.delta]

  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let slack = context[Self.delta] - context.beta * (winner.logRatio - loser.logRatio)
    return slack > 0
      ? PairValue(loss: slack * slack, slope: -2 * context.beta * slack) : PairValue(loss: 0, slope: 0)
  }

  func formula(_ context: LossContext) -> String { "max(0, \(context[Self.delta]) − (s_w − s_l))²" }
}

/// −log σ(±s) of each response on its own, per token, with the likelihood of the desirable ones added.
private struct UnpairedLogisticLoss: SingleResponseLoss {
  static let nllWeight = LossOption.nllWeight(standard: 0.3)
  static let threshold = LossOption.number("logistic_threshold", .any, standard: 0.5, "threshold")

  let name = "unpaired_logistic"
  let traits = LossTraits(
    normalisation: .standard(.mean), readsRewardValues: { _ in true },
    likelihood: LikelihoodTerm(weight: Self.nllWeight, scale: .perToken), pairConventions: [.paper, .original])
  let options = [Self.nllWeight, Self.threshold]

  func single(_ response: RatedResponse, isDesirable: Bool, _ context: LossContext) -> (loss: Double, slope: Double) {
    let sign = isDesirable ? 1.0 : -1
    let s = sign * context.beta * response.logRatio
    return (-StableMath.logSigmoid(s), -sign * context.beta * StableMath.sigmoid(-s))
  }

  func desirableThreshold(_ context: LossContext) -> Double { context[Self.threshold] }
  func formula(_ context: LossContext) -> String { "−log σ(s) of a desirable and −log σ(−s) of another response" }
}

struct OwnLossTests {
  private let losses = LossRegistry.standard.adding(TruncatedQuadraticLoss()).adding(UnpairedLogisticLoss())
  private let own = LossRegistry([Parameterization(TruncatedQuadraticLoss()), Parameterization(UnpairedLogisticLoss())])

  /// The tests of the shipped losses, unchanged.
  @Test func gradientsPassFiniteDifferences() {
    FiniteDifferenceTests.checkAll(own)
    FiniteDifferenceTests.checkVariants(own)
    // bt, hps sample; bt, pl, hps sample, hps expectation.
    #expect(Objective.all(beta: 0.3, losses: own).count == 2 + 4)
    // δ twice under two models; λ and the threshold twice, sum, mean, and under bt and hps two conventions of which
    // original is one, under pl paper.
    let variants = Objective.variants(beta: 0.3, losses: own).map(\.parameterization.rawValue)
    #expect(variants.filter { $0 == "truncated_quadratic" }.count == 2 * (2 + 2 + 1))
    #expect(variants.filter { $0 == "unpaired_logistic" }.count == 3 * (4 + 2 + 2) + (4 + 2 + 1))
  }

  /// β = ½, D = (2, −1), δ = 3: z = 1.5, slack 1.5.
  @Test func valueOfAnOption() throws {
    var options = ObjectiveOptions()
    options[TruncatedQuadraticLoss.delta] = 3
    let loss = try #require(losses["truncated_quadratic"])
    let objective = try Objective(model: .bt, parameterization: loss, beta: 0.5, options: options, registry: losses)
    let pair = ScoredGroup(logProbs: [-8, -12], referenceLogProbs: [-10, -11], lengths: [3, 5], rewards: [1, 0])
    #expect(objective.visit(pair)?.value == LossValue(loss: 2.25, gradient: [-1.5, 1.5]))
    #expect(
      objective.describe()
        == "BT-TRUNCATED_QUADRATIC: the best against the worst response of each prompt. Loss max(0, 3.0 − (s_w − s_l))². "
        + "D = l − l_ref, s = βD, β = 0.5; summed log-probs.")
    #expect(losses.loss(ofObjective: objective.name) == loss)
  }

  @Test func singleResponses() throws {
    let loss = try #require(losses["unpaired_logistic"])
    let objective = try Objective(model: .pl, parameterization: loss, beta: 0.5, registry: losses)
    #expect(objective.judgesAlone && !objective.needsKL)
    // Alone and above the threshold: D/|y| = 2/4, s = ¼; −log σ(¼) + 0.3·8/4, slopes −½σ(−¼)/4 and −0.3/4.
    let alone = ScoredGroup(logProbs: [-8], referenceLogProbs: [-10], lengths: [4], rewards: [0.6])
    let value = try #require(objective.visit(alone)?.value)
    #expect(agrees(value.loss, -StableMath.logSigmoid(0.25) + 0.6))
    #expect(agrees(value.gradient, [-0.125 * StableMath.sigmoid(-0.25) - 0.075]))
    #expect(
      objective.describe()
        == "PL-UNPAIRED_LOGISTIC: all responses of each prompt, each on its own. Loss −log σ(s) of a desirable and "
        + "−log σ(−s) of another response. A response is desirable above a reward of 0.5. D = l − l_ref, s = βD, "
        + "β = 0.5; log-probs averaged over the response's tokens. Plus 0.3 × the preferred response's negative "
        + "log-likelihood per token.")
  }

  @Test func refusals() throws {
    func refusal(
      _ model: PreferenceModel, _ name: String, _ estimator: Estimator? = nil,
      _ edit: (inout ObjectiveOptions) -> Void = { _ in }
    ) throws -> String? {
      var options = ObjectiveOptions()
      edit(&options)
      do {
        _ = try Objective(
          model: model, parameterization: try #require(losses[name]), estimator: estimator, options: options,
          registry: losses)
        return nil
      } catch let error as PreferenceError {
        return error.description
      }
    }
    #expect(
      try refusal(.bt, "truncated_quadratic") { $0[TruncatedQuadraticLoss.delta] = 0 }
        == "quadratic_delta is 0.0, but must be above 0 and at most 10")
    #expect(
      try refusal(.bt, "truncated_quadratic") { $0.values["quadratic_delta"] = .word("much") }
        == "quadratic_delta is much, but must be above 0 and at most 10")
    #expect(
      try refusal(.bt, "dpo") { $0[TruncatedQuadraticLoss.delta] = 2 }
        == "quadratic_delta has no meaning for dpo; it belongs to truncated_quadratic")
    #expect(
      try refusal(.bt, "dpo") { $0.nllWeight = 2 }
        == "nll_weight has no meaning for dpo; it belongs to simpo, slic, pro, unpaired_logistic")
    #expect(try refusal(.bt, "dpo") { $0.values["delta"] = .number(1) } == "delta is an option of no loss")
    #expect(
      try refusal(.bt, "lipo") { $0.values["lipo_labels"] = .word("rank") }
        == "lipo_labels is rank, but must be unit or raw")
    #expect(
      try refusal(.bt, "lipo") { $0.values["lipo_labels"] = .number(1) }
        == "lipo_labels is 1.0, but must be unit or raw")
    #expect(
      try refusal(.pl, "truncated_quadratic") == "truncated_quadratic is not defined under model pl; it has bt or hps")
    #expect(
      try refusal(.hps, "truncated_quadratic", .sampleN)
        == "estimator sample_n keeps N inside −log σ and exists for dpo only, not for truncated_quadratic; use sample")
    #expect(
      try refusal(.hps, "truncated_quadratic", .expectation)?.hasPrefix("estimator expectation exists for dpo, exo,")
        == true)
    #expect(
      try refusal(.pl, "unpaired_logistic") { $0.convention = .original }
        == "unpaired_logistic under model pl has no convention original; it has paper")
  }

  /// A loss may be used without being registered anywhere; a refusal then knows its option.
  @Test func aLossIsItsOwnReader() throws {
    var options = ObjectiveOptions()
    options[TruncatedQuadraticLoss.delta] = 2
    let loss = Parameterization(TruncatedQuadraticLoss())
    #expect(try Objective(model: .bt, parameterization: loss, options: options).options == options)
  }
}
