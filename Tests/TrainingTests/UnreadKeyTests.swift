import Base
import Checkpoint
import DeviceCPU
import Foundation
import Model
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

  /// The losses that the table of options was written for, by hand from their papers. RegisteredLossTests asks the same
  /// of every registered loss and of what it declares itself.
  static let losses: [Parameterization] = [
    .dpo, .exo, .ipo, .sppo, .nca, .infonca, .cdpo, .robust, .rdpo, .simpo, .slic, .hinge, .lipo, .pro, .kto, .apoZero,
  ]

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
      for loss in Self.losses {
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
      for loss in Self.losses where option.readers(model, loss) {
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
    var initial = LoRAConfiguration(rank: 4, alpha: 8, targetModules: [.q_proj, .v_proj], useRSLoRA: true)
    let model = ModelConfiguration(
      hiddenSize: 32, intermediateSize: 48, layerCount: 3, headCount: 4, keyValueHeadCount: 2, headDimension: 8,
      vocabularySize: 64)
    func problem(_ lines: [String]) throws -> String? {
      let adapter = try Self.file(["adapter.init_from=old"] + lines).adapter
      do {
        try adapter.check(against: initial, model: model)
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
    #expect(
      try problem(["adapter.layers_to_transform=1"])
        == "adapter.layers_to_transform: it contradicts the adapter in old, which has something else; leave the key out "
        + "to take the adapter's own")
    #expect(try problem(["adapter.rank_pattern={q_proj: 2}"])?.hasPrefix("adapter.rank_pattern: it contr") == true)
    initial.layers = LayerSelection([1])
    initial.rankPattern = [PatternValue(pattern: try NamePattern("q_proj"), value: 2)]
    #expect(
      try problem(["adapter.layers_to_transform=1", "adapter.rank_pattern={q_proj: 2}", "adapter.loraplus_lr_ratio=4"])
        == nil)
    // The session's file says that the adapter decided, and reads back to the same.
    let file = try Self.file(["adapter.init_from=old", "adapter.r=4"])
    #expect(file.yaml().contains("lora_alpha: null"))
    #expect(try RunFile.decode(yaml: file.yaml(), name: "again") == file)
    #expect(try Self.file([]).adapter.lora(for: model) == LoRAConfiguration(rank: 8, alpha: 16, targets: .allLinear))
  }

  /// An adapter that is trained on the text decoder of a model with pictures has PEFT's names of its modules there.
  @Test func aWrappedDecodersAdapterIsNamedAsInPEFT() throws {
    let text = #""hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 4"#
    let config =
      #"{"model_type": "gemma3", "text_config": {\#(text), "vocab_size": 32, "head_dim": 4}}"#
    let model = try ModelConfiguration.decode(json: Data(config.utf8), file: "config.json")
    let file = try Self.file(["adapter.target_modules=[model.language_model.layers.0.self_attn.q_proj]"])
    try file.adapter.check(fits: model)
    let adapter = try LoRAAdapter(configuration: file.adapter.lora(for: model), model: model, seed: 1)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wrapped-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try adapter.write(to: folder, baseModelName: "gemma")
    let names = try SafetensorsFile(path: folder.appendingPathComponent("adapter_model.safetensors").path).names
    #expect(
      Set(names)
        == Set(["A", "B"].map { "base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_\($0).weight" }))
    let read = try AdapterFolder.read(path: folder.path, model: model)
    #expect(read.configuration == adapter.configuration)
  }

  /// What no module of the model answers to is refused rather than passed over.
  @Test func anAdapterFitsItsModel() throws {
    var fused = LayerDescription()
    fused.fused = [.queryKeyValue, .gateUp]
    func model(_ layer: LayerDescription) -> ModelConfiguration {
      ModelConfiguration(
        modelType: "phi3", hiddenSize: 32, intermediateSize: 48, layerCount: 3, headCount: 4, keyValueHeadCount: 2,
        headDimension: 8, vocabularySize: 64, layer: layer)
    }
    func problem(_ lines: String..., layer: LayerDescription = LayerDescription()) throws -> String {
      do {
        try Self.file(lines.map { "adapter.\($0)" }).adapter.check(fits: model(layer))
        return "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(try problem() == "none")
    #expect(
      try problem(
        "target_modules=[self_attn.q_proj, 2.mlp.up_proj]", "layers_to_transform=2", "rank_pattern={up_proj: 2}")
        == "none")
    #expect(
      try problem("target_modules=[q_proj]", layer: fused)
        == "adapter.target_modules: \"q_proj\" names no module of this phi3 model of 3 layers, did you mean \"qkv_proj\"? "
        + "(its modules: qkv_proj, o_proj, gate_up_proj, down_proj)")
    #expect(try problem("target_modules=[qkv_proj, gate_up_proj]", layer: fused) == "none")
    #expect(try problem("exclude_modules=[qkv_proj]").contains("did you mean \"q_proj\"?"))
    #expect(try problem("target_modules=[model.layers.3.mlp.up_proj]").contains("of 3 layers (its modules"))
    #expect(
      try problem("target_modules=.*mlp\\.q_proj")
        == "adapter.target_modules: the regular expression matches no module of the model, such as "
        + "model.layers.0.self_attn.q_proj")
    #expect(
      try problem("layers_to_transform=[1, 3]")
        == "adapter.layers_to_transform: 3 is no layer of a model that has 3 (0 to 2)")
    #expect(
      try problem("target_modules=[q_proj]", "exclude_modules=[q_proj]")
        == "adapter.exclude_modules: leaves no module of target_modules to be adapted")
    #expect(
      try problem("target_modules=[q_proj]", "rank_pattern={v_proj: 2}")
        == "adapter.rank_pattern: \"v_proj\" matches no adapted module, such as model.layers.0.self_attn.q_proj")
  }
}

extension ScoredGroup {
  /// The loss of one visit of this list.
  func visit(_ objective: Objective, gamma: Double) -> Double? {
    var stream = RandomStream(seed: 7, purpose: .negativeSampling, index: 0)
    guard let selection = objective.select(rewards: rewards, gamma: gamma, stream: &stream) else { return nil }
    let picked = ScoredGroup(
      logProbs: selection.responses.map { logProbs[$0] },
      referenceLogProbs: selection.responses.map { referenceLogProbs[$0] },
      lengths: selection.responses.map { lengths[$0] }, rewards: selection.responses.map { rewards[$0] }, kl: kl)
    return objective.evaluate(picked, selection: selection).loss
  }
}
