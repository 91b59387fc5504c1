import Foundation

/// Efficient exact optimisation: reverse KL from the policy's softmax to a target (Ji et al. 2024).
enum EXOLoss {
  /// Target log-probs of winner and loser.
  struct Label {
    var winner: Double
    var loser: Double

    /// (log(1−ε), log ε).
    init(smoothing: Double) {
      winner = log1p(-smoothing)
      loser = log(smoothing)
    }

    private init(winner: Double, loser: Double) {
      self.winner = winner
      self.loser = loser
    }

    /// The authors' code: (0, −10), which does not sum to one.
    static let original = Label(winner: 0, loser: -10)
  }

  /// q(log q − t_w) + (1−q)(log(1−q) − t_l), q = σ(z) (Eq. 16); dL/dz = q(1−q)(z − t_w + t_l).
  /// The gradient vanishes at both ends: a badly mis-ranked pair is hardly moved.
  static func pair(_ w: Double, _ l: Double, beta: Double, label: Label) -> PairValue {
    let z = beta * (w - l)
    let q = StableMath.sigmoid(z)
    let rest = StableMath.sigmoid(-z)
    let loss =
      q * (StableMath.logSigmoid(z) - label.winner) + rest * (StableMath.logSigmoid(-z) - label.loser)
    return PairValue(loss: loss, slope: beta * q * rest * (z - label.winner + label.loser))
  }

  /// Σ_i p_i (log p_i − t_i), p = softmax(s), t = log softmax(r/β_r); dL/ds_j = p_j (log p_j − t_j − L).
  static func list(_ members: [Member], beta: Double, rewardTemperature: Double) -> LossValue {
    let logP = StableMath.logSoftmax(members.map { beta * $0.u })
    let t = StableMath.logSoftmax(members.map { $0.reward / rewardTemperature })
    let p = logP.map { exp($0) }
    let loss = p.indices.reduce(0) { $0 + p[$1] * (logP[$1] - t[$1]) }
    return LossValue(loss: loss, gradient: p.indices.map { beta * p[$0] * (logP[$0] - t[$0] - loss) })
  }
}
