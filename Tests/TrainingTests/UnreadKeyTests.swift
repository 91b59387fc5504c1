import Base
import Checkpoint
import DeviceCPU
import Preference
import Testing

@testable import RunFile
@testable import Training

/// No key is ignored in silence: each is read, refused, or named as not read.
struct UnreadKeyTests {
  private static func file(_ lines: [String], data: String = "{train: d.jsonl, eval_fraction: 0.1}") throws -> RunFile {
    try RunFile.decode(
      yaml: "model: m\ndata: \(data)\n", name: "RUN.yaml", overrides: lines)
  }

  /// What becomes of a file: accepted in silence, accepted with a sentence, or refused.
  private static func outcome(_ lines: [String], data: String = "{train: d.jsonl, eval_fraction: 0.1}") throws -> String
  {
    let file = try file(lines, data: data)
    do {
      return file.unreadKeys(try file.objective()).joined(separator: "; ")
    } catch {
      return "refused: \(error)"
    }
  }

  /// A value of its own for every option that only some objectives read, and who reads it.
  struct Option: Sendable, CustomStringConvertible {
    var key: String
    var value: String
    var readers: @Sendable (PreferenceModel, Parameterization) -> Bool
    var description: String { key }
  }

  static let options: [Option] = [
    Option(key: "normalise", value: "mean") { _, loss in
      ![.rdpo, .simpo, .slic, .pro, .kto, .apoZero].contains(loss)
    },
    Option(key: "label_smoothing", value: "0.2") { model, loss in
      loss == .cdpo || loss == .robust || (loss == .exo && model != .pl)
    },
    Option(key: "reward_temperature", value: "0.5") { model, loss in
      loss == .infonca || (model == .pl && (loss == .exo || loss == .nca))
    },
    Option(key: "simpo_gamma", value: "0.3") { _, loss in loss == .simpo },
    Option(key: "gamma_beta_ratio", value: "0.3") { _, loss in loss == .simpo },
    Option(key: "slic_delta", value: "2") { _, loss in loss == .slic },
    Option(key: "nll_weight", value: "0.7") { _, loss in [.slic, .simpo, .pro].contains(loss) },
    Option(key: "lipo_labels", value: "raw") { _, loss in loss == .lipo },
    Option(key: "desirable_weight", value: "2") { _, loss in loss == .kto || loss == .apoZero },
    Option(key: "undesirable_weight", value: "2") { _, loss in loss == .kto || loss == .apoZero },
    Option(key: "desirable_threshold", value: "1") { _, loss in loss == .kto || loss == .apoZero },
    Option(key: "preferred", value: "2") { model, _ in model == .hps },
    Option(key: "estimator", value: "expectation") { model, _ in model == .hps },
    Option(key: "gamma", value: "2") { model, _ in model == .hps },
    Option(key: "reward_scale", value: "prompt_zscore") { model, loss in
      model == .hps || [.kto, .apoZero, .infonca, .pro].contains(loss)
        || (model == .pl && [.exo, .sppo, .nca].contains(loss))
    },
  ]

  @Test(arguments: options) func everyOptionIsReadOrNamed(option: Option) throws {
    for model in PreferenceModel.allCases {
      for loss in Parameterization.allCases {
        let base = ["preference.model=\(model.rawValue)", "preference.parameterization=\(loss.rawValue)"]
        #expect(try Self.outcome(base) == "")
        let outcome = try Self.outcome(base + ["preference.\(option.key)=\(option.value)"])
        if option.readers(model, loss) {
          #expect(outcome == "", "\(base) \(option.key)")
        } else {
          #expect(outcome.contains(option.key), "\(base) \(option.key): \(outcome)")
        }
      }
    }
  }

  /// The table above against the losses themselves: where an option is read, it changes a number.
  @Test(arguments: options) func whatIsReadChangesTheLoss(option: Option) throws {
    for model in PreferenceModel.allCases {
      for loss in Parameterization.allCases where option.readers(model, loss) {
        let base = ["preference.model=\(model.rawValue)", "preference.parameterization=\(loss.rawValue)"]
        let plain = try Self.file(base).preference
        // ipo takes means already.
        let value = option.key == "normalise" && loss == .ipo ? "sum" : option.value
        let changed = try Self.file(base + ["preference.\(option.key)=\(value)"]).preference
        func losses(_ settings: RunFile.PreferenceSettings) throws -> [Double] {
          let objective = try settings.objective()
          let gamma = settings.gamma.value(step: 1, totalSteps: 10)
          // A list, and a response that comes alone with a reward between the two thresholds.
          let lists = [[3, 1.5, 0.25, -1], [0.5]].prefix(objective.judgesAlone ? 2 : 1)
          return try lists.map { rewards in
            let scaled = settings.rewardScale.apply(to: [rewards])[0]
            let n = rewards.count
            let list = ScoredGroup(
              logProbs: [-14, -12, -11, -13.5].prefix(n).map { $0 },
              referenceLogProbs: [-15, -10, -12, -15].prefix(n).map { $0 },
              lengths: [4, 7, 5, 9].prefix(n).map { $0 }, rewards: scaled)
            return try #require(list.visit(objective, gamma: gamma))
          }
        }
        // At γ = −5 the draw is the worst for one scale and may be so for the other: HPS reads rewards through q.
        if option.key == "reward_scale" || option.key == "gamma", model == .hps { continue }
        #expect(try losses(plain) != losses(changed), "\(base) \(option.key)")
      }
    }
  }

