extension Parameterization {
  public static let apoZero = Parameterization(APOZeroLoss())
}

/// Anchored preference optimisation of single responses (D'Oosterlinck et al. 2024; TRL's `apo_zero_unpaired`): KTO with
/// the reference point 0.
struct APOZeroLoss: SingleResponseLoss {
  let name = "apo_zero"
  let traits = LossTraits(
    normalisation: .fixed(.sum), beta: .isParameter, readsRewardValues: { _ in true },
    pairConventions: [.paper, .trl], listConventions: [.paper, .trl])
  let options = [KTOLoss.desirableWeight, KTOLoss.undesirableWeight, KTOLoss.threshold]

  func single(
    _ response: RatedResponse, isDesirable: Bool, _ context: LossContext
  ) -> (loss: Double, slope: Double) {
    KTOLoss.value(response.logRatio, isDesirable: isDesirable, kl: 0, context)
  }

  func desirableThreshold(_ context: LossContext) -> Double { context[KTOLoss.threshold] }

  func formula(_ context: LossContext) -> String { KTOLoss.formula(zero: "z = 0", context) }
}
