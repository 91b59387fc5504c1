import Foundation
import Testing

@testable import Checkpoint

@Suite struct AdapterFolderTests {
  private let mistral: ModelConfiguration
  private let llama: ModelConfiguration

  init() throws {
    mistral = try CheckpointFolder(path: CheckpointFixtures.path("mistral-fp32-sharded")).configuration
    llama = try CheckpointFolder(path: CheckpointFixtures.path("llama-bf16")).configuration
  }

  @Test func readsAnAdapterOfPEFT() throws {
    let adapter = try AdapterFolder.read(path: CheckpointFixtures.path("adapter"), model: mistral)
    #expect(
      adapter.configuration == LoRAConfiguration(rank: 3, alpha: 6, targetModules: [.q_proj, .v_proj, .down_proj]))
    #expect(adapter.configuration.scale == 2)
    #expect(adapter.baseModelName == "mistral-fp32-sharded")
    #expect(adapter.tensors.count == 6)
    let golden = try SafetensorsFile(path: CheckpointFixtures.path("adapter/adapter_model.safetensors"))
    let address = LinearAddress(layer: 1, kind: .down_proj)
    let key = "base_model.model.model.layers.1.mlp.down_proj.lora_"
    #expect(adapter.tensors[address]?.down == (try golden.tensor(key + "A.weight").float32()))
    #expect(adapter.tensors[address]?.up == (try golden.tensor(key + "B.weight").float32()))
    #expect(adapter.tensors[address]?.down.count == 3 * 20)
    #expect(adapter.tensors[address]?.up.count == 16 * 3)
  }

  @Test func readsRankStabilisedAdaptersOnEveryLinear() throws {
    let adapter = try AdapterFolder.read(path: CheckpointFixtures.path("adapter-rslora"), model: llama)
    #expect(adapter.configuration.useRSLoRA)
    #expect(adapter.configuration.scale == 3)  // 6 / √4
    #expect(adapter.configuration.targetModules == LinearKind.allCases)
    #expect(adapter.tensors.count == 14)
  }

  @Test func readsHalfPrecision() throws {
    let full = try AdapterFolder.read(path: CheckpointFixtures.path("adapter"), model: mistral)
    let half = try AdapterFolder.read(path: CheckpointFixtures.path("adapter-bf16"), model: mistral)
    for (address, tensors) in full.tensors {
      let rounded = tensors.down.map { HalfPrecision.float(bfloat16: HalfPrecision.bfloat16($0)) }
      #expect(half.tensors[address]?.down == rounded)
    }
  }

  @Test func writesWhatItReads() throws {
    let scratch = try CheckpointScratch()
    let adapter = try AdapterFolder.read(path: CheckpointFixtures.path("adapter-rslora"), model: llama)
    try AdapterFolder.write(
      configuration: adapter.configuration, tensors: adapter.tensors, baseModelName: "a \"base\"\nmodel",
      to: scratch["out/deep"])
    let again = try AdapterFolder.read(path: scratch["out/deep"].path, model: llama)
    #expect(again.configuration == adapter.configuration)
    #expect(again.tensors == adapter.tensors)
    #expect(again.baseModelName == "a \"base\"\nmodel")
    let files = try FileManager.default.contentsOfDirectory(atPath: scratch["out/deep"].path)
    #expect(Set(files) == ["adapter_config.json", "adapter_model.safetensors", "README.md"])
    // The same tensors under the same names as PEFT's own file.
    let mine = try SafetensorsFile(path: scratch["out/deep/adapter_model.safetensors"].path)
    let theirs = try SafetensorsFile(path: CheckpointFixtures.path("adapter-rslora/adapter_model.safetensors"))
    #expect(Set(mine.names) == Set(theirs.names))
    #expect(mine.metadata == ["format": "pt"])
    #expect(try scratch.text("out/deep/README.md").hasPrefix("---\nbase_model: \"a \\\"base\\\"\\nmodel\"\n"))
  }

  @Test func writesThePEFTFields() throws {
    let text = AdapterConfiguration(
      lora: LoRAConfiguration(rank: 8, alpha: 16, targetModules: [.v_proj, .q_proj], dropout: 0.05), baseModelName: "b"
    ).text()
    #expect(
      text == """
        {
          "alpha_pattern": {},
          "auto_mapping": null,
          "base_model_name_or_path": "b",
          "bias": "none",
          "fan_in_fan_out": false,
          "inference_mode": true,
          "init_lora_weights": true,
          "layers_pattern": null,
          "layers_to_transform": null,
          "lora_alpha": 16,
          "lora_dropout": 0.05,
          "modules_to_save": null,
          "peft_type": "LORA",
          "peft_version": null,
          "r": 8,
          "rank_pattern": {},
          "revision": null,
          "target_modules": [
            "q_proj",
            "v_proj"
          ],
          "task_type": "CAUSAL_LM",
          "use_dora": false,
          "use_rslora": false
        }

        """)
  }

  private func decode(_ changes: [String: String]) throws -> LoRAConfiguration {
    let base = ["peft_type": "\"LORA\"", "target_modules": "[\"q_proj\",\"v_proj\"]", "r": "4", "lora_alpha": "8"]
    let members = base.merging(changes) { $1 }.filter { !$0.value.isEmpty }.map { "\"\($0)\":\($1)" }
    let text = "{" + members.sorted().joined(separator: ",") + "}"
    return try AdapterConfiguration.decode(json: Array(text.utf8), file: "a.json").lora
  }

  @Test func honoursEveryFormOfTargets() throws {
    #expect(try decode(["target_modules": "\"all-linear\""]).targetModules == LinearKind.allCases)
    #expect(
      try decode(["target_modules": "[\"mlp.up_proj\",\"self_attn.o_proj\"]"]).targetModules == [.o_proj, .up_proj])
    for pattern in [#".*\\.(q_proj|v_proj)"#, ".*(v_proj|q_proj)$", #".*\\.(q_proj|v_proj)$"#] {
      #expect(try decode(["target_modules": "\"\(pattern)\""]).targetModules == [.q_proj, .v_proj], "\(pattern)")
    }
    #expect(try decode(["target_modules": #"".*q_proj""#]).targetModules == [.q_proj])
    let full = #"["model.layers.1.mlp.up_proj","model.layers.0.mlp.up_proj"]"#
    #expect(try decode(["target_modules": full]).targetModules == [.up_proj])
  }

  @Test func honoursUniformPatterns() throws {
    // PEFT's defaults where keys are absent: r 8, alpha 8.
    #expect(try decode(["r": "", "lora_alpha": ""]).scale == 1)
    let both = try decode([
      "rank_pattern": "{\"q_proj\":16,\"v_proj\":16}", "alpha_pattern": "{\"q_proj\":4,\"v_proj\":4}",
    ])
    #expect(both.rank == 16)
    #expect(both.alpha == 4)
    // A pattern for a module that is no target changes nothing; one that repeats the common value neither.
    #expect(try decode(["rank_pattern": "{\"k_proj\":16}"]).rank == 4)
    #expect(try decode(["rank_pattern": "{\"model.layers.0.self_attn.q_proj\":4}"]).rank == 4)
  }

  @Test(arguments: [
    ("peft_type", "\"IA3\"", "the adapter type \"IA3\" is not supported"),
    ("peft_type", "", "peft_type is absent, but must be \"LORA\""),
    ("task_type", "\"SEQ_CLS\"", "the task \"SEQ_CLS\" is not supported"),
    ("bias", "\"lora_only\"", "trained biases (bias: \"lora_only\") is not supported"),
    ("use_dora", "true", "DoRA (use_dora) is not supported"), ("fan_in_fan_out", "true", "transposed base weights"),
    ("modules_to_save", "[\"lm_head\"]", "fully trained modules beside the adapter"),
    ("layers_to_transform", "[0]", "an adapter on some of the layers"),
    ("layers_to_transform", "0", "an adapter on some of the layers"),
    ("lora_bias", "true", "a bias inside the adapter"), ("use_qalora", "true", "QALoRA"),
    ("trainable_token_indices", "[1]", "trained token embeddings"),
    ("monteclora_config", "{\"a\":1}", "the adapter option \"monteclora_config\""),
    ("a_future_option", "\"x\"", "the adapter option \"a_future_option\""),
    (
      "init_lora_weights", "\"pissa\"",
      "an adapter that starts from changed base weights (init_lora_weights: \"pissa\")"
    ),
    ("target_modules", "[\"q_proj\",\"lm_head\"]", "an adapter on \"lm_head\" is not supported"),
    ("target_modules", "\".*layers.[01].*q_proj\"", "the regular expression \".*layers.[01].*q_proj\""),
    ("target_modules", "[\"model.layers.1.mlp.up_proj\"]", "an adapter that differs between layers"),
    ("target_modules", "[\"model.layers.01.mlp.up_proj\"]", "an adapter on \"model.layers.01.mlp.up_proj\""),
    ("target_modules", "[\"model.layers.0.mlp.up_proj\",\"q_proj\"]", "an adapter that differs between layers"),
    ("target_modules", "\"q_proj\"", "the regular expression \"q_proj\" in target_modules"),
    ("target_modules", "[]", "target_modules is [], but must be a list"),
    ("target_modules", "[1]", "target_modules is [1], but must be a list of strings"),
    ("rank_pattern", "{\"q_proj\":16}", "different values in rank_pattern is not supported"),
    ("rank_pattern", "{\"layers.0.self_attn.q_proj\":16}", "different values in rank_pattern"),
    ("alpha_pattern", "{\"q_proj\":16}", "different values in alpha_pattern"),
    ("rank_pattern", "{\"q_proj\":-1}", "rank_pattern.q_proj is -1"),
    ("r", "0", "r is 0, but must be a whole number from 1 to 16384"), ("r", "1e9", "r is 1000000000.0"),
    ("lora_alpha", "-8", "lora_alpha is -8"), ("lora_dropout", "1", "lora_dropout is 1"),
    ("lora_dropout", "\"x\"", "lora_dropout is \"x\""), ("use_rslora", "1", "use_rslora is 1"),
  ])
  func refuses(key: String, value: String, expected: String) {
    let sentence = checkpointRefusal { try decode([key: value]) }
    #expect(sentence.hasPrefix("a.json: \(expected)"), "\(sentence)")
  }

  @Test func tensorsMustFitTheModel() throws {
    let path = CheckpointFixtures.path("adapter")
    func read(_ change: (inout [SafetensorsEntry]) throws -> Void) throws -> String {
      let scratch = try CheckpointScratch(copying: "adapter")
      let source = try SafetensorsFile(path: path + "/adapter_model.safetensors")
      var entries = try source.names.map { SafetensorsEntry(try source.tensor($0)) }
      try change(&entries)
      try SafetensorsFile.write(entries, to: scratch["adapter_model.safetensors"])
      return checkpointRefusal { try AdapterFolder.read(path: scratch.url.path, model: mistral) }
    }
    let prefix = "base_model.model.model."
    #expect(try read { _ in } == "(accepted)")
    #expect(try read { $0.removeFirst() }.contains("has no tensor \"\(prefix)layers.0."))
    #expect(
      try read {
        $0.append(SafetensorsEntry(name: "base_model.model.lm_head.lora_A.weight", shape: [1], values: [0]))
      }.contains("adapters on embeddings and the output head are not supported"))
    #expect(
      try read {
        $0.append(SafetensorsEntry(name: prefix + "layers.2.self_attn.q_proj.lora_A.weight", shape: [1], values: [0]))
      }.contains("the model's 2 layers ask for no such tensor"))
    #expect(
      try read { entries in
        let name = entries[0].name
        entries[0] = SafetensorsEntry(name: name, shape: [1, 2], values: [0, 0])
      }.contains("has shape [1, 2], but the configuration asks for [3, "))
    #expect(checkpointRefusal { try AdapterFolder.read(path: path, model: llama) }.contains("has shape"))
    // PEFT saved this one with full names, of 2 layers.
    let deeper = ModelConfiguration(
      hiddenSize: 16, intermediateSize: 20, layerCount: 3, headCount: 4, keyValueHeadCount: 2, headDimension: 6,
      vocabularySize: 24)
    #expect(
      checkpointRefusal { try AdapterFolder.read(path: CheckpointFixtures.path("adapter-rslora"), model: deeper) }
        .contains("target_modules is a list that names 2 layers, but must be for all of the model's 3 layers"))
  }

  @Test func otherFoldersAreExplained() throws {
    let scratch = try CheckpointScratch()
    func sentence() -> String { checkpointRefusal { try AdapterFolder.read(path: scratch.url.path, model: llama) } }
    #expect(sentence() == "\(scratch.url.path) is not a usable adapter folder: adapter_config.json is not there")
    #expect(
      checkpointRefusal { try AdapterFolder.read(path: "/no/such", model: llama) }
        == "/no/such is not a usable adapter folder: there is no such folder")
    try scratch.write("{}", as: "config.json")
    #expect(sentence().contains("it holds a whole model, not an adapter"))
    try scratch.write("", as: "adapters.safetensors")
    #expect(sentence().contains("it is an MLX adapter"))
    try scratch.write("", as: "adapter_model.bin")
    #expect(sentence().contains("convert them with PeftModel"))
  }

  @Test func refusesToWriteWhatItCouldNotRead() throws {
    let scratch = try CheckpointScratch()
    func attempt(_ tensors: [LinearAddress: LoRATensors]) -> String {
      checkpointRefusal {
        try AdapterFolder.write(
          configuration: LoRAConfiguration(rank: 2, alpha: 2, targetModules: [.q_proj]), tensors: tensors,
          baseModelName: "b", to: scratch.url)
      }
    }
    let query = LinearAddress(layer: 0, kind: .q_proj)
    #expect(attempt([:]).contains("the adapter is empty"))
    #expect(attempt([query: LoRATensors(down: [1, 2, 3], up: [1, 2])]).contains("do not fill its shape"))
    #expect(
      attempt([LinearAddress(layer: 0, kind: .k_proj): LoRATensors(down: [1, 2], up: [1, 2])])
        .contains("is not among the target modules"))
  }
}
