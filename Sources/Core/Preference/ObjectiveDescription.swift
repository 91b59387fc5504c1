/// What an objective computes, in words exact enough to tell the field's conventions apart.
extension Objective {
  /// Several sentences: the responses used, the formula with its constants, sum or mean, with or without reference.
  public func describe() -> String {
    let context = context()
    var sentences = [responsesUsed, "Loss " + loss.formula(context) + averaged]
    if let loss = loss as? any SingleResponseLoss { sentences.append(desirability(loss.desirableThreshold(context))) }
    return (sentences + inputs + likelihood(context)).joined(separator: " ")
  }

  private var responsesUsed: String {
    switch (model, estimator) {
    case (.bt, _):
      return "\(name): the best against the worst response of each prompt."
    case (.pl, _) where judgesAlone:
      return "\(name): all responses of each prompt, each on its own."
    case (.pl, _):
      return "\(name): all responses of each prompt, ranked by annotated reward; ties make no statement."
    case (.hps, .expectation):
      return "\(name), estimator expectation: \(preferredWords) against all dispreferred responses, weighted by "
        + "q ∝ exp(γ r) of the annotated rewards."
    case (.hps, .sampleN):
      return "\(name), estimator sample_n: \(preferredWords) against one dispreferred response drawn from "
        + "q ∝ exp(γ r) at every visit, the factor N (their number) kept."
    case (.hps, _):
      return "\(name), estimator sample: \(preferredWords) against one dispreferred response drawn from "
        + "q ∝ exp(γ r) at every visit, the factor N dropped."
    }
  }

  private var preferredWords: String {
    guard options.preferred > 1 else { return "the best response" }
    let weights = preferredWeights(options.preferred).map { "\($0)" }.joined(separator: ", ")
    return "each of the best \(options.preferred) responses (weights \(weights))"
  }

  /// How pair losses become one number where there are several pairs; a form of the loss's own is that number already.
  private var averaged: String {
    switch (model, estimator) {
    case (.hps, .expectation) where !(loss is any HardNegativeLoss): ", averaged over the negatives by q."
    case (.pl, _) where !(loss is any ListLoss || judgesAlone): ", mean over all strictly ordered pairs."
    default: "."
    }
  }

  private func desirability(_ threshold: Double) -> String {
    let rule = "desirable above a reward of \(threshold)"
    return model == .pl
      ? "A response is \(rule)."
      : "The preferred response is desirable, the other is not; a response that comes alone is \(rule)."
  }

  /// Reference, β and length normalisation.
  private var inputs: [String] {
    if usesReference {
      let role =
        switch traits.beta {
        case .impliesReward: ", s = βD, β = \(beta);"
        case .isParameter: ", β = \(beta);"
        case .scalesReportsAlone: "; β = \(beta) scales the reported rewards alone;"
        }
      let tokens = normalisation == .mean ? "log-probs averaged over the response's tokens." : "summed log-probs."
      return ["D = l − l_ref" + role, tokens]
    }
    let tokens = normalisation == .mean ? "averaged over the response's tokens" : "summed"
    let role =
      switch traits.beta {
      case .impliesReward: "s = βl, β = \(beta)."
      case .isParameter: "β = \(beta)."
      case .scalesReportsAlone: "β = \(beta) scales the reported rewards alone."
      }
    return ["No reference; log-probs \(tokens); \(role)"]
  }

  private func likelihood(_ context: LossContext) -> [String] {
    guard let term = traits.likelihood, context[term.weight] > 0 else { return [] }
    let weight = context[term.weight]
    let what = "the preferred response's"
    switch term.scale {
    case .perToken: return ["Plus \(weight) × \(what) negative log-likelihood per token."]
    case .perSquaredStages where model == .pl:
      return ["Plus \(weight) × (K − 1)² × \(what) summed negative log-likelihood."]
    default: return ["Plus \(weight) × \(what) summed negative log-likelihood."]
    }
  }
}
