import Base

extension Objective {
  /// Which responses one visit of a prompt needs, drawn afresh at every visit.
  ///
  /// - Parameters:
  ///   - rewards: annotated rewards r_i, best first, after `RewardScale`.
  ///   - gamma: hardness, for hps (nil counts as 0); ignored by models without a sampler.
  ///   - stream: keyed (run seed, `.negativeSampling`, epoch, prompt); only `sample` and `sample_n` draw from it, one
  ///     number a visit.
  /// - Returns: nil if no response has a reward strictly below the preferred ones: the visit is to be skipped and
  ///   counted. Losses that judge each response on its own take a single response, and under pl any list.
  public func select(rewards: [Double], gamma: Double?, stream: inout RandomStream) -> Selection? {
    if judgesAlone, model == .pl || rewards.count == 1 { return judged(rewards) }
    switch model {
    case .bt:
      guard let worst = rewards.indices.last, worst > 0, rewards[worst] < rewards[0] else { return nil }
      return Selection(responses: [0, worst], drawn: worst, candidates: 1)
    case .pl:
      let candidates = HardNegativeDistribution.candidates(rewards: rewards, preferred: 1)
      guard !candidates.isEmpty else { return nil }
      return Selection(responses: Array(rewards.indices), candidates: candidates.count)
    case .hps:
      let negatives = HardNegativeDistribution(rewards: rewards, gamma: gamma ?? 0, preferred: options.preferred)
      guard !negatives.candidates.isEmpty else { return nil }
      var selection = Selection(
        responses: Array(0..<options.preferred), preferred: options.preferred,
        probabilities: negatives.probabilities, logProbabilities: negatives.logProbabilities,
        candidates: negatives.candidates.count, ess: negatives.effectiveSampleSize)
      if estimator == .expectation {
        selection.responses += negatives.candidates
      } else {
        let drawn = negatives.draw(&stream)
        selection.drawn = drawn
        selection.responses.append(drawn)
      }
      return selection
    }
  }

  /// Every response on its own, desirable above the threshold: the list is best first, so those lead it.
  private func judged(_ rewards: [Double]) -> Selection? {
    guard !rewards.isEmpty, !rewards.contains(where: \.isNaN) else { return nil }
    let desirable = rewards.prefix { $0 > desirableThreshold }.count
    return Selection(
      responses: Array(rewards.indices), preferred: desirable, candidates: rewards.count - desirable, isJudged: true)
  }
}
