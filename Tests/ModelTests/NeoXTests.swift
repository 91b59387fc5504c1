import Checkpoint
import Foundation
import Model
import Testing

/// GPT-NeoX's own: rows of queries, keys and values that alternate by head, in weights and in adapters.
@Suite struct NeoXTests {
  private func fixture() throws -> ModelFixture { try ModelFixture("neox-sequential") }

  private func temporary() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("neox-\(UUID().uuidString)")
  }

  @Test func mergesAsPEFTDoes() throws {
    let fixture = try fixture()
    let url = temporary()
    defer { try? FileManager.default.removeItem(at: url) }
    try AdapterExport(adapter: fixture.url.path + "/adapter", model: fixture.url.path).writeMerged(to: url.path)
    let golden = try SafetensorsFile(path: fixture.url.path + "/merged.safetensors")
    let merged = try SafetensorsFile(path: url.path + "/model.safetensors")
    #expect(golden.names.count == 12)
    for name in golden.names {
      let error = relativeError(try merged.tensor(name).float32(), try golden.tensor(name).float32())
      #expect(error < 1e-6, "\(name): \(error)")
    }
    // And the merged model computes what the adapter does.
    let model = try LanguageModel(
      checkpoint: CheckpointFolder(path: url.path), device: TestDevice.cpu.make(.fp32, threads: 2))
    let found = try model.score(fixture.promptGroups, adapter: nil)
    #expect(largestDifference(found, fixture.groups.map { $0.policy ?? [] }) < 2e-5)
  }

  /// What is trained is written as PEFT has it, and reads back.
  @Test(arguments: ["neox-parallel", "neox-sequential"])
  func writesWhatItReads(name: String) throws {
    let fixture = try ModelFixture(name)
    let url = temporary()
    defer { try? FileManager.default.removeItem(at: url) }
    let adapter = try fixture.adapter()
    try adapter.write(to: url, baseModelName: "b")
    let mine = try SafetensorsFile(path: url.path + "/adapter_model.safetensors")
    let theirs = try SafetensorsFile(path: fixture.url.path + "/adapter/adapter_model.safetensors")
    #expect(Set(mine.names) == Set(theirs.names))
    for name in theirs.names { #expect(try mine.tensor(name).float32() == theirs.tensor(name).float32(), "\(name)") }
    let again = try LoRAAdapter(
      folder: AdapterFolder.read(path: url.path, model: fixture.checkpoint.configuration),
      model: fixture.checkpoint.configuration)
    #expect(again.parameters.array == adapter.parameters.array)
  }

  @Test(arguments: TestDevice.allCases)
  func doraMatchesPEFT(device: TestDevice) throws {
    let fixture = try fixture()
    let configuration = fixture.checkpoint.configuration
    let adapter = try LoRAAdapter(
      folder: AdapterFolder.read(path: fixture.url.path + "/dora", model: configuration), model: configuration)
    let golden = try JSONDecoder().decode(
      [[[Float]]].self, from: Data(contentsOf: fixture.url.appendingPathComponent("dora.json")))
    let found = try fixture.model(on: device).score(fixture.promptGroups, adapter: adapter)
    #expect(largestDifference(found, golden) < 2e-5)
  }

  /// The same model with changes to its configuration's text.
  private func changed(_ change: (String) -> String) throws -> URL {
    let (url, source) = (temporary(), try fixture().url)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: source.appendingPathComponent("model.safetensors"), to: url.appendingPathComponent("model.safetensors"))
    let text = try String(contentsOf: source.appendingPathComponent("config.json"), encoding: .utf8)
    try change(text).write(to: url.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
    return url
  }

  @Test func quantizedRowsByHeadAreRefused() throws {
    let url = try changed {
      $0.replacingOccurrences(
        of: "\"model_type\"", with: "\"quantization_config\": {\"load_in_8bit\": true}, \"model_type\"")
    }
    defer { try? FileManager.default.removeItem(at: url) }
    let error = #expect(throws: CheckpointError.self) { try CheckpointFolder(path: url.path) }
    #expect(error.map { "\($0)" }?.contains("bitsandbytes in a gpt_neox model") == true)
  }

  /// An older file's own names for its keys.
  @Test func olderConfigurationsAreRead() throws {
    let url = try changed { text in
      let start = text.range(of: "\"rope_parameters\""), end = text.range(of: "},")
      guard let start, let end else { return text }
      return text.replacingCharacters(
        in: start.lowerBound..<end.upperBound, with: "\"rotary_pct\": 0.5, \"rotary_emb_base\": 10000,")
    }
    defer { try? FileManager.default.removeItem(at: url) }
    #expect(try CheckpointFolder(path: url.path).configuration == fixture().checkpoint.configuration)
  }

  /// The copies of what is stored head by head are in the memory plan.
  @Test func thePlanCountsTheCopies() throws {
    let model = try fixture().model()
    let plan = model.memoryPlan(tokens: 64, adapter: nil, training: false)
    let bytes = model.configuration.layerCount * 3 * 32 * 32 * 4
    #expect(plan.parts.contains { $0.name == "weights, converted" && $0.bytes == bytes })
  }
}
