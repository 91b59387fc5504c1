import Control
import Preference

/// One prompt's numbers in one step or evaluation, between the model and the loss.
package struct Visit {
  package let prompt: Int
  package let selection: Selection
  package let group: ScoredGroup

  /// - Parameters:
  ///   - rewards: of all the prompt's responses; `logProbs` and `lengths` follow `selection.responses`.
  ///   - kl: KTO's reference point of the step, nats.
  package init(
    prompt: Int, selection: Selection, rewards: [Double], logProbs: [Double], references: ReferenceCache,
    lengths: [Int], kl: Double = 0
  ) {
    self.prompt = prompt
    self.selection = selection
    group = ScoredGroup(
      logProbs: logProbs, referenceLogProbs: selection.responses.map { references[prompt, $0] ?? .nan },
      lengths: lengths, rewards: selection.responses.map { rewards[$0] }, kl: kl)
  }

  /// The best response; where each is judged on its own, only if it is desirable.
  package var chosen: ScoredResponse? {
    guard group.count > 0, !selection.isJudged || selection.preferred > 0 else { return nil }
    return scored(at: 0)
  }

  /// The responses behind `rewards/chosen` and `rewards/rejected`: one of each, or none without a pair; where each is
  /// judged on its own, all desirable and all undesirable ones (as TRL's KTOTrainer reports them).
  package var sides: (chosen: [ScoredResponse], rejected: [ScoredResponse]) {
    if selection.isJudged {
      let all = group.logProbs.indices
      return (
        all.prefix(selection.preferred).map(scored(at:)), all.dropFirst(selection.preferred).map(scored(at:))
      )
    }
    guard let chosen, let rejected else { return ([], []) }
    return ([chosen], [rejected])
  }

  /// The response that the margin is measured against: the drawn one, else the best-annotated dispreferred one, which
  /// is neither among the `preferred` ones nor ties with them.
  package var rejected: ScoredResponse? {
    let position: Int?
    if selection.isJudged {
      position = selection.preferred < group.count ? selection.preferred : nil
    } else if let drawn = selection.drawn {
      position = selection.responses.firstIndex(of: drawn)
    } else {
      position = group.rewards.indices.dropFirst(selection.preferred).first {
        group.rewards[$0] < group.rewards[selection.preferred - 1]
      }
    }
    return position.map(scored(at:))
  }

  package func record(loss: Double, beta: Double) -> PromptVisit {
    var margin = Double.nan
    if let chosen, let rejected {
      margin = chosen.implicitReward(beta: beta) - rejected.implicitReward(beta: beta)
    }
    return PromptVisit(
      prompt: prompt, drawn: selection.drawn,
      drawnProbability: selection.drawn.flatMap { selection.probabilities.isEmpty ? nil : selection.probabilities[$0] },
      ess: selection.ess, scored: selection.responses.indices.map(scored(at:)), margin: margin, loss: loss)
  }

  private func scored(at position: Int) -> ScoredResponse {
    ScoredResponse(
      response: selection.responses[position], logProb: group.logProbs[position],
      referenceLogProb: group.referenceLogProbs[position], tokens: group.lengths[position])
  }
}
