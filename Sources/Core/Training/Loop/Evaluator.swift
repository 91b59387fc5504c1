import Base
import Control
import Dispatch
import Model
import Preference
import PreferenceData
import Text

/// Grades answers to prompts whose truth is known (the demo world).
public protocol AnswerGrader: Sendable {
  /// The kinds in order, best first; `grade` returns an index into them.
  var kinds: [String] { get }
  func grade(prompt: String, answer: String) -> Int
}

/// What an evaluation does beside the held-out loss and margins.
public struct EvaluationOptions: Sendable {
  /// Held-out prompts answered greedily by policy and reference at every evaluation.
  public var generations = 2
  public var maxNewTokens = 128
  public var grader: (any AnswerGrader)?
  /// Answers sampled and graded at every evaluation where there is a grader.
  public var gradedSamples = 200
  public var gradedTemperature = 0.9
  public var samplesPerPrompt = 5
  /// Held-out prompts answered at temperature 1 for the estimate of KL(policy ‖ reference), and answers to each; 0: none.
  public var divergencePrompts = 4
  public var divergenceSamples = 4
  /// α of RM_R-DPO, nats a token.
  public var lengthWeight = 0.05
  /// Tokens of prompt and response together (`LoopSettings.maxLength`).
  public var maxLength = Int.max

  public init() {}
}

/// Held-out loss, margins and generations of the present policy. Reads nothing of the training loop but what it is
/// handed, so an evaluation never changes a run.
final class Evaluator {
  private let set: TrainingSet
  private let scorer: GroupScorer
  private let text: any TextEncoding
  private let stopTokens: [Int32]
  private let seed: UInt64
  private let options: EvaluationOptions
  private var references = ReferenceCache()
  private var referenceAnswers: [Int: String] = [:]

  init(
    set: TrainingSet, scorer: GroupScorer, text: any TextEncoding, stopTokens: [Int32], seed: UInt64,
    options: EvaluationOptions
  ) {
    self.set = set
    self.scorer = scorer
    self.text = text
    self.stopTokens = stopTokens
    self.seed = seed
    self.options = options
  }

  func run(
    step: Int, epoch: Double, objective: Objective, gamma: Double?, publish: @Sendable (RunEvent) -> Void
  ) throws {
    publish(.evaluation(try measure(step: step, epoch: epoch, objective: objective, gamma: gamma)))
    for index in 0..<min(options.generations, set.count) { publish(.generation(try answer(index, step: step))) }
    if let grader = options.grader { publish(.answerShares(try shares(grader, step: step, adapter: scorer.adapter))) }
  }

  /// The untrained model's shares, for a "before"; the adapter is off, so it may be measured at any time.
  func referenceShares() throws -> AnswerShares? {
    try options.grader.map { try shares($0, step: 0, adapter: nil) }
  }

  // MARK: Held-out loss and margins

  private func measure(step: Int, epoch: Double, objective: Objective, gamma: Double?) throws -> EvaluationRecord {
    let begin = DispatchTime.now().uptimeNanoseconds
    let all = set.items.indices.map { (prompt: $0, responses: Array(0..<set.responseCount($0))) }
    let scored = try scorer.score(set: set, cache: &references, wanted: all)
    let selections = set.items.indices.map { prompt in
      // The same negatives at every evaluation with the same γ.
      var stream = RandomStream(seed: seed, purpose: .evaluation, index: prompt)
      return objective.select(rewards: set.rewards(prompt), gamma: gamma, stream: &stream)
    }
    let kl = try objective.needsKL ? klEstimate(selections) : nil
    var means = VisitMeans()
    var diagnostics = DiagnosticSums()
    for (prompt, responses) in scored.enumerated() {
      let rewards = set.rewards(prompt)
      let full = ScoredGroup(
        logProbs: responses.map(\.logProb), referenceLogProbs: responses.map(\.referenceLogProb),
        lengths: responses.map(\.tokens), rewards: rewards)
      diagnostics.add(full, beta: objective.beta, alpha: options.lengthWeight)
      guard let selection = selections[prompt] else { continue }
      let visit = Visit(
        prompt: prompt, selection: selection, rewards: rewards,
        logProbs: selection.responses.map { responses[$0].logProb }, references: references,
        lengths: selection.responses.map { responses[$0].tokens }, kl: kl ?? 0)
      let value = objective.evaluate(visit.group, selection: selection)
      means.add(visit, loss: value.loss, beta: objective.beta, weight: objective.weight(of: selection))
    }
    let m = means.means
    return EvaluationRecord(
      step: step, epoch: epoch, loss: m.loss, chosenReward: m.chosenReward, rejectedReward: m.rejectedReward,
      margin: m.chosenReward - m.rejectedReward, accuracy: m.accuracy, chosenLogProb: m.chosenLogProb,
      rejectedLogProb: m.rejectedLogProb, hardestMargin: diagnostics.margins.hardest,
      meanMargin: diagnostics.margins.mean, prompts: means.count,
      runtime: Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9,
      diagnostics: diagnostics.result(policyKL: try policyKL(), kl: kl))
  }

