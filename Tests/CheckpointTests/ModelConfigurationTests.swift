import Foundation
import JSON
import Testing

@testable import Checkpoint

@Suite struct ModelConfigurationTests {
  private static let base: [String: String] = [
    "model_type": "\"llama\"", "hidden_size": "64", "intermediate_size": "128", "num_hidden_layers": "2",
    "num_attention_heads": "8", "vocab_size": "128", "hidden_act": "\"silu\"",
  ]

  /// The base configuration with some values replaced ("" removes a key).
  private func decode(_ changes: [String: String] = [:]) throws -> ModelConfiguration {
    let members = Self.base.merging(changes) { $1 }.filter { !$0.value.isEmpty }.map { "\"\($0)\":\($1)" }
    let text = "{" + members.sorted().joined(separator: ",") + "}"
    return try ModelConfiguration.decode(json: Data(text.utf8), file: "config.json")
  }

  /// configurations.json holds what transformers' own classes make of each file.
  @Test func readsAsTransformersDoes() throws {
    guard case .array(let cases) = try JSONValue(parsing: try CheckpointFixtures.bytes("configurations.json")) else {
      Issue.record("no list")
      return
    }
    #expect(cases.count == 19)
    for value in cases {
      guard case .object(let item) = value, case .object(let expected)? = item["expected"], let given = item["config"],
        case .object(let rope)? = expected["rope"]
      else {
        Issue.record("a malformed case")
        continue
      }
      let name = Comment(rawValue: item["name"]?.string ?? "")
      let found = try ModelConfiguration.decode(json: Data(given.compactText.utf8), file: "config.json")
      #expect(found.keyValueHeadCount == expected["kv_heads"]?.integer, name)
      #expect(found.headDimension == expected["head_dim"]?.integer, name)
      #expect(found.rmsNormEpsilon == expected["epsilon"]?.number, name)
      #expect(found.rotaries.first?.theta == rope["rope_theta"]?.number, name)
      #expect(.bool(found.tiedEmbeddings) == expected["tied"], name)
      #expect(.bool(found.queryKeyValueBias) == expected["qkv_bias"], name)
      #expect(.bool(found.outputBias) == expected["output_bias"], name)
      #expect(.bool(found.mlpBias) == expected["mlp_bias"], name)
      #expect(found.maxPositions == expected["max_positions"]?.integer, name)
      #expect(found.slidingWindow == expected["window"]?.integer, name)
      #expect(found.bosTokenID == expected["bos"]?.integer, name)
      #expect(.array(found.eosTokenIDs.map { .integer($0) }) == expected["eos"], name)
      let scaling: RopeScaling? =
        switch rope["rope_type"]?.string {
        case "default": RopeScaling.none
        case "linear": .linear(factor: rope["factor"]?.number ?? 0)
        case "llama3":
          .llama3(
            factor: rope["factor"]?.number ?? 0, lowFrequencyFactor: rope["low_freq_factor"]?.number ?? 0,
            highFrequencyFactor: rope["high_freq_factor"]?.number ?? 0,
            originalMaxPositions: rope["original_max_position_embeddings"]?.integer ?? 0)
        default: nil
        }
      #expect(found.rotaries.first?.scaling == scaling, name)
    }
  }

  @Test func shapesOfGroupedQueries() throws {
    let model = try decode(["num_key_value_heads": "2", "head_dim": "32"])
    // 8 heads and 2 groups of 32.
    #expect(LinearKind.q_proj.shape(in: model) == (256, 64))
    #expect(LinearKind.k_proj.shape(in: model) == (64, 64))
    #expect(LinearKind.o_proj.shape(in: model) == (64, 256))
    #expect(LinearKind.down_proj.shape(in: model) == (64, 128))
    #expect(LinearModule(.down_proj).fullName(layer: 3) == "model.layers.3.mlp.down_proj")
    // embedding + 2 × (2 norms + 7 linears) + norm + head
    #expect(model.tensorShapes.count == 1 + 2 * 9 + 2)
  }

