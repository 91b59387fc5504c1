import Evaluation
import Base
import Control
import Preference

/// What an optimizer step reads once, when it begins: a command that comes meanwhile is for the next one.
struct StepPlan {
  /// Counted from 1.
  let number: Int
  let epoch: Int
  let objective: Objective
  let learningRate: Double
  /// nil for preference models without γ.
  let gamma: Double?
  /// All settings in force, by key.
  let settings: [Setting.Key: Double]
  /// One a prompt, in training order.
  var selections: [Selection] = []
  var wanted: [(prompt: Int, responses: [Int])] = []
}

/// The parts of a step; `runStep` puts them together.
extension TrainingLoop {
  /// Draws the responses of the step's prompts.
  func plan(step number: Int, epoch: Int, prompts: ArraySlice<Int>) -> StepPlan {
    let objective = objective
    var plan = StepPlan(
      number: number, epoch: epoch, objective: objective, learningRate: learningRate.value(step: number),
      gamma: objective.usesGamma ? gamma.value(step: number) : nil, settings: control.settings.values(step: number))
    for prompt in prompts {
      var stream = RandomStream(seed: settings.seed, purpose: .negativeSampling, epoch: epoch, index: prompt)
      // The data's encoder keeps prompts without a dispreferred candidate out, so a selection always exists.
      guard
        let selection = objective.select(rewards: set.rewards(prompt), gamma: plan.gamma, stream: &stream)
      else { continue }
      plan.selections.append(selection)
      plan.wanted.append((prompt, selection.responses))
    }
    return plan
  }

  /// Forward and backward pass: `gradients` holds the step's gradient afterwards.
  /// - Parameters:
  ///   - kl: KTO's reference point, nats; nil for every other loss.
  ///   - policyIsReference: what the policy computes is taken as the reference as well.
  func accumulate(
    _ plan: StepPlan, kl: Double?, policyIsReference: Bool
  ) throws -> (visits: [PromptVisit], means: VisitMeans) {
    var visits: [PromptVisit] = []
    var means = VisitMeans()
    gradients.values.zero()
    let (objective, wanted) = (plan.objective, plan.wanted)
    let weights = plan.selections.map(objective.weight(of:))
    let total = max(1, weights.reduce(0, +))
    try scorer.model.accumulate(
      wanted.map { scorer.group(try set.items[$0.prompt], responses: $0.responses) }, adapter: scorer.adapter,
      gradients: gradients
    ) { index, tokenLogProbs, sums in
      let selection = plan.selections[index]
      if policyIsReference {
        for (response, sum) in zip(wanted[index].responses, sums) { references[wanted[index].prompt, response] = sum }
      }
      let visit = Visit(
        prompt: wanted[index].prompt, selection: selection, rewards: set.rewards(wanted[index].prompt),
        logProbs: sums, references: references, lengths: tokenLogProbs.map(\.count), kl: kl ?? 0)
      let value = objective.evaluate(visit.group, selection: selection)
      visits.append(visit.record(loss: value.loss, beta: objective.beta))
      means.add(visit, loss: value.loss, beta: objective.beta, weight: weights[index])
      let share = weights[index] / total
      return value.gradient.map { $0 * share }
    }
    return (visits, means)
  }

  /// Tokens of a step's prompts and responses; a shared prompt counts once.
  func tokens(of plan: StepPlan) throws -> Int {
    try plan.wanted.reduce(0) { sum, want in
      let item = try set.items[want.prompt]
      return sum + item.prompt.count + want.responses.reduce(0) { $0 + item.responses[$1].count }
    }
  }

  /// The numbers of a step that is complete. A new metric gets its value here.
  func record(
    of plan: StepPlan, means: VisitMeans, visits: [PromptVisit], norm: Double, kl: Double?, seconds: Double
  ) -> StepRecord {
    let mean = means.means
    let hasGamma = plan.gamma != nil
    var record = StepRecord(
      step: plan.number, epoch: Double(plan.number) / Double(stepsPerEpoch), loss: mean.loss,
      learningRate: plan.learningRate, gradientNorm: norm, chosenReward: mean.chosenReward,
      rejectedReward: mean.rejectedReward, margin: mean.chosenReward - mean.rejectedReward, accuracy: mean.accuracy,
      chosenLogProb: mean.chosenLogProb, rejectedLogProb: mean.rejectedLogProb, gamma: plan.gamma,
      ess: hasGamma ? mean.ess : nil, saturatedShare: hasGamma ? mean.saturatedShare : nil, tokens: tokens,
      stepTime: seconds, beta: plan.objective.beta, visits: visits, kl: kl)
    for extra in settings.extraMetrics { record.values[extra.metric] = extra.value(record, plan.settings) }
    return record
  }
}
