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
  let recorder: (any RunRecorder)?
  let mailbox: CommandMailbox
  let publish: @Sendable (RunEvent) -> Void

  /// What commands have made of the run, its settings included.
  var control: ControlState
  private let initialObjective: Objective
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

  private(set) var stepUnderWay = false
  /// While the disk refuses.
  var isBlocked = false
  /// A branch begins with a checkpoint of its own.
  private var savesFirst = false

  init(
    settings: LoopSettings, set: TrainingSet, scorer: GroupScorer, objective: Objective, gamma: GammaControl,
    store: CheckpointStore?, evaluator: Evaluator?, recorder: (any RunRecorder)? = nil, mailbox: CommandMailbox,
    publish: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.settings = settings
    self.set = set
    self.scorer = scorer
    initialObjective = objective
    control = ControlState(
      settings: LiveSettings(
        gamma: GammaSetting(gamma, objective: objective),
        held: [
          HeldSetting(.learningRate, value: settings.learningRate.base), HeldSetting(.beta, value: objective.beta),
        ] + settings.extraSettings.map { HeldSetting($0.setting, value: $0.value) }))
    self.store = store
    self.evaluator = evaluator
    self.recorder = recorder
    self.mailbox = mailbox
    self.publish = publish
    gradients = LoRAGradients(like: scorer.adapter)
    optimizer = Optimizer(
      count: scorer.adapter.parameters.count, weightDecay: settings.weightDecay,
      maxGradientNorm: settings.maxGradientNorm,
      faster: settings.loraPlusRatio == 1 ? nil : (scorer.adapter.layout.ups, settings.loraPlusRatio))
  }

  // MARK: Settings in force

  /// The objective, with the present β.
  var objective: Objective {
    var objective = initialObjective
    objective.beta = control.settings.value(.beta)
    return objective
  }

  var gamma: GammaControl { control.settings.gamma.control }

  /// The schedule, with the present peak.
  var learningRate: LearningRateSchedule {
    var schedule = settings.learningRate
    schedule.base = control.settings.value(.learningRate)
    return schedule
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
      failPendingCommands(error)
      throw error
    }
  }

  private func train() throws -> RunSummary {
    if objective.usesGamma { publish(.gammaPlan(gamma.plan())) }
    publish(.stateChanged(.running))
    if savesFirst { try save() }

    while step < settings.totalSteps {
      try waitForTurn()
      if control.stopRequest != nil { break }
      try control.makeChanges(before: step + 1)
      let record = try runStep()
      try control.makeChanges(during: step)
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
    if control.stopRequest == nil { try evaluate() }
    if step > 0 { try save() }
    try answerPendingCommands()
    try waitForRecord()
    settleCheckpoints()
    return RunSummary(
      steps: step, trainRuntime: totals.seconds, trainLoss: totals.loss / Double(max(1, step)),
      pairsPerSecond: totals.seconds > 0 ? Double(totals.visits) / totals.seconds : 0,
      checkpointPath: lastCheckpoint?.path,
      reason: control.stopRequest.map { $0.origin == .signal ? .interrupted : .stopped } ?? .completed)
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
    let (epoch, prompts) = nextBatch()
    let plan = plan(step: step + 1, epoch: epoch, prompts: prompts)
    // Before its first update an adapter with B = 0 adds exactly nothing: what the policy computes is the reference.
    let policyIsReference = step == 0 && !settings.liveReference && scorer.adapter.addsNothing
    if !policyIsReference {
      try scorer.fillReference(&references, set: set, wanted: plan.wanted, again: settings.liveReference)
      takeOfferedReferences()
    }
    let kl =
      plan.objective.needsKL
      ? try scorer.klEstimate(set: set, wanted: plan.wanted, maxLength: settings.maxLength) : nil
    let (visits, means) = try accumulate(plan, kl: kl, policyIsReference: policyIsReference)
    if policyIsReference { takeOfferedReferences() }

    let norm = scorer.model.device.norm(gradients.values)
    // Nothing finite to learn from, or nothing at all: AdamW would still move by its momentum.
    if norm.isFinite, means.means.loss.isFinite, !plan.wanted.isEmpty {
      optimizer.update(
        scorer.adapter.parameters, gradients: gradients.values, norm: norm, learningRate: plan.learningRate,
        device: scorer.model.device)
    }
    step = plan.number
    tokens += try tokens(of: plan)
    return record(
      of: plan, means: means, visits: visits, norm: norm, kl: kl,
      seconds: Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9)
  }

  // MARK: Between steps

  private func evaluate() throws {
    guard let evaluator else { return }
    let currentGamma = objective.usesGamma ? gamma.value(step: max(1, step)) : nil
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
      try control.restore(state, totalSteps: settings.totalSteps, keeping: point.branch?.fresh ?? [])
      if point.branch == nil {
        best = state.best
        lastCheckpoint = checkpoint.saved
      } else {
        savesFirst = true
      }
    }
    for reference in point.references { references[reference.prompt, reference.response] = reference.logProb }
    try control.reapply(point.changes, after: step)
  }
}
