import Base
import Checkpoint
import Device
import Foundation
import Model
import Testing

/// Text decoders inside models that see pictures: the same decoder under other names.
@Suite struct WrappedDecoderTests {
  /// The gemma3-text fixture as a model with pictures stores it.
  private func wrapped(_ prefix: String) throws -> (plain: ModelFixture, folder: URL) {
    let plain = try ModelFixture("gemma3-text")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wrapped-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let text = try String(contentsOf: plain.url.appendingPathComponent("config.json"), encoding: .utf8)
    let config =
      #"{"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "text_config": \#(text)}"#
    try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
    let file = try SafetensorsFile(path: plain.url.appendingPathComponent("model.safetensors").path)
    var entries = try file.names.map { name in
      let tensor = try file.tensor(name)
      return SafetensorsEntry(
        name: prefix + name.dropFirst("model.".count), shape: tensor.shape, type: tensor.type,
        values: { tensor.float32(elements: $0) })
    }
    for name in ["vision_tower.embeddings.weight", "multi_modal_projector.weight"] {
      entries.append(SafetensorsEntry(name: name, shape: [4, 4], type: .fp32) { $0.map { Float($0) } })
    }
    try SafetensorsFile.write(entries, metadata: [:], to: folder.appendingPathComponent("model.safetensors"))
    return (plain, folder)
  }

  @Test(arguments: ["language_model.model.", "model.language_model."])
  func bothSpellingsAreTheSameDecoder(prefix: String) throws {
    let (plain, folder) = try wrapped(prefix)
    defer { try? FileManager.default.removeItem(at: folder) }
    let checkpoint = try CheckpointFolder(path: folder.path)
    let model = try LanguageModel(checkpoint: checkpoint, device: TestDevice.cpu.make(.fp32))
    let expected = try plain.model()
    #expect(
      try model.score(plain.promptGroups, adapter: plain.adapter())
        == expected.score(plain.promptGroups, adapter: plain.adapter()))
  }

  /// A merge writes tensors under the names that the base has them under.
  @Test func aMergedModelKeepsItsNames() throws {
    let (plain, folder) = try wrapped("model.language_model.")
    let merged = folder.appendingPathComponent("merged")
    defer { try? FileManager.default.removeItem(at: folder) }
    let base = try CheckpointFolder(path: folder.path)
    let adapter = try AdapterFolder.read(
      path: plain.url.appendingPathComponent("adapter").path, model: base.configuration)
    try LoRAMerge.write(base: base, adapter: adapter, to: merged)
    let result = try CheckpointFolder(path: merged.path)
    #expect(Set(result.names) == Set(base.names))
    let model = try LanguageModel(checkpoint: result, device: TestDevice.cpu.make(.fp32))
    let scores = try model.score(plain.promptGroups, adapter: nil)
    // The base is in bf16, and so is what the merge writes.
    #expect(largestDifference(scores, plain.groups.map { $0.policy ?? [] }) < 0.2)
    #expect(largestDifference(scores, plain.groups.map(\.reference)) > 0.2)
  }
}
