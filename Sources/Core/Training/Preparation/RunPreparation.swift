import Base
import Checkpoint
import Control
import Evaluation
import Foundation
import Model
import DeviceCPU
import Preference
import PreferenceData
import RunFile
import Text

/// From a run plan to a loop that is ready to train: model mapped, data read and tokenised, adapter made, memory planned.
/// Says what it is doing through `RunEvent.loading`.
struct RunPreparation {
  let plan: RunPlan
  let mailbox: CommandMailbox
  let publish: @Sendable (RunEvent) -> Void

  var file: RunFile { plan.runFile }

  func loop() throws -> TrainingLoop {
    publish(.stateChanged(.loading))
    let objective = try file.objective()
    try checkSession()

    publish(.loading(LoadingProgress(what: "mapping \(file.model)")))
    let checkpoint = try CheckpointFolder(path: file.model)
    // Every byte of the weights: it takes as long as all the rest, which uses one core.
    let folder = plan.sessionPath.map { path in (path: path, hash: Ahead { try checkpoint.contentHash() }) }
    let text = try TextFolder(path: file.model)
    try checkLengths(checkpoint.configuration)

    let (training, heldOut) = try trainingSets(
      readData(text: text, configuration: checkpoint.configuration, objective: objective))
    let threads = file.training.threads ?? Machine.cores
    let runtime = CPUDevice(threads: threads, precision: file.training.precision)
    publish(.loading(LoadingProgress(what: "preparing the model")))
    let model = try LanguageModel(checkpoint: checkpoint, device: runtime)
    for set in [training] + (heldOut.map { [$0] } ?? []) {
      try PreferenceReader.check(longest: set.longestSequence, limit: model.longestSequence)
    }
    let earlier = try plan.resume?.checkpoint.map { try CheckpointStore.load($0, model: checkpoint.configuration) }
    plan.resume?.reading?.release()
    let adapter = try makeAdapter(checkpoint.configuration, from: earlier)
    _ = try fitMemory(
      model: model, adapter: adapter.configuration, mismatches: objective.needsKL,
      sets: [training] + (heldOut.map { [$0] } ?? []))

    if let branch = plan.resume?.branch, branch.step >= loopSettings(prompts: training.count).totalSteps {
      throw TrainingError.setting(
        "\(branch.session): the checkpoint of step \(branch.step) is the last step of the run; --set "
          + "training.max_steps=\(2 * branch.step) trains on")
    }

    // Made last: a run that could not begin leaves no folder behind that the next try would find taken.
    var offered: [ResumePoint.Reference] = []
    let session = try folder.map { path, hash in
      publish(.loading(LoadingProgress(what: "hashing model and data")))
      let facts = try facts(of: training, modelHash: hash.get(), runtime: runtime)
      if !plan.liveReference { offered = plan.journal?.knownReferences(facts) ?? [] }
      return try prepareSession(path, facts: facts)
    }
    let scorer = GroupScorer(model: model, adapter: adapter)
    var settings = loopSettings(prompts: training.count)
    settings.orderSeed = plan.orderSeed ?? settings.seed
    settings.maxLength = min(file.data.maxLength, model.longestSequence)
    var evaluation = plan.evaluation
    evaluation.lengthWeight = file.preference.alpha
    evaluation.maxLength = settings.maxLength
    let evaluator = heldOut.map {
      Evaluator(
        set: $0, scorer: scorer, text: text,
        stopTokens: checkpoint.configuration.stopTokens(with: text),
        seed: settings.seed, options: evaluation)
    }
    let loop = TrainingLoop(
      settings: settings, set: training, scorer: scorer, objective: objective,
      gamma: try GammaControl(schedule: file.preference.gamma, totalSteps: settings.totalSteps),
      store: session.map {
        CheckpointStore(session: $0, baseModelName: file.model, model: checkpoint.configuration)
      }, evaluator: evaluator, journal: plan.journal, mailbox: mailbox, publish: publish)
    if let resume = plan.resume { try loop.resume(resume, from: earlier) }
    loop.offeredReferences = offered
    loop.findDamage = { [initial = file.adapter.initFrom] in
      let found = checkpoint.whyNotFinite(adapter: initial)
      if case .overflow = found { return nil }
      return found
    }
    publish(
      .started(
        RunDescription(
          name: plan.name, modelName: URL(fileURLWithPath: file.model).lastPathComponent,
          method: objective.name,
          estimator: objective.estimator?.rawValue,
          totalSteps: settings.totalSteps, stepsPerEpoch: Double(loop.stepsPerEpoch),
          promptsPerStep: settings.promptsPerStep, learningRate: settings.learningRate.base, beta: objective.beta,
          precision: file.training.precision.rawValue, threads: threads, trainableParameters: adapter.parameters.count,
          sessionPath: plan.sessionPath, catalogue: training.catalogue, preferred: file.preference.preferred,
          notice: plan.notice, parent: plan.resume?.branch.map { ParentRun(session: $0.session, step: $0.step) })))
    return loop
  }

  // MARK: Data

