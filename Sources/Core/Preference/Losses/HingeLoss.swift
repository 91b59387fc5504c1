/// max(0, δ − β(u_w − u_l)): the ranking part of SLiC-HF (Zhao et al. 2023; log-probs without reference, β = 1) and
/// RSO's hinge (Liu et al. 2023; log-ratios, δ = 1).
enum HingeLoss {
  /// At the kink the derivative is 0, as in TRL.
  static func pair(_ w: Double, _ l: Double, beta: Double, delta: Double) -> PairValue {
    let slack = delta - beta * (w - l)
    if slack.isNaN { return PairValue(loss: .nan, slope: .nan) }
    return slack > 0 ? PairValue(loss: slack, slope: -beta) : PairValue(loss: 0, slope: 0)
  }
}
