import Base
import Checkpoint
import Control
import Dispatch
import Evaluation
import Model
import Preference
import Synchronization

/// One run, step after step, on the training queue. Everything here belongs to that queue; the outside reaches it by
/// the mailbox and hears of it by `publish`.
final class TrainingLoop {
  let settings: LoopSettings
  let set: TrainingSet
  let scorer: GroupScorer
  let gradients: LoRAGradients
  let store: CheckpointStore?
  let evaluator: Evaluator?
  let journal: (any RunJournal)?
  let mailbox: CommandMailbox
  let publish: @Sendable (RunEvent) -> Void

  var objective: Objective
  var gamma: GammaControl
  var learningRate: LearningRateSchedule
  var optimizer: Optimizer
  var references = ReferenceCache()
  /// Reference log-probs of other runs, until a step has shown that this engine computes the same ones.
  var offeredReferences: [ResumePoint.Reference] = []
  /// Looks for a weight of the model that is not finite, which no setting of the run can mend. It reads the whole
  /// checkpoint, so it is asked only where a step's numbers are not finite.
  var findDamage: (() -> CheckpointError?)?
  /// References of inspected prompts. Kept apart, so that a look never changes which responses a step scores together.
  private var inspectedReferences = ReferenceCache()

  /// Optimizer steps complete.
  private(set) var step = 0
  private(set) var tokens = 0
  var lastCheckpoint: CheckpointStore.Saved?
  /// What of the session folder's checkpoints is this run's.
  var announced = AnnouncedCheckpoints()
  /// Announced, but not in the record yet.
  var unrecorded: [Int] = []
  /// Sums over all steps, for the summary.
  private(set) var totals = TrainerState.Totals()
  /// The best evaluation so far, by `settings.bestMetric`.
  private(set) var best: TrainerState.Best?
  private var order: (epoch: Int, prompts: [Int]) = (-1, [])

  // Run control, changed by commands only; see RunControl.swift.
  var pauseRequested = false
  var isPaused = false
  var stepsBeforePause: Int?
  var stopRequest: CommandRequest?
  var pendingCheckpoints: [CommandRequest] = []
  var pendingInspection: Int?
  private(set) var stepUnderWay = false
  /// While the disk refuses.
  var isBlocked = false
  /// Changes of rate and β that an earlier process obeyed after the checkpoint, waiting for their step.
  var pendingChanges: [RecordedChange] = []
  /// A branch begins with a checkpoint of its own.
  private var savesFirst = false

  init(
    settings: LoopSettings, set: TrainingSet, scorer: GroupScorer, objective: Objective, gamma: GammaControl,
    store: CheckpointStore?, evaluator: Evaluator?, journal: (any RunJournal)? = nil, mailbox: CommandMailbox,
    publish: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.settings = settings
    self.set = set
    self.scorer = scorer
    self.objective = objective
    self.gamma = gamma
    self.store = store
    self.evaluator = evaluator
    self.journal = journal
    self.mailbox = mailbox
    self.publish = publish
    learningRate = settings.learningRate
    gradients = LoRAGradients(like: scorer.adapter)
    optimizer = Optimizer(
      count: scorer.adapter.parameters.count, weightDecay: settings.weightDecay,
      maxGradientNorm: settings.maxGradientNorm)
  }

  var stepsPerEpoch: Int {
    LoopSettings.stepsPerEpoch(prompts: set.count, promptsPerStep: settings.promptsPerStep)
  }

  /// Runs to the end, a stop, or an error. A checkpoint is written in every case but an error.
  func run() throws -> RunSummary {
    scorer.model.betweenLayers = { [unowned self] in takeCommands() }
    defer { scorer.model.betweenLayers = nil }
    do {
      return try train()
    } catch {
      refuseTheRest(error)
      throw error
    }
  }

