import Foundation

/// What a loss sees of one response.
struct Member {
  /// The log-ratio D = l − l_ref (or l alone for reference-free losses), summed or divided by the length.
  var u: Double
  var length: Double
  var reward: Double
}

/// A pair loss and its derivatives by the u of winner and loser.
struct PairValue {
  var loss: Double
  var winner: Double
  var loser: Double

  init(loss: Double, winner: Double, loser: Double) {
    self.loss = loss
    self.winner = winner
    self.loser = loser
  }

  /// A loss of the difference alone: dL/du_w = slope, dL/du_l = −slope.
  init(loss: Double, slope: Double) {
    self.init(loss: loss, winner: slope, loser: -slope)
  }
}

extension Objective {
  /// The loss of one prompt and dL/dl_i.
  ///
  /// - Parameters:
  ///   - group: the responses named by `selection.responses`, in that order.
  ///   - selection: from `select`.
  /// - Returns: numbers that are NaN if the inputs are NaN or do not fit each other.
  public func evaluate(_ group: ScoredGroup, selection: Selection) -> LossValue {
    let count = group.count
    let invalid = LossValue(loss: .nan, gradient: [Double](repeating: .nan, count: count))
    guard group.isConsistent, count == selection.responses.count else { return invalid }
    let members = (0..<count).map { member(group, $0) }
    let preferred = selection.preferred
    if selection.isJudged {
      guard judgesAlone, count > 0, (0...count).contains(preferred) else { return invalid }
      return judged(members, desirable: preferred, kl: group.kl)
    }
    guard preferred >= 1, count > preferred else { return invalid }
    var value: LossValue
    switch model {
    case .bt:
      guard count == 2 else { return invalid }
      value = hardPreference(members, preferred: 1, logWeights: [0], kl: group.kl)
    case .pl:
      value = list(members)
    case .hps:
      // Given the draw, sample and sample_n have all weight on the one negative.
      guard estimator == .expectation || count == preferred + 1 else { return invalid }
      var logWeights = [0.0]
      if estimator == .expectation {
        let n = selection.logProbabilities.count
        guard selection.responses.allSatisfy({ $0 >= 0 && $0 < n }) else { return invalid }
        logWeights = selection.responses[preferred...].map { selection.logProbabilities[$0] }
      }
      value = hardPreference(
        members, preferred: preferred, logWeights: logWeights, candidates: selection.candidates, kl: group.kl)
    }
    for i in 0..<count { value.gradient[i] *= scale(group.lengths[i]) }
    addLikelihood(to: &value, group, preferred: preferred)
    return value
  }

  // MARK: - From log-probs to members

  /// du/dl: 1 for sums, 1/|y| for means.
  private func scale(_ length: Int) -> Double {
    normalisation == .mean ? 1 / Double(max(length, 1)) : 1
  }

  private func member(_ group: ScoredGroup, _ i: Int) -> Member {
    let ratio = usesReference ? group.logProbs[i] - group.referenceLogProbs[i] : group.logProbs[i]
    return Member(
      u: ratio * scale(group.lengths[i]), length: Double(group.lengths[i]), reward: group.rewards[i])
  }

  // MARK: - BT and HPS: each preferred response against weighted negatives

  /// Σ_k w_k · HPS(y_k against the negatives) (paper, Eq. 8 and Appendix E), by the u of each member.
  private func hardPreference(
    _ members: [Member], preferred: Int, logWeights: [Double], candidates: Int = 1, kl: Double
  ) -> LossValue {
    var total = LossValue(loss: 0, gradient: [Double](repeating: 0, count: members.count))
    let negatives = Array(members[preferred...])
    for (k, weight) in preferredWeights(preferred).enumerated() where weight > 0 {
      let part: LossValue
      if parameterization == .dpo {
        // sample drops N, sample_n and expectation keep it.
        let factor = estimator == nil || estimator == .sample ? 1 : candidates
        part = HPSLoss.closedForm(
          best: members[k].u, negatives: negatives.map(\.u), logWeights: logWeights, candidates: factor, beta: beta)
      } else {
        var sum = LossValue(loss: 0, gradient: [Double](repeating: 0, count: negatives.count + 1))
        for (i, negative) in negatives.enumerated() {
          let q = exp(logWeights[i])
          let value = pair(members[k], negative, kl: kl)
          sum.loss += q * value.loss
          sum.gradient[0] += q * value.winner
          sum.gradient[i + 1] += q * value.loser
        }
        part = sum
      }
      total.loss += weight * part.loss
      total.gradient[k] += weight * part.gradient[0]
      for i in negatives.indices { total.gradient[preferred + i] += weight * part.gradient[i + 1] }
    }
    return total
  }

