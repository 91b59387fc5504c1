import Checkpoint
import Base
import Preference
import RunFile

// The run file's settings as the engine's own types.

extension RunFile.PreferenceSettings {
  /// Throws one sentence for a combination that has no meaning.
  public func objective() throws -> Objective {
    var options = options
    options.preferred = preferred
    // α also belongs to the R-DPO margin that every run reports; as an option it is for the losses that read it.
    for option in parameterization.loss.options {
      switch option.sharedKey {
      case .alpha: options[option] = alpha
      case nil: break
      }
    }
    return try Objective(
      model: model, parameterization: parameterization, estimator: model == .hps ? estimator : nil, beta: beta,
      options: options, registry: losses)
  }

  /// The losses that `alpha` sets an option of.
  var readersOfAlpha: [Parameterization] {
    losses.options.filter { $0.sharedKey == .alpha }.flatMap(\.readers)
  }
}

extension RunFile {
  /// The objective that the whole file trains.
  ///
  /// Throws one sentence for a combination that has no meaning.
  public func objective() throws -> Objective {
    let objective = try preference.objective()
    if objective.needsKL, training.promptsPerStep < 2 {
      throw TrainingError.setting(
        "training.prompts_per_step: \(objective.parameterization) compares each prompt with the answers to another one "
          + "of its step, so it needs at least 2")
    }
    let standard = PreferenceSettings().alpha
    let readers = preference.readersOfAlpha
    if preference.alpha != standard, !readers.contains(objective.parameterization), data.evaluation == .none {
      let names = readers.map(\.rawValue).joined(separator: ", ")
      throw TrainingError.setting(
        "preference.alpha: is read by \(names) and by the R-DPO margin of evaluations alone, and nothing is held out; "
          + "give data.eval or data.eval_fraction, or leave it out")
    }
    return objective
  }

  /// What a person should know before the run, one sentence each; none keeps it from running.
  public func advice(_ objective: Objective) -> [String] {
    unreadKeys(objective)
      + (ThreadCount.warning(training.threads, name: "training.threads").map { [$0] } ?? [])
  }

  /// Keys with a value of their own that this run does not read, one sentence each. Those that would mislead are refused
  /// instead; these stay so that one `--set` can change the preference model.
  public func unreadKeys(_ objective: Objective) -> [String] {
    var result: [String] = []
    let standard = PreferenceSettings()
    if objective.model != .hps {
      let why = "preference.model \(objective.model.rawValue) draws no negatives"
      if preference.gamma != standard.gamma { result.append("preference.gamma is not read: \(why)") }
      if preference.estimator != standard.estimator { result.append("preference.estimator is not read: \(why)") }
    }
    if preference.rewardScale != standard.rewardScale, !objective.readsRewardValues {
      result.append(
        "preference.reward_scale is not read: the scale of the annotated rewards does not change \(objective.name)")
    }
    if data.evaluation == .none, training.evalSteps != TrainingSettings().evalSteps {
      result.append("training.eval_steps is not read: nothing is held out")
    }
    return result
  }
}
