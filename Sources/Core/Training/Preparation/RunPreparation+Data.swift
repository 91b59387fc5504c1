import Base
import Control
import Preference
import PreferenceData
import RunFile

/// The data of a run that is about to begin.
extension RunPreparation {
  func prepareData(_ model: PreparedModel) throws -> PreparedData {
    let (training, heldOut) = try read(model)
    var settings = loopSettings(prompts: training.count)
    settings.orderSeed = plan.orderSeed ?? settings.seed
    return PreparedData(
      training: training, heldOut: heldOut, settings: settings,
      gamma: try GammaControl(schedule: file.preference.gamma, totalSteps: settings.totalSteps))
  }

  /// The prompts that the run trains on and those that it holds out, tokenized.
  private func read(
    _ model: PreparedModel
  ) throws -> (training: PreferenceReader.Encoded, heldOut: PreferenceReader.Encoded?) {
    let reader = PreferenceReader(
      data: file.data, text: model.text, vocabulary: model.checkpoint.configuration.vocabularySize, model: file.model,
      keepsUnpaired: model.objective.judgesAlone)
    func read(_ paths: [String], _ use: DataPaths.Use) throws -> PreferenceReader.Encoded {
      try reader.read(paths, for: use) { publish(.loading(LoadingProgress(what: $0, fraction: $1))) }
    }
    var training = try read(file.data.train, .training)
    model.warnings.forEach(warn)
    for line in training.report.lines() { publish(.log(LogLine(level: .info, text: line))) }
    var heldOut: PreferenceReader.Encoded?
    switch file.data.evaluation {
    case .none: break
    case .files(let paths): heldOut = try read(paths, .evaluation)
    case .fraction(let share): (training, heldOut) = training.split(share, seed: plan.orderSeed ?? file.training.seed)
    }
    guard !training.indices.isEmpty else {
      if case .fraction(let share) = file.data.evaluation, let heldOut, heldOut.count > 0 {
        throw TrainingError.setting(
          "data.eval_fraction: \(share) holds out all \(heldOut.count) prompts, so none is left to train on")
      }
      throw TrainingError.nothingToTrainOn(file.data.train.joined(separator: ", "))
    }
    try keepUsable(&training, objective: model.objective)
    return (training, heldOut.flatMap { $0.indices.isEmpty ? nil : $0 })
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
    warn(
      "\(left) prompts are left out: with preference.preferred \(file.preference.preferred) they have no dispreferred "
        + "response\(cure)")
    guard !usable.isEmpty else {
      throw TrainingError.nothingDispreferred(
        file.data.train.joined(separator: ", "), preferred: file.preference.preferred, cure: cure)
    }
    data.indices = usable
  }

  private func loopSettings(prompts: Int) -> LoopSettings {
    let training = file.training
    let perEpoch = LoopSettings.stepsPerEpoch(prompts: prompts, promptsPerStep: training.promptsPerStep)
    let total: Int
    switch training.duration {
    case .epochs(let epochs): total = max(1, Int((epochs * Double(perEpoch)).rounded(.up)))
    case .steps(let steps): total = steps
    }
    var settings = LoopSettings(
      promptsPerStep: training.promptsPerStep, totalSteps: total,
      learningRate: LearningRateSchedule(
        kind: training.scheduler, base: training.learningRate, totalSteps: total,
        warmupRatio: training.warmupRatio),
      weightDecay: training.weightDecay, maxGradientNorm: training.maxGradNorm, seed: training.seed,
      evaluationSteps: training.evalSteps ?? 0, saveSteps: training.saveSteps ?? 0, liveReference: plan.liveReference,
      savedCheckpoints: training.saveTotalLimit, bestMetric: training.metricForBestModel)
    settings.loraPlusRatio = file.adapter.loraPlusRatio
    return settings
  }
}
