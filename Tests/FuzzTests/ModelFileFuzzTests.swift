import Foundation
import Testing

@testable import Checkpoint

/// The JSON and safetensors files of model and adapter folders.
@Suite struct ModelFileFuzzTests {
  private static let words = [
    "\"model_type\": ", "\"llama\"", "\"qwen2\"", "\"hidden_size\": ", "\"num_attention_heads\": ",
    "\"rope_scaling\": ",
    "\"rope_parameters\": ", "\"llama3\"", "\"factor\": ", "\"head_dim\": ", "\"vocab_size\": ", "\"eos_token_id\": ",
    "\"tie_word_embeddings\": ", "\"sliding_window\": ", "\"layer_types\": ", "\"target_modules\": ", "\"r\": ",
    "\"lora_alpha\": ", "\"rank_pattern\": ", "\"BF16\"", "\"F32\"", "\"dtype\": ", "\"shape\": ", "\"data_offsets\": ",
    "\"__metadata__\": ", "\"weight_map\": ",
  ]

  @Test func configuration() throws {
    let names = ["llama-bf16", "qwen2-fp16", "mistral-fp32-sharded"]
    let seeds = try names.map { try FuzzCampaign.file("Tests/Fixtures/checkpoint/\($0)/config.json") }
    let rope = try FuzzCampaign.file("Tests/Fixtures/model/llama3-rope/config.json")
    try FuzzCampaign.run("config.json", seeds: seeds + [rope], words: Self.words) { bytes in
      _ = try ModelConfiguration.decode(json: Data(bytes), file: "config.json")
    }
  }

  @Test func adapterConfiguration() throws {
    let names = ["adapter", "adapter-bf16", "adapter-rslora"]
    let seeds = try names.map { try FuzzCampaign.file("Tests/Fixtures/checkpoint/\($0)/adapter_config.json") }
    try FuzzCampaign.run("adapter_config.json", seeds: seeds, words: Self.words) { bytes in
      _ = try AdapterConfiguration.decode(json: bytes, file: "adapter_config.json")
    }
  }

  /// Whole files, so that offsets meet the data's length; the header's own length is mostly left to match.
  @Test func safetensors() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("x.safetensors")
    let whole = try FuzzCampaign.file("Tests/Fixtures/checkpoint/adapter-bf16/adapter_model.safetensors")
    let length = whole.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let data = whole[(8 + length)...].prefix(4096)
    let seeds = [
      Array(whole[8..<8 + length]),
      Array(
        #"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]}}"#
          .utf8),
      Array(#"{"__metadata__":{"format":"pt"},"c":{"dtype":"F16","shape":[0,5],"data_offsets":[0,0]}}"#.utf8),
    ]
    var number = 0
    try FuzzCampaign.run("safetensors", seeds: seeds, words: Self.words) { header in
      number += 1
      // Once in sixteen the length is another than the header's.
      let claimed =
        number % 16 == 0 ? UInt64(number) &* 0x9E37_79B9_7F4A_7C15 >> UInt64(number % 64) : UInt64(header.count)
      let file = (0..<8).map { UInt8(truncatingIfNeeded: claimed >> UInt64(8 * $0)) } + header + data
      try Data(file).write(to: url)
      let tensors = try SafetensorsFile(path: url.path)
      for name in tensors.names.prefix(4) { _ = try? tensors.tensor(name).float32() }
    }
  }

  /// Names in the index never lead out of the folder.
  @Test func shardIndex() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let seed = try FuzzCampaign.file("Tests/Fixtures/checkpoint/mistral-fp32-sharded/model.safetensors.index.json")
    let words = [
      "../x.safetensors", "/x.safetensors", "a/b.safetensors", ".safetensors", "..safetensors",
      "\\u002e./x.safetensors",
    ]
    try FuzzCampaign.run("model.safetensors.index.json", seeds: [seed], words: Self.words + words) { bytes in
      try Data(bytes).write(to: folder.appendingPathComponent(ShardIndex.indexName))
      for file in try ShardIndex.locate(in: folder).files {
        #expect(file.standardizedFileURL.deletingLastPathComponent().path == folder.standardizedFileURL.path)
      }
    }
  }
}