  /// The prompts that the run trains on and those that it holds out, tokenised.
  func readData(
    text: TextFolder, configuration: ModelConfiguration, objective: Objective
  ) throws -> (training: PreferenceReader.Encoded, heldOut: PreferenceReader.Encoded?) {
    let reader = PreferenceReader(
      data: file.data, text: text, vocabulary: configuration.vocabularySize, model: file.model,
      keepsUnpaired: objective.judgesAlone)
    var training = try reader.read(file.data.train) { what, fraction in
      publish(.loading(LoadingProgress(what: what, fraction: fraction)))
    }
    for line in file.advice(objective) { publish(.log(LogLine(level: .warning, text: line))) }
    for line in training.report.lines() { publish(.log(LogLine(level: .info, text: line))) }
    var heldOut: PreferenceReader.Encoded?
    switch file.data.evaluation {
    case .none: break
    case .files(let paths):
      heldOut = try reader.read(paths) { what, fraction in
        publish(.loading(LoadingProgress(what: what, fraction: fraction)))
      }
    case .fraction(let share): (training, heldOut) = training.split(share, seed: plan.orderSeed ?? file.training.seed)
    }
    guard !training.indices.isEmpty else {
      if case .fraction(let share) = file.data.evaluation, let heldOut, heldOut.count > 0 {
        throw TrainingError.setting(
          "data.eval_fraction: \(share) holds out all \(heldOut.count) prompts, so none is left to train on")
      }
      throw TrainingError.nothingToTrainOn(file.data.train.joined(separator: ", "))
    }
    try keepUsable(&training, objective: objective)
    return (training, heldOut.flatMap { $0.indices.isEmpty ? nil : $0 })
  }

  private func trainingSets(
    _ data: (training: PreferenceReader.Encoded, heldOut: PreferenceReader.Encoded?)
  ) -> (training: TrainingSet, heldOut: TrainingSet?) {
    let scale = file.preference.rewardScale
    let reference = scale == .datasetZscore && data.heldOut != nil ? data.training.rewards : nil
    return (
      TrainingSet(data.training, rewardScale: scale),
      data.heldOut.map { TrainingSet($0, rewardScale: scale, reference: reference) }
    )
  }

  /// With several preferred responses a prompt may have nothing left to prefer them over; such prompts are counted and
  /// left out.
  private func keepUsable(_ data: inout PreferenceReader.Encoded, objective: Objective) throws {
    let store = data.store
    let usable = data.indices.filter { index in
      var stream = RandomStream(seed: file.training.seed, purpose: .negativeSampling)
      return objective.select(
        rewards: store.rewards(index), gamma: objective.usesGamma ? 0 : nil, stream: &stream) != nil
    }
    let left = data.indices.count - usable.count
    guard left > 0 else { return }
    let cure = objective.judgesAlone ? " (preference.model pl would judge each of their responses on its own)" : ""
    publish(
      .log(
        LogLine(
          level: .warning,
          text: "\(left) prompts are left out: with preference.preferred \(file.preference.preferred) they have no "
            + "dispreferred response\(cure)")))
    guard !usable.isEmpty else {
      throw TrainingError.nothingDispreferred(
        file.data.train.joined(separator: ", "), preferred: file.preference.preferred, cure: cure)
    }
    data.indices = usable
  }

  func checkLengths(_ configuration: ModelConfiguration) throws {
    if let window = configuration.slidingWindow, window < file.data.maxLength {
      throw TrainingError.slidingWindow(window: window, maxLength: file.data.maxLength)
    }
  }

  // MARK: Model

  func makeAdapter(
    _ configuration: ModelConfiguration, from earlier: CheckpointStore.Contents?
  ) throws -> LoRAAdapter {
    if let earlier { return try LoRAAdapter(folder: earlier.adapter, model: configuration) }
    if let folder = file.adapter.initFrom {
      let initial = try AdapterFolder.read(path: folder, model: configuration)
      try file.adapter.check(against: initial.configuration)
      if initial.configuration.dropout > 0 {
        publish(
          .log(
            LogLine(
              level: .warning,
              text: "\(folder) was trained with lora_dropout \(initial.configuration.dropout); none is applied here")))
      }
      return try LoRAAdapter(folder: initial, model: configuration)
    }
    return try LoRAAdapter(configuration: file.adapter.lora, model: configuration, seed: file.training.seed)
  }

  /// Refuses a run that cannot fit, with the number, before anything large is allocated.
  func fitMemory(
    model: LanguageModel, adapter: LoRAConfiguration, mismatches: Bool, sets: [some SequenceLengths]
  ) throws -> MemoryPlan {
    // KTO puts one prompt before the responses of another.
    let longest =
      mismatches
      ? (sets.map(\.longestPrompt).max() ?? 0) + (sets.map(\.longestResponses).max() ?? 0)
      : sets.map(\.longestGroup).max() ?? 0
    let available = Machine.availableMemory
    let plan = model.fitMemory(
      available: available, tokens: max(model.tokenBudget, longest), longestGroup: longest,
      adapter: adapter)
    publish(.log(LogLine(level: .info, text: "memory plan\n\(plan)")))
    if let available, plan.totalBytes > available {
      throw TrainingError.doesNotFit(needed: plan.totalBytes, available: available)
    }
    return plan
  }

  func loopSettings(prompts: Int) -> LoopSettings {
    let training = file.training
    let perEpoch = LoopSettings.stepsPerEpoch(prompts: prompts, promptsPerStep: training.promptsPerStep)
    let total: Int
    switch training.duration {
    case .epochs(let epochs): total = max(1, Int((epochs * Double(perEpoch)).rounded(.up)))
    case .steps(let steps): total = steps
    }
    return LoopSettings(
      promptsPerStep: training.promptsPerStep, totalSteps: total,
      learningRate: LearningRateSchedule(
        kind: training.scheduler, base: training.learningRate, totalSteps: total,
        warmupRatio: training.warmupRatio),
      weightDecay: training.weightDecay, maxGradientNorm: training.maxGradNorm, seed: training.seed,
      evaluationSteps: training.evalSteps ?? 0, saveSteps: training.saveSteps ?? 0, liveReference: plan.liveReference,
      savedCheckpoints: training.saveTotalLimit, bestMetric: training.metricForBestModel)
  }
}
