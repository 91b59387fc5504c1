import Checkpoint
import Device
import Foundation
import Model

/// Adapters as PEFT writes them, with what PyTorch computes with each (Tests/Fixtures/adapter/make.py).
struct AdapterFixture {
  struct Cases: Decodable {
    struct Policy: Decodable {
      let base: String
      let values: [[[Float]]]
    }

    let groups: [Group]
    let references: [String: [[[Float]]]]
    let policies: [String: Policy]
  }

  struct Group: Decodable {
    let prompt: [Int32]
    let responses: [[Int32]]
    let coefficients: [Double]
  }

  static let folder = ModelFixture.folder.deletingLastPathComponent().appendingPathComponent("adapter")
  /// Those that are trained, and so have gradients.
  static let trained = [
    "patterns", "some-layers", "one-layer", "regex", "looks-ahead", "excluded", "full-names", "phi3-all",
    "phi3-patterns",
  ]
  static let all =
    trained + ["dora", "phi3-dora", "pissa", "wrapped", "wrapped-before", "mlx", "mlx-dora"]

  let name: String
  let cases: Cases
  let policy: Cases.Policy
  let checkpoint: CheckpointFolder

  init(_ name: String) throws {
    self.name = name
    cases = try JSONDecoder().decode(
      Cases.self, from: Data(contentsOf: Self.folder.appendingPathComponent("cases.json")))
    guard let policy = cases.policies[name] else { throw CocoaError(.fileNoSuchFile) }
    self.policy = policy
    checkpoint = try CheckpointFolder(path: Self.folder.appendingPathComponent(policy.base).path)
  }

  var path: String { Self.folder.appendingPathComponent(name).path }
  var groups: [PromptGroup] { cases.groups.map { PromptGroup(prompt: $0.prompt, responses: $0.responses) } }
  var reference: [[[Float]]] { cases.references[policy.base] ?? [] }

  func read() throws -> AdapterFolder { try AdapterFolder.read(path: path, model: checkpoint.configuration) }

  func adapter() throws -> LoRAAdapter { try LoRAAdapter(folder: read(), model: checkpoint.configuration) }

  func model(
    _ precision: Precision = .fp32, on device: TestDevice = .cpu, threads: Int = 2
  ) throws -> LanguageModel {
    try LanguageModel(checkpoint: checkpoint, device: device.make(precision, threads: threads))
  }

  /// Gradients of Σ c·l with the fixture's coefficients.
  func gradients(_ model: LanguageModel, _ adapter: LoRAAdapter) throws -> [Float] {
    let gradients = LoRAGradients(like: adapter)
    try model.accumulate(groups, adapter: adapter, gradients: gradients) { group, _, _ in
      cases.groups[group].coefficients
    }
    return gradients.values.array
  }
}
