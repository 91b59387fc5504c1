import Checkpoint
import Numerics
import Preference

// The run file's settings as the engine's own types.

extension RunFile.PreferenceSettings {
  /// Throws one sentence for a combination that has no meaning.
  public func objective() throws -> Objective {
    var options = options
    options.preferred = preferred
    // α also belongs to the R-DPO margin that every run reports; as an option it is for the R-DPO loss alone.
    if parameterization == .rdpo { options.lengthWeight = alpha }
    return try Objective(
      model: model, parameterization: parameterization, estimator: model == .hps ? estimator : nil, beta: beta,
      options: options)
  }
}

extension Objective {
  /// Refuses what the training loop cannot compute.
  public func checkTrainable() throws {
    if needsKL {
      throw TrainingError.setting(
        "preference.parameterization: kto needs a KL estimate over mismatched pairs of a batch, which training does "
          + "not compute yet; use another parameterization")
    }
  }
}

extension RunFile.AdapterSettings {
  public var lora: LoRAConfiguration {
    let targets: [LinearKind]
    switch targetModules {
    case .allLinear: targets = LinearKind.allCases
    case .modules(let modules): targets = modules
    }
    return LoRAConfiguration(rank: r, alpha: loraAlpha, targetModules: targets, useRSLoRA: useRSLoRA)
  }
}
