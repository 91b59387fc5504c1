import Control
import Foundation
import Preference

/// The means that a step and an evaluation both report, gathered one visit at a time.
struct VisitMeans {
  /// Prompts added, and those among them that have a rejected response to compare with.
  private(set) var count = 0
  private var compared = 0
  private var loss = 0.0
  private var chosenReward = 0.0
  private var rejectedReward = 0.0
  private var accuracy = 0.0
  private var chosenLogProb = 0.0
  private var rejectedLogProb = 0.0
  private var ess = 0.0
  private var saturated = 0

  /// - Parameter beta: turns log-ratios into implicit rewards (HPS paper, Eq. 3).
  mutating func add(_ visit: Visit, loss: Double, beta: Double) {
    count += 1
    self.loss += loss
    if let ess = visit.selection.ess {
      self.ess += ess
      if ess < HardNegativeDistribution.saturationESS { saturated += 1 }
    }
    guard let chosen = visit.chosen, let rejected = visit.rejected else { return }
    compared += 1
    let s = (chosen: chosen.implicitReward(beta: beta), rejected: rejected.implicitReward(beta: beta))
    chosenReward += s.chosen
    rejectedReward += s.rejected
    accuracy += s.chosen > s.rejected ? 1 : 0
    chosenLogProb += chosen.logProb
    rejectedLogProb += rejected.logProb
  }

  private func mean(_ sum: Double) -> Double { sum / Double(max(1, count)) }
  private func pairMean(_ sum: Double) -> Double { sum / Double(max(1, compared)) }

  var means:
    (
      loss: Double, chosenReward: Double, rejectedReward: Double, accuracy: Double, chosenLogProb: Double,
      rejectedLogProb: Double, ess: Double, saturatedShare: Double
    )
  {
    (
      mean(loss), pairMean(chosenReward), pairMean(rejectedReward), pairMean(accuracy), pairMean(chosenLogProb),
      pairMean(rejectedLogProb), mean(ess), mean(Double(saturated))
    )
  }
}

extension ScoredResponse {
  /// s = β(l − l_ref), Eq. 3.
  public func implicitReward(beta: Double) -> Double { beta * (logProb - referenceLogProb) }
}
