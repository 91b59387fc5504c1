import Checkpoint
import Foundation
import Device
import Model

/// A tiny checkpoint with an adapter, token ids, log-probs and gradients made by PyTorch (Tests/Fixtures/model/make.py).
struct ModelFixture {
  struct Group: Decodable {
    let prompt: [Int32]
    let responses: [[Int32]]
    let coefficients: [Double]?
    let policy: [[Float]]?
    let reference: [[Float]]
  }

  static let names = [
    "untied-grouped", "tied-wide-heads", "qwen2-biases", "llama3-rope", "qwen3-head-norms", "mistral-window",
    "qwen2-upper-windows", "llama-yarn", "internlm3-dynamic", "smollm3-nope", "granite-factors", "gemma", "gemma2-caps",
    "gemma3-text", "olmo2", "olmo3-yarn", "exaone4", "phi3-fused",
    "phi3-longrope", "neox-parallel", "neox-sequential",
  ]
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/model")

  let url: URL
  let checkpoint: CheckpointFolder
  let groups: [Group]

  init(_ name: String) throws {
    url = Self.folder.appendingPathComponent(name)
    checkpoint = try CheckpointFolder(path: url.path)
    groups = try JSONDecoder().decode(
      [Group].self, from: Data(contentsOf: url.appendingPathComponent("groups.json")))
  }

  var promptGroups: [PromptGroup] { groups.map { PromptGroup(prompt: $0.prompt, responses: $0.responses) } }

  func model(
    _ precision: Precision = .fp32, on device: TestDevice = .cpu, threads: Int = 2
  ) throws -> LanguageModel {
    try LanguageModel(checkpoint: checkpoint, device: device.make(precision, threads: threads))
  }

  func adapter() throws -> LoRAAdapter {
    let configuration = checkpoint.configuration
    return try LoRAAdapter(
      folder: AdapterFolder.read(path: url.appendingPathComponent("adapter").path, model: configuration),
      model: configuration)
  }

  /// dL/dA and dL/dB of every adapted linear.
  func gradients(_ adapter: LoRAAdapter) throws -> [(name: String, range: Range<Int>, values: [Float])] {
    let file = try SafetensorsFile(path: url.appendingPathComponent("gradients.safetensors").path)
    return try adapter.layout.linears.flatMap { linear in
      let name = "base_model.model." + linear.address.description
      let up = try file.tensor(name + ".lora_B.weight").float32()
      return [
        (name + ".lora_A", linear.down, try file.tensor(name + ".lora_A.weight").float32()),
        (name + ".lora_B", linear.up, linear.storedRows?.used(up) ?? up),
      ]
    }
  }

  /// Gradients of Σ c·l with the fixture's coefficients.
  func accumulated(_ model: LanguageModel, _ adapter: LoRAAdapter) throws -> LoRAGradients {
    let gradients = LoRAGradients(like: adapter)
    try model.accumulate(promptGroups, adapter: adapter, gradients: gradients) { group, _, _ in
      groups[group].coefficients ?? []
    }
    return gradients
  }
}

/// The largest |a − b| over all tokens.
func largestDifference(_ a: [[[Float]]], _ b: [[[Float]]]) -> Float {
  var largest: Float = a.count == b.count ? 0 : .infinity
  for (left, right) in zip(a.joined(), b.joined()) {
    if left.count != right.count { return .infinity }
    for (x, y) in zip(left, right) { largest = max(largest, (x - y).isNaN ? .infinity : abs(x - y)) }
  }
  return largest
}

/// ‖a − b‖ / ‖b‖.
func relativeError(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Double {
  guard a.count == b.count else { return .infinity }
  var difference = 0.0
  var norm = 0.0
  for (x, y) in zip(a, b) {
    difference += Double(x - y) * Double(x - y)
    norm += Double(y) * Double(y)
  }
  return (difference / max(norm, 1e-30)).squareRoot()
}
