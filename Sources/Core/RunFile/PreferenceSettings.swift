import Preference

extension RunFile {
  /// `preference:`, the objective: which responses count (`model`), through which function of their log-probs
  /// (`parameterization`). Names are those of the Preference module, which also refuses options that a
  /// parameterization would not use.
  public struct PreferenceSettings: Sendable, Equatable {
    public var model = PreferenceModel.hps
    public var parameterization = Parameterization.dpo
    /// Scale β of the implicit reward s = β(l − l_ref).
    public var beta = 0.1
    /// How HPS uses the dispreferred responses; the other models do not read it.
    public var estimator = Estimator.sample
    /// The hardness plan of HPS; the other models do not read it.
    public var gamma = GammaSettings.standard
    public var rewardScale = RewardScale.none
    /// How many of the best responses count as valid (HPS, Appendix E).
    public var preferred = 1
    /// Length coefficient α, nats a token, of the R-DPO loss and of the R-DPO reward margin.
    public var alpha = 0.05
    /// What only some parameterizations read; nil is the parameterization's own default. `preferred` and `lengthWeight`
    /// are filled in from the keys above.
    public var options = ObjectiveOptions()

    public init() {}
  }
}

extension RunFile.PreferenceSettings {
  init(_ section: ConfigSection) throws {
    model = try section.choice("model", default: model)
    parameterization = try section.choice("parameterization", default: parameterization)
    beta = try section.number("beta", default: beta, "a number above 0") { $0 > 0 }
    estimator = try section.choice("estimator", default: estimator)
    gamma = try RunFile.GammaSettings(section["gamma"], path: section.path + ["gamma"], origin: section.origin)
    rewardScale = try section.choice("reward_scale", default: rewardScale)
    preferred = try section.integer("preferred", default: preferred, in: 1...1000)
    alpha = try section.number("alpha", default: alpha)
    options = try ObjectiveOptions(section)
  }

  func write(to writer: inout ConfigWriter) {
    writer.section("preference") { writer in
      writer.value("model", model.rawValue)
      writer.value("parameterization", parameterization.rawValue)
      writer.value("beta", beta)
      writer.value("estimator", estimator.rawValue)
      gamma.write(to: &writer)
      writer.value("reward_scale", rewardScale.rawValue)
      writer.value("preferred", preferred)
      writer.value("alpha", alpha)
      options.write(to: &writer)
    }
  }
}

extension ObjectiveOptions {
  fileprivate init(_ section: ConfigSection) throws {
    self.init()
    let fromZero = "a number of at least 0"
    normalise = try section.optionalChoice("normalise")
    convention = try section.optionalChoice("convention")
    labelSmoothing = try section.optionalNumber("label_smoothing", "a number of at least 0 and below 0.5") {
      $0 >= 0 && $0 < 0.5
    }
    rewardTemperature = try section.optionalNumber("reward_temperature", "a number above 0") { $0 > 0 }
    simpoGamma = try section.optionalNumber("simpo_gamma", fromZero) { $0 >= 0 }
    gammaBetaRatio = try section.optionalNumber("gamma_beta_ratio", fromZero) { $0 >= 0 }
    slicDelta = try section.optionalNumber("slic_delta", fromZero) { $0 >= 0 }
    nllWeight = try section.optionalNumber("nll_weight", fromZero) { $0 >= 0 }
    lipoLabels = try section.optionalChoice("lipo_labels")
    desirableWeight = try section.optionalNumber("desirable_weight", fromZero) { $0 >= 0 }
    undesirableWeight = try section.optionalNumber("undesirable_weight", fromZero) { $0 >= 0 }
    desirableThreshold = try section.optionalNumber("desirable_threshold", "a number") { _ in true }
  }

  fileprivate func write(to writer: inout ConfigWriter) {
    writer.value("normalise", normalise?.rawValue)
    writer.value("convention", convention?.rawValue)
    writer.value("label_smoothing", labelSmoothing)
    writer.value("reward_temperature", rewardTemperature)
    writer.value("simpo_gamma", simpoGamma)
    writer.value("gamma_beta_ratio", gammaBetaRatio)
    writer.value("slic_delta", slicDelta)
    writer.value("nll_weight", nllWeight)
    writer.value("lipo_labels", lipoLabels?.rawValue)
    writer.value("desirable_weight", desirableWeight)
    writer.value("undesirable_weight", undesirableWeight)
    writer.value("desirable_threshold", desirableThreshold)
  }
}