  @Test func fusedModulesHoldSeveralLinears() throws {
    let model = try decode(["model_type": "\"phi3\"", "num_key_value_heads": "2", "head_dim": "32"])
    #expect(model.layer.modules.map(\.name) == ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])
    #expect(LinearModule.queryKeyValue.shape(in: model) == (256 + 64 + 64, 64))
    #expect(LinearModule.queryKeyValue.rows(in: model) == [0..<256, 256..<320, 320..<384])
    #expect(LinearModule.gateUp.rows(in: model) == [0..<128, 128..<256])
    let shapes = Dictionary(uniqueKeysWithValues: model.tensorShapes.map { ($0.name, $0.shape) })
    #expect(shapes["model.layers.1.self_attn.qkv_proj.weight"] == [384, 64])
    #expect(shapes["model.layers.1.mlp.gate_up_proj.weight"] == [256, 64])
    #expect(shapes["model.layers.1.self_attn.q_proj.weight"] == nil)
    for (key, value, expected) in [
      ("intermediate_size", "127", "intermediate_size is 127, but must be even in a phi3 model"),
      ("rope_scaling", "{\"type\":\"su\"}", "rope_scaling.short_factor is absent"),
      ("partial_rotary_factor", "0.05", "partial_rotary_factor is 0.05, but must be such that an even number"),
    ] {
      let sentence = checkpointRefusal { try decode(["model_type": "\"phi3\"", key: value]) }
      #expect(sentence.hasPrefix("config.json: \(expected)"), "\(sentence)")
    }
  }

  /// Phi-4-mini turns three quarters of a head, and its factors hold up to the original length.
  @Test func partialAndLongRotaryEmbeddings() throws {
    let long = try decode([
      "model_type": "\"phi3\"", "head_dim": "16", "partial_rotary_factor": "0.75", "max_position_embeddings": "16384",
      "rope_scaling": "{\"type\":\"su\",\"short_factor\":[1,1,1,1.5,2,2],\"long_factor\":[1,1,1,1,1,1]}",
    ])
    #expect(long.rotaries.map(\.dimension) == [12])
    // √(1 + ln 4 / ln 4096).
    let amplitude = (1 + 2.0 / 12).squareRoot()
    guard case .longRope([1, 1, 1, 1.5, 2, 2], let found, 4096)? = long.rotaries.first?.scaling else {
      Issue.record("\(long.rotaries)")
      return
    }
    #expect(abs(found - amplitude) < 1e-12)
    #expect(long.longestSequence == 4096)
  }

