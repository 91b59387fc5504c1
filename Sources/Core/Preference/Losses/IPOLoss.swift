extension Parameterization {
  public static let ipo = Parameterization(IPOLoss())
}

/// Identity preference optimisation (Azar et al. 2023). The paper (Eq. 17) and its authors sum log-probs; TRL divides
/// them by the length.
struct IPOLoss: PreferenceLoss {
  let name = "ipo"
  let traits = LossTraits(
    normalisation: .standard(.mean, except: [.paper: .sum, .original: .sum]), beta: .isParameter,
    pairConventions: Convention.allCases, listConventions: Convention.allCases)
  let options: [LossOption] = []

  /// (D_w − D_l − 1/(2β))², D per token or summed as `normalise` says; β is the paper's τ.
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let error = winner.logRatio - loser.logRatio - 1 / (2 * context.beta)
    return PairValue(loss: error * error, slope: 2 * error)
  }

  func formula(_ context: LossContext) -> String { "(D_w − D_l − 1/(2β))²" }
}
