import Base
import Checkpoint
import Foundation
import JSON
import TestSupport
import Testing

@testable import GGUF

/// A tiny model of each family, made by transformers, written as GGUF by the package gguf with llama.cpp's changes, and
/// read back: weights bit for bit, and the configuration.
@Suite struct ModelImportTests {
  static let names = ["llama", "llama-bias", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"]

  private func imported(_ name: String, precision: StoredType, to folder: TemporaryFolder) throws -> String {
    let path = folder.path + "/out"
    let plan = try GGUFImport(path: GGUFFixtures.url("models/\(name).gguf").path, precision: precision)
    #expect(try plan.write(to: path))
    return path
  }

  @Test(arguments: names) func weights(name: String) throws {
    let folder = try TemporaryFolder()
    let path = try imported(name, precision: .fp32, to: folder)
    let file = try SafetensorsFile(path: path + "/model.safetensors")
    let expected = try #require(try GGUFFixtures.json("models/\(name).json")["tensors"]?.object)
    #expect(Set(file.names) == Set(expected.keys))
    for (key, hash) in expected.members {
      let bytes = try file.tensor(key).float32().flatMap { GGUFBytes.little($0.bitPattern) }
      #expect(SHA256.hexadecimal(digest: SHA256.hash(bytes)) == hash.string, "\(key)")
    }
  }

  /// bf16, the default, holds the fixtures' weights as exactly.
  @Test(arguments: ["llama", "gemma2"]) func halfPrecision(name: String) throws {
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let wide = try SafetensorsFile(path: imported(name, precision: .fp32, to: first) + "/model.safetensors")
    let narrow = try SafetensorsFile(path: imported(name, precision: .bf16, to: second) + "/model.safetensors")
    for key in wide.names {
      let tensor = try narrow.tensor(key)
      #expect(tensor.type == .bf16)
      #expect(tensor.float32() == (try wide.tensor(key).float32()), "\(key)")
    }
  }

  @Test(arguments: names) func configuration(name: String) throws {
    let folder = try TemporaryFolder()
    let path = try imported(name, precision: .bf16, to: folder) + "/config.json"
    let config = try #require(try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))).object)
    let expected = try #require(try GGUFFixtures.json("models/\(name).json")["config"]?.object)
    for (key, value) in expected.members where key != "rope_parameters" {
      // What transformers writes as its default, and the family does not read.
      if key == "layer_types" || key == "sliding_window", name.hasPrefix("qwen") { continue }
      #expect(config[key] ?? .null == value, "\(key)")
    }
    guard let rope = expected["rope_parameters"]?.object else { return }
    let full = rope["full_attention"]?.object ?? rope
    #expect(config["rope_theta"] == full["rope_theta"])
    #expect(rope["sliding_attention"]?.object?["rope_theta"] == config["rope_local_base_freq"])
    let scaling = config["rope_scaling"]?.object ?? JSONObject()
    for key in ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"] {
      #expect(scaling[key] == full[key], "\(key)")
    }
    #expect((scaling["rope_type"] ?? .string("default")) == full["rope_type"])
  }

  /// Checkpoint reads the same model from both configurations, and opens the folder.
  @Test(arguments: names) func opens(name: String) throws {
    let folder = try TemporaryFolder()
    let path = try imported(name, precision: .bf16, to: folder)
    let expected = try #require(try GGUFFixtures.json("models/\(name).json")["config"])
    let original = try ModelConfiguration.decode(json: Data(expected.compactText.utf8), file: "original")
    #expect(try CheckpointFolder(path: path).configuration == original)
  }

  /// transformers refuses 30 where it expects 30.0.
  @Test func numbersKeepTheirKind() throws {
    let folder = try TemporaryFolder()
    let path = try imported("gemma2", precision: .bf16, to: folder) + "/config.json"
    let text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
    #expect(text.contains("\"final_logit_softcapping\": 30.0,\n") && text.contains("\"hidden_size\": 32,\n"))
    #expect(text.contains("\"rope_theta\": 10000.0,\n") && text.contains("\"rms_norm_eps\": 1e-06,\n"))
    #expect(text.contains("\"layer_types\": [\n    \"sliding_attention\",\n    \"full_attention\"\n  ],\n"))
  }

  @Test func describes() throws {
    let plan = try GGUFImport(path: GGUFFixtures.url("models/qwen3.gguf").path)
    #expect(plan.modelType == "qwen3" && plan.layerCount == 2 && plan.storedTypes == ["BF16"])
    // Embeddings and head 2·64·32, and a layer: q and o 2·64·32, k and v 2·32·32, MLP 3·64·32, norms 2·32 + 2·16.
    #expect(plan.parameterCount == 4096 + 2 * (4096 + 2048 + 6144 + 96) + 32)
    #expect(plan.warning == nil)
  }
}
