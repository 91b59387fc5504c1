/// A loss of the field: a function of the sequence log-probs of one prompt's responses, with everything that the rest of
/// the program must know about it. One file of Losses/ holds one loss; `LossRegistry` lists them.
///
/// D = l − l_ref is a response's log-ratio, s = βD its implicit reward, z = s_w − s_l the margin of a pair. A loss with
/// forms of its own beyond the pair says so by its type: `ListLoss`, `HardNegativeLoss`, `SingleResponseLoss`.
public protocol PreferenceLoss: Sendable {
  /// The value of the run file's `preference.parameterization`: lower case, words joined by `_`.
  var name: String { get }
  /// What it uses, reads and allows.
  var traits: LossTraits { get }
  /// The constants that a run file may set, under keys of `preference`.
  var options: [LossOption] { get }

  /// The loss of a preferred and a dispreferred response, and its derivatives by their log-ratios.
  ///
  /// Must stay finite for margins of ±1000 nats; `StableMath` has what is needed for that.
  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue

  /// What is computed under `context.model`, with the values of its options, as a formula without a full stop.
  /// `Objective.describe` says the rest: the responses, the reference, β, the normalisation, the mean over pairs.
  func formula(_ context: LossContext) -> String
}

/// A loss that has a form for a whole ranked list, which model pl takes in place of the mean over ordered pairs.
public protocol ListLoss: PreferenceLoss {
  /// The loss of a prompt's responses, best first, and its derivatives by their log-ratios.
  func list(_ responses: [RatedResponse], _ context: LossContext) -> LossValue
}

/// A loss that takes the hard-negative expectation of HPS inside its own function (HPS paper, Eq. 8), in place of the
/// mean of pair losses weighted by q.
public protocol HardNegativeLoss: PreferenceLoss {
  /// - Parameters:
  ///   - logWeights: log q_i of the negatives.
  ///   - candidates: the factor N before the expectation; 1 where the estimator drops it.
  /// - Returns: the loss and its derivatives by the log-ratios, the best response first.
  func hardNegatives(
    best: RatedResponse, _ negatives: [RatedResponse], logWeights: [Double], candidates: Int, _ context: LossContext
  ) -> LossValue
}

/// A loss that judges each response on its own, desirable or not, so that a prompt may come with a single one. Under
/// model pl all responses of a prompt are judged; of a pair, the preferred one is desirable and the other is not.
public protocol SingleResponseLoss: PreferenceLoss {
  /// The loss of one response, and its derivative by the log-ratio.
  func single(
    _ response: RatedResponse, isDesirable: Bool, _ context: LossContext
  ) -> (loss: Double, slope: Double)

  /// A response that is judged on its own is desirable if its annotated reward is above this.
  func desirableThreshold(_ context: LossContext) -> Double
}

// MARK: - Pairs of losses whose own form is another

extension ListLoss {
  /// A list of two.
  public func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let value = list([winner, loser], context)
    return PairValue(loss: value.loss, winner: value.gradient[0], loser: value.gradient[1])
  }
}

extension SingleResponseLoss {
  /// Mean of the winner as desirable and the loser as undesirable: rows of a batch count alike, as in TRL.
  public func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let a = single(winner, isDesirable: true, context)
    let b = single(loser, isDesirable: false, context)
    return PairValue(loss: (a.loss + b.loss) / 2, winner: a.slope / 2, loser: b.slope / 2)
  }
}