  private func klEstimate(_ selections: [Selection?]) throws -> Double {
    try scorer.klEstimate(
      set: set,
      wanted: selections.enumerated().compactMap { prompt, selection in
        selection.map { (prompt: prompt, responses: $0.responses) }
      }, maxLength: options.maxLength)
  }

  /// KL(policy ‖ reference) from the policy's own answers: the same streams at every evaluation, so that a change is the
  /// policy's.
  private func policyKL() throws -> Double? {
    guard options.divergenceSamples > 0, options.divergencePrompts > 0 else { return nil }
    let settings = SamplingSettings(
      temperature: 1, maxNewTokens: options.maxNewTokens, stopTokenIDs: stopTokens)
    var groups: [PromptGroup] = []
    for index in set.items.indices.prefix(options.divergencePrompts) {
      let prompt = try set.items[index].prompt
      let answers = try generate(
        prompt, count: options.divergenceSamples, settings: settings, seed: seed, index: index,
        adapter: scorer.adapter)
      groups.append(PromptGroup(prompt: prompt, responses: answers))
    }
    let policy = try scorer.model.score(groups, adapter: scorer.adapter).joined()
    let reference = try scorer.model.score(groups, adapter: nil).joined()
    return PolicyDiagnostics.kl(
      tokenLogRatios: zip(policy, reference).map { own, other in zip(own, other).map { Double($0) - Double($1) } })
  }

  /// Answers of a policy whose numbers are no longer finite are empty: the loop's next step ends the run with the reason.
  private func generate(
    _ prompt: [Int32], count: Int, settings: SamplingSettings, seed: UInt64, index: Int, adapter: LoRAAdapter?
  ) throws -> [[Int32]] {
    do {
      return try scorer.model.generate(
        prompt, count: count, settings: settings, seed: seed, index: index, adapter: adapter)
    } catch ModelError.notFinite {
      return Array(repeating: [], count: count)
    }
  }

  // MARK: Answers

  private func answer(_ index: Int, step: Int) throws -> GenerationRecord {
    let prompt = set.catalogue.prompt(index).text
    let policy = try greedy(index, adapter: scorer.adapter)
    let reference: String
    if let known = referenceAnswers[index] {
      reference = known
    } else {
      reference = try greedy(index, adapter: nil)
      referenceAnswers[index] = reference
    }
    let grader = options.grader
    return GenerationRecord(
      step: step, prompt: prompt, policy: policy, reference: reference,
      policyGrade: grader.map { $0.kinds[$0.grade(prompt: prompt, answer: policy)] },
      referenceGrade: grader.map { $0.kinds[$0.grade(prompt: prompt, answer: reference)] }, temperature: 0)
  }

  private func greedy(_ index: Int, adapter: LoRAAdapter?) throws -> String {
    let settings = SamplingSettings(
      maxNewTokens: options.maxNewTokens, stopTokenIDs: stopTokens, greedy: true)
    let ids = try generate(
      try set.items[index].prompt, count: 1, settings: settings, seed: seed, index: index, adapter: adapter)
    return text.decode(ids[0], skipSpecialTokens: true)
  }

  private func shares(_ grader: any AnswerGrader, step: Int, adapter: LoRAAdapter?) throws -> AnswerShares {
    let settings = SamplingSettings(
      temperature: options.gradedTemperature, maxNewTokens: options.maxNewTokens, stopTokenIDs: stopTokens)
    var counts = [Int](repeating: 0, count: grader.kinds.count)
    var sampled = 0
    for index in set.items.indices where sampled < options.gradedSamples {
      let wanted = min(options.samplesPerPrompt, options.gradedSamples - sampled)
      let answers = try generate(
        try set.items[index].prompt, count: wanted, settings: settings, seed: seed, index: index, adapter: adapter)
      for ids in answers {
        let answer = text.decode(ids, skipSpecialTokens: true)
        counts[grader.grade(prompt: set.catalogue.prompt(index).text, answer: answer)] += 1
      }
      sampled += wanted
    }
    return AnswerShares(
      step: step, samples: sampled, temperature: options.gradedTemperature,
      shares: zip(grader.kinds, counts).map { .init(kind: $0, fraction: Double($1) / Double(max(1, sampled))) })
  }
}
