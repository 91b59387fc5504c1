import Checkpoint
import Control
import Evaluation
import Foundation
import Model
import Preference
import RunFile

/// From a run that can begin to a loop that trains: the adapter's parameters are made, and the session folder is taken.
extension PreparedRun {
  /// - Parameters:
  ///   - modelHash: `CheckpointFolder.contentHash()`, worked out meanwhile; nil where nothing is kept.
  ///   - mailbox: where the run's commands come from.
  /// - Throws: one sentence, for a session folder that cannot be taken and for a resume or a branch with other numbers.
  func start(
    modelHash: Ahead<String>?, mailbox: CommandMailbox, publish: @escaping @Sendable (RunEvent) -> Void
  ) throws -> TrainingLoop {
    let file = plan.runFile
    let (training, heldOut) = trainingSets()
    let policy = try adapter.make(model: model.checkpoint.configuration, seed: file.training.seed)
    // Taken last: a run that could not begin leaves no folder behind that the next try would find taken.
    var offered: [ResumePoint.Reference] = []
    let claim = SessionClaim(plan: plan, publish: publish)
    let session = try plan.sessionPath.map { path in
      publish(.loading(LoadingProgress(what: "hashing model and data")))
      let facts = try claim.facts(
        of: training, modelHash: file.modelKey(modelHash?.get() ?? model.checkpoint.contentHash()),
        device: language.device, threads: threads)
      if !plan.liveReference { offered = plan.recorder?.knownReferences(facts) ?? [] }
      return try claim.take(path, facts: facts)
    }
    let scorer = GroupScorer(model: language, adapter: policy)
    let loop = TrainingLoop(
      settings: settings, set: training, scorer: scorer, objective: model.objective, gamma: data.gamma,
      store: session.map {
        CheckpointStore(session: $0, baseModelName: file.model, model: model.checkpoint.configuration)
      }, evaluator: heldOut.map { evaluator($0, scorer) }, recorder: plan.recorder, mailbox: mailbox, publish: publish)
    if let resume = plan.resume { try loop.resume(resume, from: adapter.earlier) }
    loop.offeredReferences = offered
    loop.findDamage = { [checkpoint = model.checkpoint, initial = file.adapter.initFrom] in
      let found = checkpoint.whyNotFinite(adapter: initial)
      if case .overflow = found { return nil }
      return found
    }
    publish(
      .started(
        description(
          catalogue: training.catalogue, stepsPerEpoch: loop.stepsPerEpoch, parameters: policy.parameters.count)))
    return loop
  }

  private func trainingSets() -> (training: TrainingSet, heldOut: TrainingSet?) {
    let scale = plan.runFile.preference.rewardScale
    let reference = scale == .datasetZscore && data.heldOut != nil ? data.training.rewards : nil
    return (
      TrainingSet(data.training, rewardScale: scale),
      data.heldOut.map { TrainingSet($0, rewardScale: scale, reference: reference) }
    )
  }

  private func evaluator(_ heldOut: TrainingSet, _ scorer: GroupScorer) -> Evaluator {
    var options = plan.evaluation
    options.lengthWeight = plan.runFile.preference.alpha
    options.maxLength = settings.maxLength
    return Evaluator(
      set: heldOut, scorer: scorer, text: model.text,
      stopTokens: model.checkpoint.configuration.stopTokens(with: model.text), seed: settings.seed, options: options)
  }

  private func description(catalogue: DataCatalogue, stepsPerEpoch: Int, parameters: Int) -> RunDescription {
    let file = plan.runFile
    let objective = model.objective
    return RunDescription(
      name: plan.name, modelName: URL(fileURLWithPath: file.model).lastPathComponent, method: objective.name,
      estimator: objective.estimator?.rawValue, totalSteps: settings.totalSteps, stepsPerEpoch: Double(stepsPerEpoch),
      promptsPerStep: settings.promptsPerStep, learningRate: settings.learningRate.base, beta: objective.beta,
      precision: file.training.precision.rawValue, threads: threads, trainableParameters: parameters,
      sessionPath: plan.sessionPath, catalogue: catalogue, preferred: file.preference.preferred, notice: plan.notice,
      grader: plan.evaluation.grader?.key,
      parent: plan.resume?.branch.map { ParentRun(session: $0.session, step: $0.step) })
  }
}

extension TrainingLoop {
  /// A plan's loop, ready to train.
  /// - Throws: what `RunPreparation.prepare` and `PreparedRun.start` throw.
  static func prepared(
    _ plan: RunPlan, mailbox: CommandMailbox, publish: @escaping @Sendable (RunEvent) -> Void
  ) throws -> TrainingLoop {
    publish(.stateChanged(.loading))
    // Every byte of the weights: it takes as long as all the rest, which uses one core.
    var hash: Ahead<String>?
    let run = try RunPreparation(plan, publish: publish).prepare { stage in
      guard case .model(let model) = stage, plan.sessionPath != nil else { return }
      hash = Ahead { [checkpoint = model.checkpoint] in try checkpoint.contentHash() }
    }
    return try run.start(modelHash: hash, mailbox: mailbox, publish: publish)
  }
}