  private func train() throws -> RunSummary {
    if objective.usesGamma { publish(.gammaPlan(gamma.plan())) }
    publish(.stateChanged(.running))
    if savesFirst { try save() }

    while step < settings.totalSteps {
      try waitForTurn()
      if stopRequest != nil { break }
      takePendingChanges(before: step + 1)
      let record = try runStep()
      takePendingChanges(during: step)
      totals.add(record)
      publish(.step(record))
      guard record.loss.isFinite, record.gradientNorm.isFinite else {
        if let damage = findDamage?() { throw damage }
        throw TrainingError.notFinite(
          step: record.step, loss: record.loss, gradientNorm: record.gradientNorm, checkpoint: lastCheckpoint?.path)
      }
      // How the untrained model answers. The adapter is off for it, so it need not delay the first step.
      if step == 1, let shares = try evaluator?.referenceShares() { publish(.answerShares(shares)) }
      if settings.evaluationSteps > 0, step % settings.evaluationSteps == 0, step < settings.totalSteps {
        try evaluate()
      }
      if settings.saveSteps > 0, step % settings.saveSteps == 0, step < settings.totalSteps { try save() }
    }
    if stopRequest == nil { try evaluate() }
    if step > 0 { try save() }
    try answerTheRest()
    try untilTheRecordTakes()
    settleCheckpoints()
    return RunSummary(
      steps: step, trainRuntime: totals.seconds, trainLoss: totals.loss / Double(max(1, step)),
      pairsPerSecond: totals.seconds > 0 ? Double(totals.visits) / totals.seconds : 0,
      checkpointPath: lastCheckpoint?.path,
      reason: stopRequest.map { $0.origin == "signal" ? "interrupted" : "stopped" } ?? "completed")
  }

  // MARK: One step

  /// The prompts of the optimizer step after `step`, with their epoch.
  private func nextBatch() -> (epoch: Int, prompts: ArraySlice<Int>) {
    let epoch = step / stepsPerEpoch
    if order.epoch != epoch { order = (epoch, set.order(seed: settings.orderSeed, epoch: epoch)) }
    let begin = (step % stepsPerEpoch) * settings.promptsPerStep
    return (epoch, order.prompts[begin..<min(begin + settings.promptsPerStep, set.count)])
  }

