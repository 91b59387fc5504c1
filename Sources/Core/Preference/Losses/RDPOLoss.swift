extension Parameterization {
  public static let rdpo = Parameterization(RDPOLoss())
}

/// R-DPO: DPO with a length term, by which a longer winner is pushed less (Park et al. 2024).
struct RDPOLoss: PreferenceLoss {
  /// Nats a token. The R-DPO margin of evaluations reads the same key of the run file.
  static let lengthWeight = LossOption.number(
    "length_weight", .any, standard: 0.05, sharedKey: .alpha, "α of the length term")

  let name = "rdpo"
  let traits = LossTraits(normalisation: .fixed(.sum), saturatesWithMargin: true)
  let options = [Self.lengthWeight]

  /// −log σ(z + α(|y_w| − |y_l|)).
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let (beta, alpha) = (context.beta, context[Self.lengthWeight])
    return DPOLoss.logistic(
      beta * (winner.logRatio - loser.logRatio) + alpha * (winner.length - loser.length), beta: beta)
  }

  func formula(_ context: LossContext) -> String {
    "−log σ(s_w − s_l + α(|y_w| − |y_l|)), α = \(context[Self.lengthWeight])"
  }
}

extension ObjectiveOptions {
  /// α of rdpo: nats a token.
  public var lengthWeight: Double? {
    get { self[RDPOLoss.lengthWeight] }
    set { self[RDPOLoss.lengthWeight] = newValue }
  }
}
