import Control
import Foundation
import Preference

/// The means that a step and an evaluation both report, gathered one visit at a time.
package struct VisitMeans {
  /// Prompts added.
  package private(set) var count = 0
  /// Sum of the visits' weights in the loss.
  private var weight = 0.0
  private var loss = 0.0
  private var chosen = Side()
  private var rejected = Side()
  /// Prompts with a chosen and a rejected response, and those among them that are ordered rightly.
  private var compared = 0
  private var accurate = 0
  private var isJudged = false
  private var ess = 0.0
  private var saturated = 0

  package init() {}

  /// Sums over the chosen, or over the rejected, responses.
  private struct Side {
    var count = 0
    var reward = 0.0
    var logProb = 0.0

    mutating func add(_ response: ScoredResponse, beta: Double) {
      count += 1
      reward += response.implicitReward(beta: beta)
      logProb += response.logProb
    }
  }

  /// - Parameters:
  ///   - beta: turns log-ratios into implicit rewards (HPS paper, Eq. 3).
  ///   - weight: of this visit in the mean loss (`Objective.weight`).
  package mutating func add(_ visit: Visit, loss: Double, beta: Double, weight: Double = 1) {
    count += 1
    self.weight += weight
    self.loss += weight * loss
    if let ess = visit.selection.ess {
      self.ess += ess
      if ess < HardNegativeDistribution.saturationESS { saturated += 1 }
    }
    isJudged = isJudged || visit.selection.isJudged
    let sides = visit.sides
    for response in sides.chosen { chosen.add(response, beta: beta) }
    for response in sides.rejected { rejected.add(response, beta: beta) }
    guard let best = sides.chosen.first, let worse = sides.rejected.first else { return }
    compared += 1
    accurate += best.implicitReward(beta: beta) > worse.implicitReward(beta: beta) ? 1 : 0
  }

  private func mean(_ sum: Double) -> Double { sum / Double(max(1, count)) }

  /// Responses judged on their own may all lie on one side: the other has no mean then.
  private func mean(_ sum: Double, of count: Int) -> Double {
    count == 0 && isJudged ? .nan : sum / Double(max(1, count))
  }

  package var means:
    (
      loss: Double, chosenReward: Double, rejectedReward: Double, accuracy: Double, chosenLogProb: Double,
      rejectedLogProb: Double, ess: Double, saturatedShare: Double
    )
  {
    (
      weight > 0 ? loss / weight : 0, mean(chosen.reward, of: chosen.count), mean(rejected.reward, of: rejected.count),
      mean(Double(accurate), of: compared), mean(chosen.logProb, of: chosen.count),
      mean(rejected.logProb, of: rejected.count), mean(ess), mean(Double(saturated))
    )
  }
}

extension ScoredResponse {
  /// s = β(l − l_ref), Eq. 3.
  public func implicitReward(beta: Double) -> Double { beta * (logProb - referenceLogProb) }
}
