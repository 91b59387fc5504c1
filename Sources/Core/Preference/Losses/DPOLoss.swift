import Foundation

extension Parameterization {
  public static let dpo = Parameterization(DPOLoss())
}

/// Direct preference optimisation (Rafailov et al. 2023), and what it is under the other preference models: the full
/// Plackett–Luce likelihood of a ranking, and Hard Preference Sampling in closed form.
struct DPOLoss: ListLoss, HardNegativeLoss {
  let name = "dpo"
  let traits = LossTraits(
    estimators: Estimator.allCases, pairConventions: Convention.allCases, saturatesWithMargin: true)
  let options: [LossOption] = []

  /// −log σ(z) (Eq. 7); dL/dz = −σ(−z).
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    Self.logistic(context.beta * (winner.logRatio - loser.logRatio), beta: context.beta)
  }

  /// −log σ(z) where dz/dD_w = β and dz/dD_l = −β.
  static func logistic(_ z: Double, beta: Double) -> PairValue {
    PairValue(loss: -StableMath.logSigmoid(z), slope: -beta * StableMath.sigmoid(-z))
  }

  /// L = Σ_k [logsumexp over {k} and all ranked below k of s, − s_k], s = βD (HPS paper, Eq. 4 and 5).
  /// dL/ds_j = Σ_{factors k that hold j} softmax_k(s)_j − [j has a factor].
  ///
  /// "Below" is a strictly lower reward: responses that tie make no statement about each other. Without ties this is
  /// Σ_{k<n} [logsumexp_{j≥k} s_j − s_k].
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    let beta = context.beta
    let s = responses.map { beta * $0.logRatio }
    var value = LossValue(loss: 0, gradient: [Double](repeating: 0, count: s.count))
    for k in s.indices {
      let below = s.indices.filter { responses[$0].reward < responses[k].reward }
      guard !below.isEmpty else { continue }
      // Relative to s_k: L_k = log(1 + Σ e^{s_j − s_k}).
      let terms = below.map { s[$0] - s[k] }
      let loss = -StableMath.logSigmoid(-StableMath.logSumExp(terms))
      value.loss += loss
      for (j, term) in zip(below, terms) {
        let share = beta * exp(term - loss)
        value.gradient[j] += share
        value.gradient[k] -= share
      }
    }
    return value
  }

  /// L = log(e^{s_1} + N Σ_i q_i e^{s_i}) − s_1, s = βD (HPS paper, Eq. 8 and 10).
  /// With a_i = N q_i e^{s_i} / (e^{s_1} + N Σ_j q_j e^{s_j}): dL/ds_1 = −Σ a_i, dL/ds_i = a_i.
  ///
  /// One negative of weight 1 gives −log σ(s_1 − s_j − log N), and with N = 1 the pair's loss.
  func hardNegatives(
    best: RatedResponse, _ negatives: [RatedResponse], logWeights: [Double], candidates: Int, _ context: LossContext
  ) -> LossValue {
    let beta = context.beta
    let logN = log(Double(candidates))
    // Relative to s_1, so that L is small numbers' difference nowhere: L = log(1 + Σ e^{t_i}).
    let terms = zip(negatives, logWeights).map { beta * ($0.logRatio - best.logRatio) + logN + $1 }
    let top = StableMath.logSumExp(terms)
    let loss = -StableMath.logSigmoid(-top)
    let shares = terms.map { exp($0 - loss) }
    return LossValue(loss: loss, gradient: [-beta * shares.reduce(0, +)] + shares.map { beta * $0 })
  }

  func formula(_ context: LossContext) -> String {
    switch (context.model, context.estimator) {
    case (.pl, _): "Σ_k [logsumexp(s_k and all ranked below) − s_k] (Plackett–Luce)"
    case (.hps, .sampleN): "−log σ(s_w − s_l − log N)"
    case (.hps, .expectation): "log(e^s_1 + N Σ q_i e^s_i) − s_1"
    default: "−log σ(s_w − s_l)"
    }
  }
}
