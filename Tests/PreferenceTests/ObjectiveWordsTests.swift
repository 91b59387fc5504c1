import Preference
import Testing

/// Refused combinations, and what `check` says about accepted ones.
struct ObjectiveWordsTests {
  static func refusal(
    _ model: PreferenceModel, _ parameterization: Parameterization, _ estimator: Estimator? = nil,
    beta: Double = 0.1, _ edit: (inout ObjectiveOptions) -> Void = { _ in }
  ) -> String? {
    var options = ObjectiveOptions()
    edit(&options)
    do {
      _ = try Objective(
        model: model, parameterization: parameterization, estimator: estimator, beta: beta, options: options)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func refusals() {
    let refusal = Self.refusal
    #expect(refusal(.bt, .dpo, nil, 0, { _ in }) == "beta is 0.0, but must be a finite number above 0")
    #expect(refusal(.bt, .dpo, nil, .nan, { _ in }) == "beta is nan, but must be a finite number above 0")
    #expect(
      refusal(.pl, .dpo, .sample, 0.1, { _ in }) == "estimator sample belongs to model hps; model pl has no sampler")
    #expect(
      refusal(.hps, .ipo, .sampleN, 0.1, { _ in })
        == "estimator sample_n keeps N inside −log σ and exists for dpo only, not for ipo; use sample or expectation")
    #expect(
      refusal(.pl, .exo, nil, 0.1, { $0.labelSmoothing = 0.1 })
        == "label_smoothing has no meaning for exo under model pl; it belongs to model bt or hps")
    #expect(
      refusal(.hps, .nca, nil, 0.1, { $0.rewardTemperature = 2 })
        == "reward_temperature has no meaning for nca under model hps; it belongs to model pl")
    #expect(
      refusal(.pl, .sppo, nil, 0.1, { $0.convention = .trl })
        == "sppo under model pl has no convention trl; it has paper or original")
    #expect(
      refusal(.bt, .dpo, nil, 0.1, { $0.preferred = 2 })
        == "preferred: 2 belongs to model hps; model bt has one preferred response")
    #expect(refusal(.hps, .dpo, nil, 0.1, { $0.preferred = 0 }) == "preferred is 0, but must be from 1 to 10000")
    #expect(
      refusal(.hps, .dpo, nil, 0.1, { $0.preferred = .max })
        == "preferred is 9223372036854775807, but must be from 1 to 10000")
    #expect(
      refusal(.hps, .dpo, nil, 0.1, { $0.preferredWeights = [0.5, 0.5] })
        == "preferred_weights has 2 numbers, but preferred is 1")
    #expect(
      refusal(.hps, .dpo, nil, 0.1, { $0.preferredWeights = [0.5] })
        == "preferred_weights add up to 0.5, but must add up to 1")
    #expect(
      refusal(.hps, .dpo, nil, 0.1, { $0.preferredWeights = [-1] })
        == "preferred_weights has -1.0, but each must be a finite number from 0 on")
    #expect(
      refusal(.bt, .dpo, nil, 0.1, { $0.labelSmoothing = 0.1 })
        == "label_smoothing has no meaning for dpo; it belongs to exo, cdpo, robust")
    #expect(
      refusal(.bt, .exo, nil, 0.1, { $0.labelSmoothing = 0 })
        == "label_smoothing is 0.0, but must be above 0 and below 0.5 for exo (1e-3 is usual)")
    #expect(
      refusal(.bt, .robust, nil, 0.1, { $0.labelSmoothing = 0.5 })
        == "label_smoothing is 0.5, but must be from 0 to below 0.5")
  }

  @Test func refusalsOfConventions() {
    let refusal = Self.refusal
    #expect(
      refusal(.bt, .simpo, nil, 0.1, { $0.normalise = .sum })
        == "simpo has a fixed length normalisation; leave out normalise")
    #expect(
      refusal(.bt, .cdpo, nil, 0.1, { $0.convention = .trl })
        == "cdpo under model bt has no convention trl; it has paper")
    #expect(
      refusal(
        .bt, .ipo, nil, 0.1,
        {
          $0.convention = .trl
          $0.normalise = .sum
        }) == "convention trl fixes normalise; leave out one of the two")
    #expect(
      refusal(
        .bt, .exo, nil, 0.1,
        {
          $0.convention = .original
          $0.labelSmoothing = 0.1
        }) == "convention original fixes label_smoothing; leave out one of the two")
    #expect(
      refusal(
        .bt, .simpo, nil, 0.1,
        {
          $0.simpoGamma = 0.1
          $0.gammaBetaRatio = 0.5
        }) == "simpo_gamma and gamma_beta_ratio set the same margin; give one of them")
    #expect(
      refusal(.bt, .kto, nil, 0.1, { $0.desirableWeight = .infinity })
        == "desirable_weight is inf, but must be a finite number from 0 on")
  }

  @Test func descriptions() throws {
    func text(
      _ model: PreferenceModel, _ parameterization: Parameterization, _ estimator: Estimator? = nil,
      _ edit: (inout ObjectiveOptions) -> Void = { _ in }
    ) throws -> String {
      var options = ObjectiveOptions()
      edit(&options)
      return try Objective(
        model: model, parameterization: parameterization, estimator: estimator, options: options
      ).describe()
    }
    #expect(
      try text(.hps, .dpo)
        == "HPS-DPO, estimator sample: the best response against one dispreferred response drawn from q ∝ exp(γ r) at "
        + "every visit, the factor N dropped. Loss −log σ(s_w − s_l). D = l − l_ref, s = βD, β = 0.1; summed log-probs."
    )
    #expect(
      try text(.bt, .ipo)
        == "BT-IPO: the best against the worst response of each prompt. Loss (D_w − D_l − 1/(2β))². D = l − l_ref, "
        + "β = 0.1; log-probs averaged over the response's tokens.")
    #expect(
      try text(.bt, .sppo) { $0.convention = .trl }
        == "BT-SPPO: the best against the worst response of each prompt. Loss [(D_w − 1/(2β))² + (D_l + 1/(2β))²]. "
        + "D = l − l_ref, β = 0.1; summed log-probs.")
    #expect(try text(.bt, .exo).contains("label (1−ε, ε), ε = 0.001."))
    #expect(try text(.bt, .exo) { $0.convention = .original }.contains("label log-probs (0, −10)"))
    #expect(
      try text(.bt, .slic)
        == "BT-SLIC: the best against the worst response of each prompt. Loss max(0, 1.0 − l_w + l_l). No reference; "
        + "log-probs summed; β = 0.1 scales the reported rewards alone. Plus 0.1 × the preferred response's summed negative log-likelihood."
    )
    #expect(try text(.hps, .nca, .expectation).contains("averaged over the negatives by q."))
    #expect(try text(.pl, .ipo).contains("mean over all strictly ordered pairs."))
    #expect(
      try text(.hps, .dpo, .expectation) { $0.preferred = 2 }
        .contains("each of the best 2 responses (weights 0.5, 0.5) against all dispreferred"))
    // Every accepted objective says something of its own.
    let all = Objective.all(beta: 0.1).map { $0.describe() }
    #expect(Set(all).count == all.count)
    #expect(!all.contains { $0.contains("..") || $0.contains("  ") })
  }
}