  private func pair(_ w: Member, _ l: Member, kl: Double) -> PairValue {
    switch parameterization {
    case .dpo: DPOLoss.pair(w.u, l.u, beta: beta)
    case .cdpo: DPOLoss.conservative(w.u, l.u, beta: beta, smoothing: labelSmoothing)
    case .robust: DPOLoss.robust(w.u, l.u, beta: beta, smoothing: labelSmoothing)
    case .rdpo: DPOLoss.lengthRegularised(w, l, beta: beta, alpha: lengthWeight)
    case .exo: EXOLoss.pair(w.u, l.u, beta: beta, label: exoLabel)
    case .ipo: IPOLoss.pair(w.u, l.u, beta: beta)
    case .sppo: SPPOLoss.pair(w.u, l.u, beta: beta, halved: options.convention != .trl)
    case .nca: NCALoss.pair(w.u, l.u, beta: beta)
    case .infonca: InfoNCALoss.pair(w, l, beta: beta, temperature: rewardTemperature)
    case .simpo: SimPOLoss.pair(w.u, l.u, beta: beta, margin: simpoMargin)
    case .slic: HingeLoss.pair(w.u, l.u, beta: 1, delta: slicDelta)
    case .hinge: HingeLoss.pair(w.u, l.u, beta: beta, delta: 1)
    case .lipo: asPair(LiPOLoss.list([w, l], beta: beta, labels: options.lipoLabels ?? .unit))
    case .pro: asPair(PROLoss.list([w, l]))
    case .kto, .apoZero:
      KTOLoss.pair(
        w.u, l.u, beta: beta, kl: needsKL ? kl : 0, desirable: desirableWeight, undesirable: undesirableWeight)
    }
  }

  private func asPair(_ value: LossValue) -> PairValue {
    PairValue(loss: value.loss, winner: value.gradient[0], loser: value.gradient[1])
  }

  private var exoLabel: EXOLoss.Label {
    options.convention == .original ? .original : EXOLoss.Label(smoothing: labelSmoothing)
  }

  // MARK: - KTO and APO: each response on its own

  /// Mean over the responses, the first `desirable` of them desirable.
  private func judged(_ members: [Member], desirable: Int, kl: Double) -> LossValue {
    let count = Double(members.count)
    var total = LossValue(loss: 0, gradient: [])
    for (i, member) in members.enumerated() {
      let value = KTOLoss.single(
        member.u, isDesirable: i < desirable, beta: beta, kl: needsKL ? kl : 0,
        weight: i < desirable ? desirableWeight : undesirableWeight)
      total.loss += value.loss / count
      total.gradient.append(value.slope / count)
    }
    return total
  }

  // MARK: - PL: all responses

  private func list(_ members: [Member]) -> LossValue {
    switch parameterization {
    case .dpo: PlackettLuceLoss.list(members, beta: beta)
    case .exo: EXOLoss.list(members, beta: beta, rewardTemperature: rewardTemperature)
    case .sppo: SPPOLoss.list(members, beta: beta)
    case .nca: NCALoss.list(members, beta: beta, temperature: rewardTemperature)
    case .infonca: InfoNCALoss.list(members, beta: beta, temperature: rewardTemperature)
    case .lipo: LiPOLoss.list(members, beta: beta, labels: options.lipoLabels ?? .unit)
    case .pro: PROLoss.list(members)
    default: allPairs(members)
    }
  }

  /// Mean of the pair loss over all pairs that the rewards order strictly.
  private func allPairs(_ members: [Member]) -> LossValue {
    var total = LossValue(loss: 0, gradient: [Double](repeating: 0, count: members.count))
    var pairs = 0.0
    for i in members.indices {
      for j in members.indices where members[i].reward > members[j].reward {
        let value = pair(members[i], members[j], kl: 0)
        pairs += 1
        total.loss += value.loss
        total.gradient[i] += value.winner
        total.gradient[j] += value.loser
      }
    }
    total.loss /= pairs
    for i in members.indices { total.gradient[i] /= pairs }
    return total
  }

  // MARK: - Likelihood of the preferred responses

  /// Adds λ·(−l) of the preferred responses: per sequence for slic and pro, per token for simpo.
  private func addLikelihood(to value: inout LossValue, _ group: ScoredGroup, preferred: Int) {
    var weight = nllWeight
    guard weight > 0 else { return }
    if parameterization == .pro, model == .pl {
      let stages = Double(group.count - 1)
      weight *= stages * stages
    }
    for (k, share) in preferredWeights(preferred).enumerated() {
      let perToken = parameterization == .simpo ? 1 / Double(max(group.lengths[k], 1)) : 1
      value.loss -= weight * share * perToken * group.logProbs[k]
      value.gradient[k] -= weight * share * perToken
    }
  }
}
