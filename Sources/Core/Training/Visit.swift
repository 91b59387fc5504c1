import Control
import Preference

/// One prompt's numbers in one step or evaluation, between the model and the loss.
struct Visit {
  let prompt: Int
  let selection: Selection
  let group: ScoredGroup

  /// - Parameters:
  ///   - rewards: of all the prompt's responses; `logProbs` and `lengths` follow `selection.responses`.
  init(
    prompt: Int, selection: Selection, rewards: [Double], logProbs: [Double], references: ReferenceCache,
    lengths: [Int]
  ) {
    self.prompt = prompt
    self.selection = selection
    group = ScoredGroup(
      logProbs: logProbs, referenceLogProbs: selection.responses.map { references[prompt, $0] ?? .nan },
      lengths: lengths, rewards: selection.responses.map { rewards[$0] })
  }

  /// The best response.
  var chosen: ScoredResponse? { group.count > 0 ? scored(at: 0) : nil }

  /// The response that the margin is measured against: the drawn one, else the best-annotated dispreferred one, which
  /// is neither among the `preferred` ones nor ties with them.
  var rejected: ScoredResponse? {
    let position: Int?
    if let drawn = selection.drawn {
      position = selection.responses.firstIndex(of: drawn)
    } else {
      position = group.rewards.indices.dropFirst(selection.preferred).first {
        group.rewards[$0] < group.rewards[selection.preferred - 1]
      }
    }
    return position.map(scored(at:))
  }

  func record(loss: Double, beta: Double) -> PromptVisit {
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
