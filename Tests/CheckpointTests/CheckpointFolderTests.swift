import Foundation
import Testing

@testable import Checkpoint

@Suite struct CheckpointFolderTests {
  @Test(arguments: ["llama-bf16", "qwen2-fp16", "mistral-fp32-sharded"])
  func readsAFolderOfTransformers(name: String) throws {
    let folder = try CheckpointFolder(path: CheckpointFixtures.path(name))
    let golden = try SafetensorsFile(path: CheckpointFixtures.path("\(name).float32.safetensors"))
    #expect(Set(folder.names) == Set(golden.names))
    for name in golden.names {
      #expect(try folder.tensor(name).float32() == golden.tensor(name).float32(), "\(name)")
    }
    let elements = try golden.names.reduce(0) { $0 + (try golden.tensor($1).elementCount) }
    #expect(folder.weightBytes == elements * (name.hasPrefix("mistral") ? 4 : 2))
    #expect(folder.hasTensor("model.norm.weight"))
    #expect(!folder.hasTensor("model.norm.bias"))
  }

  @Test func configurationsMatchTheirFolders() throws {
    let llama = try CheckpointFolder(path: CheckpointFixtures.path("llama-bf16"))
    #expect(
      llama.configuration
        == ModelConfiguration(
          hiddenSize: 16, intermediateSize: 20, layerCount: 2, headCount: 4, keyValueHeadCount: 2, headDimension: 6,
          vocabularySize: 24, rmsNormEpsilon: 1e-6, tiedEmbeddings: true, queryKeyValueBias: true, outputBias: true,
          mlpBias: true, maxPositions: 64, bosTokenID: 1, eosTokenIDs: [2, 7]))
    #expect(llama.files.map(\.lastPathComponent) == ["config.json", "generation_config.json", "model.safetensors"])
    let mistral = try CheckpointFolder(path: CheckpointFixtures.path("mistral-fp32-sharded"))
    #expect(mistral.configuration.slidingWindow == 32)
    #expect(mistral.files.count == 5)
    #expect(try CheckpointFolder(path: CheckpointFixtures.path("qwen2-fp16")).configuration.eosTokenIDs == [3, 4])
  }

  /// A Hugging Face cache: snapshots/<revision>/<file> -> ../../blobs/<hash>.
  @Test func symbolicLinksAreFollowed() throws {
    let scratch = try CheckpointScratch()
    let files = FileManager.default
    try files.createDirectory(at: scratch["blobs"], withIntermediateDirectories: true)
    try files.createDirectory(at: scratch["snapshots/main"], withIntermediateDirectories: true)
    let fixture = CheckpointFixtures.folder.appendingPathComponent("mistral-fp32-sharded")
    for name in try files.contentsOfDirectory(atPath: fixture.path) {
      try files.copyItem(at: fixture.appendingPathComponent(name), to: scratch["blobs/\(name).blob"])
      try files.createSymbolicLink(
        atPath: scratch["snapshots/main/\(name)"].path, withDestinationPath: "../../blobs/\(name).blob")
    }
    let linked = try CheckpointFolder(path: scratch["snapshots/main"].path)
    #expect(try linked.contentHash() == CheckpointFolder(path: fixture.path).contentHash())
  }

  @Test func theHashNamesTheContent() throws {
    let scratch = try CheckpointScratch(copying: "llama-bf16")
    let original = try CheckpointFolder(path: CheckpointFixtures.path("llama-bf16")).contentHash()
    #expect(original.count == 64)
    #expect(try CheckpointFolder(path: scratch.url.path).contentHash() == original)
    var bytes = [UInt8](try Data(contentsOf: scratch["model.safetensors"]))
    bytes[bytes.count - 1] ^= 1
    try scratch.write(bytes, as: "model.safetensors")
    let changed = try CheckpointFolder(path: scratch.url.path).contentHash()
    #expect(changed != original)
    bytes[bytes.count - 1] ^= 1
    try scratch.write(bytes, as: "model.safetensors")
    #expect(try CheckpointFolder(path: scratch.url.path).contentHash() == original)
    try scratch.replace("1e-06", with: "1e-05", in: "config.json")
    #expect(try CheckpointFolder(path: scratch.url.path).contentHash() != original)
  }

  @Test func aTiedHeadMayBeStoredTwiceOnlyIfEqual() throws {
    let scratch = try CheckpointScratch(copying: "llama-bf16")
    let source = try SafetensorsFile(path: CheckpointFixtures.path("llama-bf16/model.safetensors"))
    let embedding = try source.tensor("model.embed_tokens.weight")
    var head = embedding.float32()
    func write() throws {
      let entries = try source.names.map { SafetensorsEntry(try source.tensor($0)) }
      try SafetensorsFile.write(
        entries + [SafetensorsEntry(name: "lm_head.weight", shape: embedding.shape, values: head, type: .bf16)],
        to: scratch["model.safetensors"])
    }
    try write()
    _ = try CheckpointFolder(path: scratch.url.path)
    head[5] += 1
    try write()
    #expect(
      checkpointRefusal { try CheckpointFolder(path: scratch.url.path) }.contains(
        "set tie_word_embeddings to false there"))
  }

  /// Each edit of config.json makes it describe another model than the weights.
  @Test(arguments: [
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "has no tensor \"model.layers.2.input_layernorm.weight\""),
    (
      "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1",
      "would be ignored: config.json describes a model without it"
    ),
    ("\"mlp_bias\": true", "\"mlp_bias\": false", "bias\" that would be ignored"),
    ("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", "has no tensor \"lm_head.weight\""),
    (
      "\"vocab_size\": 24", "\"vocab_size\": 25",
      "tensor \"model.embed_tokens.weight\" has shape [24, 16], but the configuration asks for [25, 16]"
    ),
  ])
  func aConfigurationThatLiesIsRefused(old: String, new: String, expected: String) throws {
    let scratch = try CheckpointScratch(copying: "llama-bf16")
    try scratch.replace(old, with: new, in: "config.json")
    let sentence = checkpointRefusal { try CheckpointFolder(path: scratch.url.path) }
    #expect(sentence.contains(expected), "\(sentence)")
  }

  @Test(arguments: [
    ("../model-00001-of-00002.safetensors", "is not the plain name of a .safetensors file"),
    ("/etc/x.safetensors", "is not the plain name of a .safetensors file"),
    ("model-00001-of-00002.bin", "is not the plain name of a .safetensors file"),
    ("model-00003-of-00002.safetensors", "model-00003-of-00002.safetensors cannot be read: No such file or directory"),
    ("model-00002-of-00002.safetensors", "model-00002-of-00002.safetensors has no tensor"),
  ])
  func aShardIndexThatLiesIsRefused(name: String, expected: String) throws {
    let scratch = try CheckpointScratch(copying: "mistral-fp32-sharded")
    try scratch.replace(
      "\"model.embed_tokens.weight\": \"model-00001-of-00002.safetensors\"",
      with: "\"model.embed_tokens.weight\": \"\(name)\"", in: "model.safetensors.index.json")
    let sentence = checkpointRefusal { try CheckpointFolder(path: scratch.url.path) }
    #expect(sentence.contains(expected), "\(sentence)")
  }

  @Test func twoShardsMayNotShareATensor() throws {
    let scratch = try CheckpointScratch(copying: "mistral-fp32-sharded")
    try FileManager.default.removeItem(at: scratch["model-00002-of-00002.safetensors"])
    try FileManager.default.copyItem(
      at: scratch["model-00001-of-00002.safetensors"], to: scratch["model-00002-of-00002.safetensors"])
    #expect(checkpointRefusal { try CheckpointFolder(path: scratch.url.path) }.contains("is also in another shard"))
  }

  @Test func otherFoldersAreExplained() throws {
    let scratch = try CheckpointScratch()
    func sentence(_ path: String? = nil) -> String {
      checkpointRefusal { try CheckpointFolder(path: path ?? scratch.url.path) }
    }
    #expect(sentence(scratch["none"].path).contains("there is no such folder"))
    #expect(sentence().contains("config.json is not there"))
    try scratch.write("{}", as: "adapter_config.json")
    #expect(sentence().contains("it is a LoRA adapter; name the base model's folder"))
    try scratch.write("", as: "m.gguf")
    #expect(sentence().contains("it holds GGUF and config.json is not there; name the .gguf file itself"))
    #expect(sentence().contains("workbench import FILE.gguf --to DIR"))
    try FileManager.default.removeItem(at: scratch["m.gguf"])
    try FileManager.default.copyItem(
      at: CheckpointFixtures.folder.appendingPathComponent("llama-bf16/config.json"), to: scratch["config.json"])
    try FileManager.default.removeItem(at: scratch["adapter_config.json"])
    #expect(sentence().contains("model.safetensors or model.safetensors.index.json is not there"))
    try scratch.write("", as: "pytorch_model.bin")
    #expect(sentence().contains("PyTorch pickles; convert them with AutoModelForCausalLM"))
    #expect(sentence(scratch["config.json"].path).contains("it is a file; name the folder that holds config.json"))
  }

  @Test func theRealModelOpensWhereItIsAvailable() throws {
    let shared =
      ProcessInfo.processInfo.environment["WORKBENCH_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? CheckpointFixtures.folder.appendingPathComponent("../../../../shared").standardizedFileURL
    let path = shared.appendingPathComponent("models/stories260K").path
    guard FileManager.default.fileExists(atPath: path) else {
      print("skipped: no model in \(path)")
      return
    }
    let folder = try CheckpointFolder(path: path)
    #expect(folder.weightBytes == 260_032 * 4)
    #expect(folder.configuration.headDimension == 8)
  }
}
