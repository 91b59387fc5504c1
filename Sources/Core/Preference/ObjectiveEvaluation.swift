import Foundation

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
    let scales = scales(group.lengths)
    let responses = responses(of: group, scales: scales)
    let context = context(kl: group.kl)
    guard var value = value(of: responses, selection: selection, context) else { return invalid }
    for i in 0..<count { value.gradient[i] *= scales[i] }
    addLikelihood(to: &value, group, preferred: selection.preferred, context)
    return value
  }

  /// The loss and its derivatives by the log-ratios; nil if the selection is none of this objective's.
  private func value(
    of responses: [RatedResponse], selection: Selection, _ context: LossContext
  ) -> LossValue? {
    let (count, preferred) = (responses.count, selection.preferred)
    if selection.isJudged {
      guard let loss = loss as? any SingleResponseLoss, count > 0, (0...count).contains(preferred) else { return nil }
      return judged(responses, desirable: preferred, loss, context)
    }
    guard preferred >= 1, count > preferred else { return nil }
    switch model {
    case .bt:
      guard count == 2 else { return nil }
      return hardPreference(responses, preferred: 1, logWeights: [0], context)
    case .pl:
      return (loss as? any ListLoss)?.list(responses, context) ?? allPairs(responses, context)
    case .hps:
      // Given the draw, sample and sample_n have all weight on the one negative.
      guard estimator == .expectation || count == preferred + 1 else { return nil }
      var logWeights = [0.0]
      if estimator == .expectation {
        let n = selection.logProbabilities.count
        guard selection.responses.allSatisfy({ $0 >= 0 && $0 < n }) else { return nil }
        logWeights = selection.responses[preferred...].map { selection.logProbabilities[$0] }
      }
      return hardPreference(
        responses, preferred: preferred, logWeights: logWeights, candidates: selection.candidates, context)
    }
  }

  // MARK: - From log-probs to log-ratios

  /// dD/dl of each response: 1 for sums, 1/|y| for means.
  private func scales(_ lengths: [Int]) -> [Double] {
    let isMean = normalisation == .mean
    return lengths.map { isMean ? 1 / Double(max($0, 1)) : 1 }
  }

  private func responses(of group: ScoredGroup, scales: [Double]) -> [RatedResponse] {
    let usesReference = usesReference
    return (0..<group.count).map { i in
      let ratio = usesReference ? group.logProbs[i] - group.referenceLogProbs[i] : group.logProbs[i]
      return RatedResponse(
        logRatio: ratio * scales[i], length: Double(group.lengths[i]), reward: group.rewards[i])
    }
  }

  // MARK: - BT and HPS: each preferred response against weighted negatives

  /// Σ_k w_k · HPS(y_k against the negatives) (paper, Eq. 8 and Appendix E), by the log-ratio of each response.
  private func hardPreference(
    _ responses: [RatedResponse], preferred: Int, logWeights: [Double], candidates: Int = 1, _ context: LossContext
  ) -> LossValue {
    var total = LossValue(loss: 0, gradient: [Double](repeating: 0, count: responses.count))
    let negatives = Array(responses[preferred...])
    for (k, weight) in preferredWeights(preferred).enumerated() where weight > 0 {
      let part: LossValue
      if let loss = loss as? any HardNegativeLoss {
        // sample drops N, sample_n and expectation keep it.
        let factor = estimator == nil || estimator == .sample ? 1 : candidates
        part = loss.hardNegatives(
          best: responses[k], negatives, logWeights: logWeights, candidates: factor, context)
      } else {
        part = weightedPairs(responses[k], negatives, logWeights: logWeights, context)
      }
      total.loss += weight * part.loss
      total.gradient[k] += weight * part.gradient[0]
      for i in negatives.indices { total.gradient[preferred + i] += weight * part.gradient[i + 1] }
    }
    return total
  }

  /// Σ_i q_i · pair(best, negative i); gradient with the best first.
  private func weightedPairs(
    _ best: RatedResponse, _ negatives: [RatedResponse], logWeights: [Double], _ context: LossContext
  ) -> LossValue {
    var sum = LossValue(loss: 0, gradient: [Double](repeating: 0, count: negatives.count + 1))
    for (i, negative) in negatives.enumerated() {
      let q = exp(logWeights[i])
      let value = loss.pair(best, negative, context)
      sum.loss += q * value.loss
      sum.gradient[0] += q * value.winner
      sum.gradient[i + 1] += q * value.loser
    }
    return sum
  }

  // MARK: - Each response on its own

  /// Mean over the responses, the first `desirable` of them desirable.
  private func judged(
    _ responses: [RatedResponse], desirable: Int, _ loss: any SingleResponseLoss, _ context: LossContext
  ) -> LossValue {
    let count = Double(responses.count)
    var total = LossValue(loss: 0, gradient: [])
    for (i, response) in responses.enumerated() {
      let value = loss.single(response, isDesirable: i < desirable, context)
      total.loss += value.loss / count
      total.gradient.append(value.slope / count)
    }
    return total
  }

  // MARK: - PL: all responses

  /// Mean of the pair loss over all pairs that the rewards order strictly.
  private func allPairs(_ responses: [RatedResponse], _ context: LossContext) -> LossValue {
    var total = LossValue(loss: 0, gradient: [Double](repeating: 0, count: responses.count))
    var pairs = 0.0
    for i in responses.indices {
      for j in responses.indices where responses[i].reward > responses[j].reward {
        let value = loss.pair(responses[i], responses[j], context)
        pairs += 1
        total.loss += value.loss
        total.gradient[i] += value.winner
        total.gradient[j] += value.loser
      }
    }
    total.loss /= pairs
    for i in responses.indices { total.gradient[i] /= pairs }
    return total
  }

  // MARK: - Likelihood of the preferred responses

  /// Adds the loss's λ·(−l) of the preferred responses.
  private func addLikelihood(
    to value: inout LossValue, _ group: ScoredGroup, preferred: Int, _ context: LossContext
  ) {
    guard let term = traits.likelihood else { return }
    var weight = context[term.weight]
    guard weight > 0 else { return }
    if term.scale == .perSquaredStages, model == .pl {
      let stages = Double(group.count - 1)
      weight *= stages * stages
    }
    for (k, share) in preferredWeights(preferred).enumerated() {
      let perToken = term.scale == .perToken ? 1 / Double(max(group.lengths[k], 1)) : 1
      value.loss -= weight * share * perToken * group.logProbs[k]
      value.gradient[k] -= weight * share * perToken
    }
  }
}
