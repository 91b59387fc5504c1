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
    let plain = LoRAConfiguration(rank: 3, alpha: 6, targetModules: [.q_proj, .v_proj, .down_proj])
    #expect(adapter.configuration.modules(of: mistral) == plain.modules(of: mistral))
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
    #expect(adapter.configuration.modules(of: llama).count == 14)
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

  /// The adapted modules of a model of 2 layers, such as "0 mlp.up_proj".
  private func targets(_ changes: [String: String]) throws -> [String] {
    try decode(changes).modules(of: llama).map { "\($0.address.layer) \($0.address.module.name)" }
  }

  @Test func honoursEveryFormOfTargets() throws {
    #expect(try targets(["target_modules": "\"all-linear\""]).count == 14)
    #expect(
      try targets(["target_modules": "[\"mlp.up_proj\",\"self_attn.o_proj\"]"]) == [
        "0 o_proj", "0 up_proj", "1 o_proj", "1 up_proj",
      ])
    for pattern in [#".*\\.(q_proj|v_proj)"#, ".*(v_proj|q_proj)$", #".*\\.(q_proj|v_proj)$"#] {
      #expect(
        try targets(["target_modules": "\"\(pattern)\""]) == ["0 q_proj", "0 v_proj", "1 q_proj", "1 v_proj"],
        "\(pattern)")
    }
    #expect(try targets(["target_modules": #"".*q_proj""#]) == ["0 q_proj", "1 q_proj"])
    #expect(try targets(["target_modules": #"["model.layers.1.mlp.up_proj", "fc1"]"#]) == ["1 up_proj"])
    // As PEFT matches: a string is a regular expression for the whole name.
    #expect(try targets(["target_modules": "\"q_proj\""]) == [])
    #expect(try targets(["layers_to_transform": "1"]) == ["1 q_proj", "1 v_proj"])
    #expect(try targets(["layers_to_transform": "[0]", "layers_pattern": "\"h\""]) == [])
    #expect(try targets(["layers_to_transform": "[0]", "layers_pattern": "[\"h\", \"layers\"]"]).count == 2)
    #expect(try targets(["exclude_modules": "[\"1.self_attn.q_proj\"]"]) == ["0 q_proj", "0 v_proj", "1 v_proj"])
    #expect(try targets(["exclude_modules": "\".*v_proj\""]) == ["0 q_proj", "1 q_proj"])
  }

  @Test func honoursPatterns() throws {
    func ranks(_ changes: [String: String]) throws -> [Int] { try decode(changes).modules(of: llama).map(\.rank) }
    // PEFT's defaults where keys are absent: r 8, alpha 8.
    #expect(try decode(["r": "", "lora_alpha": ""]).scale == 1)
    #expect(try ranks(["rank_pattern": "{\"q_proj\":16}"]) == [16, 4, 16, 4])
    #expect(try ranks(["rank_pattern": "{\"layers.1.self_attn.v_proj\":2,\"v_proj\":3}"]) == [4, 3, 4, 2])
    // The first that matches counts.
    #expect(try ranks(["rank_pattern": "{\"v_proj\":3,\"layers.1.self_attn.v_proj\":2}"]) == [4, 3, 4, 3])
    #expect(try ranks(["rank_pattern": "{\"proj\":3,\"k_proj\":2}"]) == [4, 4, 4, 4])
    let scales = try decode(["alpha_pattern": "{\"^model.*q_proj\":2}", "use_rslora": "true"]).modules(of: llama)
    #expect(scales.map(\.scale) == [1, 4, 1, 4])
  }

  @Test(arguments: [
    ("peft_type", "\"IA3\"", "the adapter type \"IA3\" is not supported"),
    ("peft_type", "", "peft_type is absent, but must be \"LORA\""),
    ("task_type", "\"TOKEN_CLS\"", "the task \"TOKEN_CLS\" is not supported; supported: CAUSAL_LM and SEQ_CLS"),
    ("bias", "\"lora_only\"", "trained biases (bias: \"lora_only\") is not supported"),
    ("use_dora", "1", "use_dora is 1, but must be true or false"),
    ("fan_in_fan_out", "true", "transposed base weights"),
    ("modules_to_save", "[\"lm_head\"]", "fully trained modules beside the adapter"),
    ("layers_to_transform", "[-1]", "layers_to_transform is [-1], but must be a whole number"),
    ("layers_to_transform", "\"0\"", "layers_to_transform is \"0\", but must be a whole number"),
    ("exclude_modules", "[1]", "exclude_modules is [1], but must be a list of strings"),
    ("exclude_modules", "\"(\"", "the regular expression \"(\" in exclude_modules (a group does not end)"),
    ("lora_bias", "true", "a bias inside the adapter"), ("use_qalora", "true", "QALoRA"),
    ("trainable_token_indices", "[1]", "trained token embeddings"),
    ("monteclora_config", "{\"a\":1}", "the adapter option \"monteclora_config\""),
    ("a_future_option", "\"x\"", "the adapter option \"a_future_option\""),
    (
      "init_lora_weights", "\"pissa\"",
      "an adapter that starts from changed base weights (init_lora_weights: \"pissa\")"
    ),
    ("target_modules", "[\"q_proj\",\"lm_head\"]", "an adapter on \"lm_head\" is not supported"),
    ("target_modules", "[\"model.embed_tokens\"]", "an adapter on \"model.embed_tokens\" is not supported"),
    (
      "target_modules", "\"(q)_proj_\\\\1\"",
      "the regular expression \"(q)_proj_\\\\1\" in target_modules (it refers back to a group)"
    ),
    ("target_modules", "[]", "target_modules is [], but must be a list"),
    ("target_modules", "[1]", "target_modules is [1], but must be a list of strings"),
    ("rank_pattern", "{\"q_proj\":1.5}", "rank_pattern.q_proj is 1.5"), ("rank_pattern", "[4]", "rank_pattern is [4]"),
    ("rank_pattern", "{\"*\":2}", "the regular expression \"*\" in rank_pattern (it repeats nothing)"),
    ("alpha_pattern", "{\"q_proj\":0}", "alpha_pattern.q_proj is 0"),
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
    // The linears of a fused model have other names.
    let fused = try CheckpointFolder(path: CheckpointFixtures.path("../adapter/phi3")).configuration
    #expect(
      checkpointRefusal {
        try AdapterFolder.read(path: CheckpointFixtures.path("../adapter/one-layer"), model: fused)
      }.contains(
        "target_modules is of no module of this model, but must be of some of qkv_proj, o_proj, gate_up_proj, down_proj"
      ))
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
    #expect(sentence().contains("adapter_config.json is not there"))
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
