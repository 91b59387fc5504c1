/// What an objective computes, in words exact enough to tell the field's conventions apart.
extension Objective {
  /// Several sentences: the responses used, the formula with its constants, sum or mean, with or without reference.
  public func describe() -> String {
    ([responsesUsed, formula] + notes).joined(separator: " ")
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

  private var formula: String {
    let smoothing = "ε = \(labelSmoothing)"
    switch parameterization {
    case .dpo:
      switch (model, estimator) {
      case (.pl, _): return "Loss Σ_k [logsumexp(s_k and all ranked below) − s_k] (Plackett–Luce)."
      case (.hps, .sampleN): return "Loss −log σ(s_w − s_l − log N)."
      case (.hps, .expectation): return "Loss log(e^s_1 + N Σ q_i e^s_i) − s_1."
      default: return "Loss −log σ(s_w − s_l)."
      }
    case .cdpo:
      return "Loss −(1−ε) log σ(s_w − s_l) − ε log σ(s_l − s_w), \(smoothing)" + averaged
    case .robust:
      return "Loss [−(1−ε) log σ(s_w − s_l) + ε log σ(s_l − s_w)]/(1−2ε), \(smoothing), unbounded below" + averaged
    case .rdpo:
      return "Loss −log σ(s_w − s_l + α(|y_w| − |y_l|)), α = \(lengthWeight)" + averaged
    case .exo:
      if model == .pl {
        return "Loss Σ p_i (log p_i − t_i), p = softmax(s), t = log softmax(r/β_r), β_r = \(rewardTemperature)."
      }
      let label =
        options.convention == .original
        ? "label log-probs (0, −10) as in the authors' code" : "label (1−ε, ε), \(smoothing)"
      return "Loss KL(softmax(s_w, s_l) ‖ label), \(label)" + averaged
    case .ipo:
      return "Loss (D_w − D_l − 1/(2β))²" + averaged
    case .sppo:
      if model == .pl { return "Loss Σ_i (D_i − (P_i − ½)/β)², P_i = mean_j σ(r_i − r_j) over all responses." }
      let factor = options.convention == .trl ? "" : "½"
      return "Loss \(factor)[(D_w − 1/(2β))² + (D_l + 1/(2β))²]" + averaged
    case .nca:
      if model == .pl {
        return "Loss mean_i[−log σ(−s_i)] − Σ t_i log σ(s_i), t = softmax(r/α), α = \(rewardTemperature)."
      }
      return "Loss −log σ(s_w) − ½ log σ(−s_w) − ½ log σ(−s_l)" + averaged
    case .infonca:
      return "Loss −Σ t_i log p_i, p = softmax(s), t = softmax(r/α), α = \(rewardTemperature)" + averaged
    case .simpo:
      let ratio = simpoMargin / beta
      return "Loss −log σ(β(l'_w − l'_l) − γ_m), γ_m = \(simpoMargin) (gamma_beta_ratio \(ratio)), l' per token"
        + averaged
    case .slic:
      return "Loss max(0, \(slicDelta) − l_w + l_l)" + averaged
    case .hinge:
      return "Loss max(0, 1 − (s_w − s_l))" + averaged
    case .lipo:
      let labels = options.lipoLabels == .raw ? "rewards as they are" : "rewards scaled to 0…1 within the prompt"
      return "Loss Σ W_ij log(1 + e^−(s_i − s_j)) over the pairs with r_i > r_j, "
        + "W_ij = |2^ψ_i − 2^ψ_j|·|1/log(1+τ_i) − 1/log(1+τ_j)|, ψ the \(labels), τ the present rank by s, "
        + "among \(listed)" + averaged
    case .pro:
      return "Loss Σ_k {logsumexp(T_k l'_k, T_kj l'_j) − T_k l'_k}, T_kj = r_k − r_j, T_k = max_j T_kj, l' per token, "
        + "among \(listed)" + averaged
    case .kto, .apoZero:
      let weights = "λ_D = \(desirableWeight), λ_U = \(undesirableWeight)"
      let zero =
        needsKL
        ? ", z = max(0, mean log-ratio of the step's mismatched pairs: each prompt with the responses of the prompt "
          + "before it)" : ", z = 0"
      return "Loss λ_D(1 − σ(β(D − z))) of a desirable and λ_U(1 − σ(β(z − D))) of an undesirable response, "
        + "\(weights)\(zero); mean over the responses of a step\(averaged) \(desirability)"
    }
  }

  /// What a list loss is a list of.
  private var listed: String { model == .pl ? "all responses" : "the two responses" }

  private var desirability: String {
    let rule = "desirable above a reward of \(desirableThreshold)"
    return model == .pl
      ? "A response is \(rule)."
      : "The preferred response is desirable, the other is not; a response that comes alone is \(rule)."
  }

  /// How pair losses become one number where there are several pairs.
  private var averaged: String {
    switch (model, estimator) {
    case (.hps, .expectation): return ", averaged over the negatives by q."
    case (.pl, _):
      switch parameterization {
      case .infonca, .lipo, .pro, .kto, .apoZero: return "."
      default: return ", mean over all strictly ordered pairs."
      }
    default: return "."
    }
  }

  private var notes: [String] {
    var notes: [String] = []
    if usesReference {
      notes.append("D = l − l_ref" + (usesBetaAsScale ? ", s = βD, β = \(beta)" : ", β = \(beta)") + ";")
      notes.append(normalisation == .mean ? "log-probs averaged over the response's tokens." : "summed log-probs.")
    } else {
      let tokens = normalisation == .mean ? "averaged over the response's tokens" : "summed"
      notes.append(
        "No reference; log-probs \(tokens); "
          + (parameterization == .simpo ? "β = \(beta)." : "β = \(beta) scales the reported rewards alone."))
    }
    if nllWeight > 0 {
      switch parameterization {
      case .simpo: notes.append("Plus \(nllWeight) × the preferred response's negative log-likelihood per token.")
      case .pro where model == .pl:
        notes.append("Plus \(nllWeight) × (K − 1)² × the preferred response's summed negative log-likelihood.")
      default: notes.append("Plus \(nllWeight) × the preferred response's summed negative log-likelihood.")
      }
    }
    return notes
  }

  private var usesBetaAsScale: Bool {
    switch parameterization {
    case .ipo, .sppo, .kto, .apoZero: false
    default: true
    }
  }
}