  private func runStep() throws -> StepRecord {
    stepUnderWay = true
    defer { stepUnderWay = false }
    let begin = DispatchTime.now().uptimeNanoseconds
    // Settings are read once, here: a command that comes during the step is for the next one.
    let number = step + 1
    let objective = objective
    let rate = learningRate.value(step: number)
    let currentGamma = objective.model == .hps ? gamma.value(step: number) : nil
    let (epoch, prompts) = nextBatch()

    var selections: [Selection] = []
    var wanted: [(prompt: Int, responses: [Int])] = []
    for prompt in prompts {
      var stream = RandomStream(seed: settings.seed, purpose: .negativeSampling, epoch: epoch, index: prompt)
      // The data's encoder keeps prompts without a dispreferred candidate out, so a selection always exists.
      guard
        let selection = objective.select(
          rewards: set.rewards(prompt), gamma: currentGamma, stream: &stream)
      else { continue }
      selections.append(selection)
      wanted.append((prompt, selection.responses))
    }
    // Before its first update an adapter with B = 0 adds exactly nothing: what the policy computes is the reference.
    let policyIsReference = step == 0 && !settings.liveReference && scorer.adapter.addsNothing
    if !policyIsReference {
      try scorer.fillReference(&references, set: set, wanted: wanted, again: settings.liveReference)
      takeOfferedReferences()
    }
    let kl =
      objective.needsKL ? try scorer.klEstimate(set: set, wanted: wanted, maxLength: settings.maxLength) : nil

    var visits: [PromptVisit] = []
    var means = VisitMeans()
    gradients.values.zero()
    let weights = selections.map(objective.weight(of:))
    let total = max(1, weights.reduce(0, +))
    try scorer.model.accumulate(
      wanted.map { scorer.group(try set.items[$0.prompt], responses: $0.responses) }, adapter: scorer.adapter,
      gradients: gradients
    ) { index, tokenLogProbs, sums in
      let selection = selections[index]
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

    if policyIsReference { takeOfferedReferences() }

    let mean = means.means
    let norm = scorer.model.device.norm(gradients.values)
    // Nothing finite to learn from, or nothing at all: AdamW would still move by its momentum.
    if norm.isFinite, mean.loss.isFinite, !wanted.isEmpty {
      optimizer.update(
        scorer.adapter.parameters, gradients: gradients.values, norm: norm, learningRate: rate,
        device: scorer.model.device)
    }
    step = number
    tokens += try wanted.reduce(0) { sum, want in
      let item = try set.items[want.prompt]
      return sum + item.prompt.count + want.responses.reduce(0) { $0 + item.responses[$1].count }
    }

    return StepRecord(
      step: number, epoch: Double(number) / Double(stepsPerEpoch), loss: mean.loss, learningRate: rate,
      gradientNorm: norm, chosenReward: mean.chosenReward, rejectedReward: mean.rejectedReward,
      margin: mean.chosenReward - mean.rejectedReward, accuracy: mean.accuracy, chosenLogProb: mean.chosenLogProb,
      rejectedLogProb: mean.rejectedLogProb, gamma: currentGamma, ess: currentGamma == nil ? nil : mean.ess,
      saturatedShare: currentGamma == nil ? nil : mean.saturatedShare, tokens: tokens,
      stepTime: Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9, beta: objective.beta, visits: visits,
      kl: kl)
  }

  // MARK: Between steps

  private func evaluate() throws {
    guard let evaluator else { return }
    let currentGamma =
      objective.model == .hps
      ? gamma.value(step: max(1, step)) : nil
    let measured = Mutex<EvaluationRecord?>(nil)
    try evaluator.run(
      step: step, epoch: Double(step) / Double(stepsPerEpoch), objective: objective, gamma: currentGamma
    ) { [publish] event in
      if case .evaluation(let record) = event { measured.withLock { $0 = record } }
      publish(event)
    }
    guard let metric = settings.bestMetric, let value = measured.withLock({ $0 }).map(metric.value) else { return }
    if let best, !metric.isBetter(value, than: best.value) { return }
    guard value.isFinite else { return }
    best = TrainerState.Best(step: step, value: value)
    try save()
  }

  func inspect(_ prompt: Int) throws {
    guard set.items.indices.contains(prompt) else { return }
    let all = (prompt: prompt, responses: Array(0..<set.responseCount(prompt)))
    let scored = try scorer.score(set: set, cache: &inspectedReferences, wanted: [all])
    publish(.inspected(PromptInspection(prompt: prompt, step: step, scored: scored[0])))
  }

  // MARK: Going on from a checkpoint

  /// Puts the loop where `point` says an earlier process was. Call it before `run`; the adapter is the point's already.
  func resume(_ point: ResumePoint, from checkpoint: CheckpointStore.Contents?) throws {
    announced = point.announced
    if let checkpoint {
      let state = checkpoint.state
      try optimizer.restore(checkpoint.moments)
      step = state.step
      tokens = state.tokens
      totals = state.totals
      let fresh = point.branch?.fresh ?? []
      if !fresh.contains(.gamma) { gamma = try state.gamma.lasting(settings.totalSteps) }
      if !fresh.contains(.learningRate) { learningRate.base = state.learningRate }
      if !fresh.contains(.beta) { objective.beta = state.beta }
      if point.branch == nil {
        best = state.best
        lastCheckpoint = checkpoint.saved
      } else {
        savesFirst = true
      }
    }
    for reference in point.references { references[reference.prompt, reference.response] = reference.logProb }
    try obeyAgain(point.changes)
  }
}