  @Test func keysOfOtherSections() throws {
    let nothing = "{train: d.jsonl}"
    #expect(
      try Self.outcome(["training.eval_steps=7"], data: nothing)
        == "training.eval_steps is not read: nothing is held out")
    #expect(try Self.outcome(["training.eval_steps=7"]) == "")
    #expect(
      try Self.outcome(["preference.alpha=0.1"], data: nothing)
        == "refused: preference.alpha: is read by rdpo and by the R-DPO margin of evaluations alone, and nothing is held "
        + "out; give data.eval or data.eval_fraction, or leave it out")
    #expect(try Self.outcome(["preference.alpha=0.1"]) == "")
    #expect(try Self.outcome(["preference.alpha=0.1", "preference.parameterization=rdpo"], data: nothing) == "")
    #expect(
      try Self.outcome(["preference.parameterization=kto", "training.prompts_per_step=1"])
        == "refused: training.prompts_per_step: kto compares each prompt with the answers to another one of its step, so "
        + "it needs at least 2")
    #expect(
      try Self.outcome(["preference.model=bt", "preference.gamma=1", "preference.estimator=expectation"])
        == "preference.gamma is not read: preference.model bt draws no negatives; preference.estimator is not read: "
        + "preference.model bt draws no negatives")
  }

  // MARK: adapter.init_from

  @Test func anInitialAdapterDecides() throws {
    let initial = LoRAConfiguration(rank: 4, alpha: 8, targetModules: [.q_proj, .v_proj], useRSLoRA: true)
    func problem(_ lines: [String]) throws -> String? {
      let adapter = try Self.file(["adapter.init_from=old"] + lines).adapter
      do {
        try adapter.check(against: initial)
        return nil
      } catch {
        return "\(error)"
      }
    }
    #expect(try problem([]) == nil)
    #expect(
      try problem([
        "adapter.r=4", "adapter.lora_alpha=8", "adapter.target_modules=[v_proj, q_proj]", "adapter.use_rslora=true",
      ]) == nil)
    #expect(try problem(["adapter.r=null", "adapter.target_modules=null"]) == nil)
    #expect(
      try problem(["adapter.r=8"])
        == "adapter.r: 8 contradicts the adapter in old, which has 4; leave the key out to take the adapter's own")
    #expect(try problem(["adapter.lora_alpha=16"])?.hasPrefix("adapter.lora_alpha: 16.0 contradicts") == true)
    #expect(try problem(["adapter.use_rslora=false"])?.hasPrefix("adapter.use_rslora: false contradicts") == true)
    #expect(
      try problem(["adapter.target_modules=q_proj"])
        == "adapter.target_modules: q_proj contradicts the adapter in old, which has q_proj, v_proj; leave the key out "
        + "to take the adapter's own")
    // The session's file says that the adapter decided, and reads back to the same.
    let file = try Self.file(["adapter.init_from=old", "adapter.r=4"])
    #expect(file.yaml().contains("lora_alpha: null"))
    #expect(try RunFile.decode(yaml: file.yaml(), name: "again") == file)
    #expect(try Self.file([]).adapter.lora == LoRAConfiguration(rank: 8, alpha: 16, targetModules: LinearKind.allCases))
  }
}

extension ScoredGroup {
  /// The loss of one visit of this list.
  fileprivate func visit(_ objective: Objective, gamma: Double) -> Double? {
    var stream = RandomStream(seed: 7, purpose: .negativeSampling, index: 0)
    guard let selection = objective.select(rewards: rewards, gamma: gamma, stream: &stream) else { return nil }
    let picked = ScoredGroup(
      logProbs: selection.responses.map { logProbs[$0] },
      referenceLogProbs: selection.responses.map { referenceLogProbs[$0] },
      lengths: selection.responses.map { lengths[$0] }, rewards: selection.responses.map { rewards[$0] }, kl: kl)
    return objective.evaluate(picked, selection: selection).loss
  }
}
