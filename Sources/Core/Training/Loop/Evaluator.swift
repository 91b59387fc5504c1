import Control
import Dispatch
import Evaluation
import Preference
import Text

/// A run's evaluations: held-out loss, margins and generations of the present policy, as the run's events. Reads nothing
/// of the training loop but what it is handed, so an evaluation never changes a run.
final class Evaluator {
  private let set: TrainingSet
  private let answers: AnswerSampler
  private let options: EvaluationOptions
  private var preferences: PreferenceMeasure
  private var referenceAnswers: [Int: String] = [:]

  init(
    set: TrainingSet, scorer: GroupScorer, text: any TextEncoding, stopTokens: [Int32], seed: UInt64,
    options: EvaluationOptions
  ) {
    self.set = set
    self.options = options
    answers = AnswerSampler(
      scorer: scorer, text: text, stopTokens: stopTokens, seed: seed, maxNewTokens: options.maxNewTokens)
    preferences = PreferenceMeasure(
      scorer: scorer, seed: seed, lengthWeight: options.lengthWeight, maxLength: options.maxLength)
  }

  func run(
    step: Int, epoch: Double, objective: Objective, gamma: Double?, publish: @Sendable (RunEvent) -> Void
  ) throws {
    publish(.evaluation(try measure(step: step, epoch: epoch, objective: objective, gamma: gamma)))
    for index in 0..<min(options.generations, set.count) { publish(.generation(try answer(index, step: step))) }
    if let grader = options.grader { publish(.answerShares(try shares(grader, step: step, of: .policy))) }
  }

  /// The untrained model's shares, for a "before"; the adapter is off, so it may be measured at any time.
  func referenceShares() throws -> AnswerShares? {
    try options.grader.map { try shares($0, step: 0, of: .reference) }
  }

  private func measure(step: Int, epoch: Double, objective: Objective, gamma: Double?) throws -> EvaluationRecord {
    let begin = DispatchTime.now().uptimeNanoseconds
    let result = try preferences.measure(set, objective: objective, gamma: gamma)
    let (means, diagnostics) = (result.visits, result.diagnostics)
    let m = means.means
    return EvaluationRecord(
      step: step, epoch: epoch, loss: m.loss, chosenReward: m.chosenReward, rejectedReward: m.rejectedReward,
      margin: m.chosenReward - m.rejectedReward, accuracy: m.accuracy, chosenLogProb: m.chosenLogProb,
      rejectedLogProb: m.rejectedLogProb, hardestMargin: diagnostics.margins.hardest,
      meanMargin: diagnostics.margins.mean, prompts: means.count,
      runtime: Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9,
      diagnostics: diagnostics.result(policyKL: try policyKL(), kl: result.kl))
  }

  private func policyKL() throws -> Double? {
    guard options.divergenceSamples > 0, options.divergencePrompts > 0 else { return nil }
    return try answers.policyKL(set, prompts: options.divergencePrompts, samples: options.divergenceSamples)
  }

  private func answer(_ index: Int, step: Int) throws -> GenerationRecord {
    let prompt = set.catalogue.prompt(index).text
    let ids = try set.items[index].prompt
    let policy = try answers.greedy(ids, index: index, of: .policy)
    let reference: String
    if let known = referenceAnswers[index] {
      reference = known
    } else {
      reference = try answers.greedy(ids, index: index, of: .reference)
      referenceAnswers[index] = reference
    }
    let grader = options.grader
    return GenerationRecord(
      step: step, prompt: prompt, policy: policy, reference: reference,
      policyGrade: grader?.kind(prompt: prompt, answer: policy),
      referenceGrade: grader?.kind(prompt: prompt, answer: reference), temperature: 0)
  }

  private func shares(_ grader: any AnswerGrader, step: Int, of author: AnswerSampler.Author) throws -> AnswerShares {
    var graded = GradedAnswers(grader)
    for index in set.items.indices where graded.sampled < options.gradedSamples {
      let drawn = try answers.sample(
        try set.items[index].prompt, count: min(options.samplesPerPrompt, options.gradedSamples - graded.sampled),
        temperature: options.gradedTemperature, index: index, of: author)
      graded.add(drawn, to: set.catalogue.prompt(index).text)
    }
    return graded.shares(step: step, temperature: options.gradedTemperature)
  }
}
