import Base
import Control
import Preference

/// What a policy makes of ranked groups under an objective: the loss, implicit rewards, margins and ranking. It needs a
/// scorer and groups and nothing of a run, and it changes nothing but the reference log-probs that it keeps.
public struct PreferenceMeasure {
  public let scorer: GroupScorer
  /// Of the draws of negatives: the same ones at every measurement with the same γ.
  public var seed: UInt64
  /// α of RM_R-DPO, nats a token.
  public var lengthWeight: Double
  /// Tokens of prompt and response together, for KTO's mismatched pairs.
  public var maxLength: Int
  private var references = ReferenceCache()

  public init(scorer: GroupScorer, seed: UInt64, lengthWeight: Double = 0.05, maxLength: Int = .max) {
    self.scorer = scorer
    self.seed = seed
    self.lengthWeight = lengthWeight
    self.maxLength = maxLength
  }

  /// The numbers of one measurement.
  public struct Result {
    package let visits: VisitMeans
    /// Margins, ranking and length bias over all responses.
    public let diagnostics: DiagnosticSums
    /// KTO's reference point, nats; nil for objectives without one.
    public let kl: Double?

    /// Prompts that the objective has something to say of.
    public var prompts: Int { visits.count }
    /// Mean loss.
    public var loss: Double { visits.means.loss }
    /// Mean implicit rewards s = β(l − l_ref) of the chosen and of the rejected responses.
    public var chosenReward: Double { visits.means.chosenReward }
    public var rejectedReward: Double { visits.means.rejectedReward }
    /// Share of the prompts whose chosen response has the higher implicit reward.
    public var accuracy: Double { visits.means.accuracy }
  }

  /// - Parameter gamma: for HPS; nil for other models.
  /// - Throws: `DataError` and `ModelError`.
  public mutating func measure(
    _ groups: some RankedGroups, objective: Objective, gamma: Double? = nil
  ) throws -> Result {
    let scored = try scorer.score(set: groups, cache: &references, wanted: groups.everyResponse)
    let selections = groups.indices.map { prompt in
      var stream = RandomStream(seed: seed, purpose: .evaluation, index: prompt)
      return objective.select(rewards: groups.rewards(prompt), gamma: gamma, stream: &stream)
    }
    let kl = try objective.needsKL ? klEstimate(groups, selections) : nil
    var means = VisitMeans()
    var diagnostics = DiagnosticSums()
    for (prompt, responses) in scored.enumerated() {
      let rewards = groups.rewards(prompt)
      let full = ScoredGroup(
        logProbs: responses.map(\.logProb), referenceLogProbs: responses.map(\.referenceLogProb),
        lengths: responses.map(\.tokens), rewards: rewards)
      diagnostics.add(full, beta: objective.beta, alpha: lengthWeight)
      guard let selection = selections[prompt] else { continue }
      let visit = Visit(
        prompt: prompt, selection: selection, rewards: rewards,
        logProbs: selection.responses.map { responses[$0].logProb }, references: references,
        lengths: selection.responses.map { responses[$0].tokens }, kl: kl ?? 0)
      let value = objective.evaluate(visit.group, selection: selection)
      means.add(visit, loss: value.loss, beta: objective.beta, weight: objective.weight(of: selection))
    }
    return Result(visits: means, diagnostics: diagnostics, kl: kl)
  }

  private func klEstimate(_ groups: some RankedGroups, _ selections: [Selection?]) throws -> Double {
    try scorer.klEstimate(
      set: groups,
      wanted: selections.enumerated().compactMap { prompt, selection in
        selection.map { (prompt: prompt, responses: $0.responses) }
      }, maxLength: maxLength)
  }
}
