import Preference

extension RunFile {
  /// `preference:`, the objective: which responses count (`model`), through which function of their log-probs
  /// (`parameterization`). Names are those of the Preference module, which also refuses options that a
  /// parameterization would not use. The keys of single losses are those that the registered losses declare.
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
    /// What only some parameterizations read; without a value, the parameterization's own default holds. `preferred`,
    /// and what a loss reads from `alpha`, are filled in from the keys above.
    public var options = ObjectiveOptions()
    /// The losses that `parameterization` may name, and whose options the section takes.
    public let losses: LossRegistry

    public init(losses: LossRegistry = .standard) { self.losses = losses }
  }
}

extension RunFile.PreferenceSettings {
  init(_ section: ConfigSection, losses: LossRegistry) throws {
    self.init(losses: losses)
    model = try section.choice("model", default: model)
    parameterization = try section.choice(
      "parameterization", default: parameterization, among: losses.losses, name: \.rawValue)
    beta = try section.number("beta", default: beta, "a number above 0") { $0 > 0 }
    estimator = try section.choice("estimator", default: estimator)
    gamma = try RunFile.GammaSettings(section["gamma"], path: section.path + ["gamma"], origin: section.origin)
    rewardScale = try section.choice("reward_scale", default: rewardScale)
    preferred = try section.integer("preferred", default: preferred, in: 1...1000)
    alpha = try section.number("alpha", default: alpha)
    options = try ObjectiveOptions(section, losses: losses)
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
      options.write(to: &writer, losses: losses)
    }
  }
}

extension ObjectiveOptions {
  /// A value must be one that at least one loss takes; whether the loss of this file does is the objective's to say.
  fileprivate init(_ section: ConfigSection, losses: LossRegistry) throws {
    self.init()
    normalise = try section.optionalChoice("normalise")
    convention = try section.optionalChoice("convention")
    for option in losses.runFileOptions {
      switch option.kind {
      case .number(let range):
        let number = try section.optionalNumber(option.key, range.expectation) { range.contains($0) }
        values[option.key] = number.map { .number($0) }
      case .word(let words):
        let word = try section.optionalChoice(option.key, among: words, name: \.self)
        values[option.key] = word.map { .word($0) }
      }
    }
  }

  fileprivate func write(to writer: inout ConfigWriter, losses: LossRegistry) {
    writer.value("normalise", normalise?.rawValue)
    writer.value("convention", convention?.rawValue)
    for option in losses.runFileOptions {
      switch option.kind {
      case .number: writer.value(option.key, number(option.key))
      case .word: writer.value(option.key, word(option.key))
      }
    }
  }
}

extension LossRegistry {
  /// The options with a key of their own.
  var runFileOptions: [RegisteredOption] { options.filter { $0.sharedKey == nil } }
}
