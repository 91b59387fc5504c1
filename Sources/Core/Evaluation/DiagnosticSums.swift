import Control
import Preference

/// Margins, ranking and length bias over held-out prompts, gathered one prompt at a time.
public struct DiagnosticSums: Sendable {
  private var sum = RewardMargin.Margins(hardest: 0, mean: 0, lengthHardest: 0, lengthMean: 0)
  /// Prompts with a dispreferred response: the margins are means over these.
  private var compared = 0
  private var ranking = PolicyDiagnostics.Ranking()
  private var implicitRewards: [Double] = []
  private var lengths: [Double] = []

  public init() {}

  /// - Parameters:
  ///   - group: all responses of a prompt, best first.
  ///   - alpha: nats a token, for RM_R-DPO.
  public mutating func add(_ group: ScoredGroup, beta: Double, alpha: Double) {
    ranking = ranking + PolicyDiagnostics.ranking(of: group)
    for (own, reference) in zip(group.logProbs, group.referenceLogProbs) {
      implicitRewards.append(beta * (own - reference))
    }
    lengths += group.lengths.map(Double.init)
    guard let margins = RewardMargin.margins(of: group, beta: beta, alpha: alpha) else { return }
    compared += 1
    sum.hardest += margins.hardest
    sum.mean += margins.mean
    sum.lengthHardest += margins.lengthHardest
    sum.lengthMean += margins.lengthMean
  }

  /// Share of the response pairs with different rewards that the implicit reward orders as annotated; NaN without any.
  public var rankingAccuracy: Double { ranking.accuracy }

  /// Means over the prompts; NaN where no prompt has a dispreferred response.
  public var margins: RewardMargin.Margins {
    let count = Double(compared)
    return RewardMargin.Margins(
      hardest: sum.hardest / count, mean: sum.mean / count, lengthHardest: sum.lengthHardest / count,
      lengthMean: sum.lengthMean / count)
  }

  public func result(policyKL: Double?, kl: Double?) -> EvaluationDiagnostics {
    EvaluationDiagnostics(
      lengthHardestMargin: margins.lengthHardest, lengthMeanMargin: margins.lengthMean,
      rankingAccuracy: ranking.accuracy,
      lengthCorrelation: PolicyDiagnostics.correlation(implicitRewards, lengths), policyKL: policyKL, kl: kl)
  }
}