  @Test(arguments: [
    ("model_type", "\"gemma4\"", "model_type \"gemma4\" is not supported; supported: Llama"),
    ("model_type", "\"qwen3_moe\"", "model_type \"qwen3_moe\" is not supported"),
    ("model_type", "\"mixtral\"", "model_type \"mixtral\" is not supported"),
    ("model_type", "", "model_type is absent, but must be one of llama, mistral, qwen2, qwen3"),
    ("model_type", "7", "model_type is 7, but must be a string"),
    ("architectures", "[\"LlamaForSequenceClassification\"]", "the architecture \"LlamaForSequenceClassification\""),
    ("quantization_config", "{\"bits\":4}", "quantization by an unnamed method (quantization_config) is not supported"),
    (
      "quantization_config", "{\"quant_method\":\"gptq\",\"bits\":4}",
      "quantization by \"gptq\" (quantization_config) is not supported"
    ),
    (
      "quantization_config", "{\"quant_method\":\"awq\"}",
      "quantization by \"awq\" (quantization_config) is not supported; supported: NF4 and int8 of bitsandbytes; of any other, take the original 16-bit"
    ),
    (
      "quantization_config", "{\"quant_method\":\"compressed-tensors\"}",
      "quantization by \"compressed-tensors\" (quantization_config)"
    ),
    (
      "quantization_config", "{\"quant_method\":\"bitsandbytes\"}",
      "a quantization_config with neither load_in_4bit nor load_in_8bit"
    ),
    ("quantization_config", "{\"load_in_4bit\":true}", "bnb_4bit_quant_type \"fp4\" (quantization_config)"),
    ("quantization_config", "{\"load_in_4bit\":1}", "quantization_config.load_in_4bit is 1, but must be true or false"),
    ("quantization_config", "4", "quantization_config is 4, but must be an object"),
    ("hidden_act", "\"gelu\"", "hidden_act \"gelu\" is not supported; supported: silu"),
    ("num_local_experts", "8", "a mixture of experts (num_local_experts)"),
    ("use_qk_norm", "true", "normalised queries and keys (use_qk_norm)"),
    ("hidden_size", "", "hidden_size is absent, but must be a whole number from 1 to 131072"),
    ("hidden_size", "0", "hidden_size is 0"), ("hidden_size", "-64", "hidden_size is -64"),
    ("hidden_size", "1e30", "hidden_size is 1e+30"), ("hidden_size", "64.5", "hidden_size is 64.5"),
    ("hidden_size", "true", "hidden_size is true"), ("hidden_size", "\"64\"", "hidden_size is \"64\""),
    ("hidden_size", "60", "hidden_size is 60, but must be a multiple of num_attention_heads (8)"),
    ("num_hidden_layers", "100000", "num_hidden_layers is 100000"),
    ("num_key_value_heads", "3", "num_key_value_heads is 3, but must be a divisor of num_attention_heads (8)"),
    ("head_dim", "7", "head_dim is 7, but must be even"), ("vocab_size", "0", "vocab_size is 0"),
    ("rms_norm_eps", "0", "rms_norm_eps is 0, but must be a number above 0 and at most 1"),
    ("rms_norm_eps", "[1,{}]", "rms_norm_eps is [1, an object]"),
    ("tie_word_embeddings", "1", "tie_word_embeddings is 1, but must be true or false"),
    ("rope_theta", "-1", "rope_theta is -1"), ("rope_scaling", "4", "rope_scaling is 4, but must be an object"),
    ("rope_scaling", "{\"type\":\"ntk\",\"factor\":2}", "rotary scaling \"ntk\" is not supported"),
    ("rope_scaling", "{\"type\":\"dynamic\"}", "rope_scaling.factor is absent"),
    ("rope_scaling", "{\"type\":\"yarn\",\"factor\":-2}", "rope_scaling.factor is -2"),
    ("rope_scaling", "{\"rope_type\":\"longrope\"}", "rope_scaling.short_factor is absent"),
    (
      "rope_scaling", "{\"rope_type\":\"longrope\",\"short_factor\":[1,2]}",
      "rope_scaling.short_factor is [1, 2], but must be a list of 4 numbers"
    ),
    (
      "layer_types", "[\"full_attention\"]",
      "layer_types is [\"full_attention\"], but must be a list of 2 names, one a layer"
    ),
    ("rope_scaling", "{\"rope_type\":\"linear\"}", "rope_scaling.factor is absent"),
    (
      "rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":4}",
      "rope_scaling.high_freq_factor is 4, but must be larger than low_freq_factor"
    ),
    ("rope_parameters", "{\"full_attention\":{\"rope_theta\":1}}", "a different rotary embedding for each layer type"),
    ("rope_parameters", "{\"partial_rotary_factor\":0.5}", "partial_rotary_factor below 1 is not supported"),
    ("rope_interleaved", "true", "rope_interleaved is not supported"),
    ("layer_types", "[\"full_attention\",\"linear_attention\"]", "the layer type \"linear_attention\""),
    (
      "layer_types", "[\"sliding_attention\",\"full_attention\"]", "sliding_attention in a llama model is not supported"
    ),
    ("eos_token_id", "128", "eos_token_id is 128, but must be a whole number from 0 to 127, or a list of them"),
    ("bos_token_id", "-1", "bos_token_id is -1"),
  ])
  func refuses(key: String, value: String, expected: String) {
    let sentence = checkpointRefusal { try decode([key: value]) }
    #expect(sentence.hasPrefix("config.json: \(expected)"), "\(sentence)")
    #expect(!sentence.hasSuffix("."))
  }

  @Test func damagedTextIsNamed() {
    #expect(
      checkpointRefusal { try ModelConfiguration.decode(json: Data("{\"a\":".utf8), file: "config.json") }
        == "config.json is damaged or not in its format: the JSON ends too early (JSON byte 5)")
    #expect(
      checkpointRefusal { try ModelConfiguration.decode(json: Data("[]".utf8), file: "c") }.contains("not an object"))
  }
}
