extension Parameterization {
  public static let kto = Parameterization(KTOLoss())
}

/// Kahneman–Tversky optimisation: each response is desirable or not on its own (Ethayarajh et al. 2024, Eq. 7).
public struct KTOLoss: SingleResponseLoss {
  static let desirableWeight = LossOption.number("desirable_weight", .from(0), standard: 1, "λ_D")
  static let undesirableWeight = LossOption.number("undesirable_weight", .from(0), standard: 1, "λ_U")
  static let threshold = LossOption.number(
    "desirable_threshold", .any, standard: 0, "a response judged on its own is desirable above this reward")

  public let name = "kto"
  public let traits = LossTraits(
    normalisation: .fixed(.sum), needsKL: true, beta: .isParameter, readsRewardValues: { _ in true },
    pairConventions: [.paper, .trl], listConventions: [.paper, .trl])
  public let options = [Self.desirableWeight, Self.undesirableWeight, Self.threshold]

  /// The reference point: max(0, mean log-ratio of mismatched pairs (x, y')), y' the batch's responses moved on by one
  /// prompt. No gradient flows through it.
  ///
  /// - Parameter mismatchedLogRatios: l − l_ref of each mismatched pair, nats; 0 is returned for none.
  public static func klEstimate(mismatchedLogRatios: [Double]) -> Double {
    guard !mismatchedLogRatios.isEmpty else { return 0 }
    let mean = mismatchedLogRatios.reduce(0, +) / Double(mismatchedLogRatios.count)
    return mean < 0 ? 0 : mean
  }

  public func single(
    _ response: RatedResponse, isDesirable: Bool, _ context: LossContext
  ) -> (loss: Double, slope: Double) {
    Self.value(response.logRatio, isDesirable: isDesirable, kl: context.kl, context)
  }

  /// λ_D(1 − σ(β(D − KL))) for a desirable response, λ_U(1 − σ(β(KL − D))) for another; slope is dL/dD.
  static func value(
    _ logRatio: Double, isDesirable: Bool, kl: Double, _ context: LossContext
  ) -> (loss: Double, slope: Double) {
    let (beta, weight) = (context.beta, context[isDesirable ? desirableWeight : undesirableWeight])
    let sign = isDesirable ? 1.0 : -1.0
    let z = sign * beta * (logRatio - kl)
    // 1 − σ(z) = σ(−z) without cancellation.
    let miss = StableMath.sigmoid(-z)
    return (weight * miss, -sign * beta * weight * miss * StableMath.sigmoid(z))
  }

  public func desirableThreshold(_ context: LossContext) -> Double { context[Self.threshold] }

  public func formula(_ context: LossContext) -> String {
    Self.formula(
      zero: "z = max(0, mean log-ratio of the step's mismatched pairs: each prompt with the responses of the prompt "
        + "before it)", context)
  }

  static func formula(zero: String, _ context: LossContext) -> String {
    "λ_D(1 − σ(β(D − z))) of a desirable and λ_U(1 − σ(β(z − D))) of an undesirable response, "
      + "λ_D = \(context[desirableWeight]), λ_U = \(context[undesirableWeight]), \(zero); "
      + "mean over the responses of a step"
  }
}

extension ObjectiveOptions {
  /// kto, apo_zero: λ_D.
  public var desirableWeight: Double? {
    get { self[KTOLoss.desirableWeight] }
    set { self[KTOLoss.desirableWeight] = newValue }
  }

  /// kto, apo_zero: λ_U.
  public var undesirableWeight: Double? {
    get { self[KTOLoss.undesirableWeight] }
    set { self[KTOLoss.undesirableWeight] = newValue }
  }

  /// kto, apo_zero: a response that is judged on its own is desirable if its reward is above this.
  public var desirableThreshold: Double? {
    get { self[KTOLoss.threshold] }
    set { self[KTOLoss.threshold] = newValue }
  }
}
