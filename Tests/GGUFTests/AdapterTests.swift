import Checkpoint
import Foundation
import TestSupport
import Testing

@testable import GGUF

/// Adapters as llama.cpp reads them: in its order of rows, base + (alpha/r)·B·A is what PEFT's merge gives in its own.
@Suite struct AdapterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func fixture(_ name: String) -> String { TestPackage.fixture("checkpoint/" + name).path }

  /// A GGUF tensor as rows.
  private func rows(_ name: String, in file: GGUFFile) throws -> [[Float]] {
    let tensor = try #require(file[tensor: name], "\(name)")
    let values = try GGUFWeights(file: file).floats(tensor, rows: 0..<tensor.shape[0])
    return (0..<tensor.shape[0]).map { Array(values[$0 * tensor.shape[1]..<($0 + 1) * tensor.shape[1]]) }
  }

  /// - Returns: the largest difference from PEFT's merge, relative to the largest merged weight.
  private func compare(adapter name: String, base: String, alpha: Float) throws -> Float {
    let checkpoint = try CheckpointFolder(path: fixture(base))
    let model = checkpoint.configuration
    let adapter = try AdapterFolder.read(path: fixture(name), model: model)
    let url = URL(fileURLWithPath: folder.path + "/\(name).gguf")
    try GGUFAdapter.write(adapter, model: model, name: "test", to: url)
    let file = try GGUFFile(path: url.path)
    #expect(file.scalars["general.architecture"] == .string("llama"))
    #expect(file.scalars["general.type"] == .string("adapter"))
    #expect(file.scalars["adapter.type"] == .string("lora"))
    #expect(abs((file.scalars["adapter.lora.alpha"]?.number ?? 0) - Double(alpha)) < 1e-5)
    #expect(file.tensors.count == 2 * adapter.tensors.count)
    let merged = try SafetensorsFile(path: fixture(name + ".merged.safetensors"))
    var worst: Float = 0
    for address in adapter.tensors.keys {
      let weight = GGUFFamily.llama.weightName(of: address)
      let (a, b) = (try rows(weight + ".lora_a", in: file), try rows(weight + ".lora_b", in: file))
      let expected = try merged.tensor(address.description + ".weight").float32()
      let original = try checkpoint.tensor(address.description + ".weight").float32()
      let inputs = address.module.shape(in: model).inputs
      let largest = expected.reduce(0) { max($0, abs($1)) }
      for row in 0..<b.count {
        // q and k rows lie interleaved: pairs of neighbours are the two halves of a head.
        let isInterleaved = ["q_proj", "k_proj"].contains(address.module.name)
        let half = model.headDimension / 2
        let inside = row % model.headDimension
        let source = isInterleaved ? row - inside + inside / 2 + (inside % 2) * half : row
        for column in 0..<inputs {
          let delta = zip(b[row], a).reduce(Float(0)) { $0 + $1.0 * $1.1[column] } * alpha / Float(a.count)
          let place = source * inputs + column
          worst = max(worst, abs(original[place] + delta - expected[place]) / largest)
        }
      }
    }
    return worst
  }

  /// Rank 3, alpha 6. The merge is stored in fp32.
  @Test func plain() throws {
    #expect(try compare(adapter: "adapter", base: "mistral-fp32-sharded", alpha: 6) < 1e-6)
  }

  /// Rank 4, alpha 6, rank-stabilised: llama.cpp divides by r, so its alpha is 6·√4. The merge is stored in bf16.
  @Test func rankStabilised() throws {
    let worst = try compare(adapter: "adapter-rslora", base: "llama-bf16", alpha: 12)
    #expect(worst < 0.004)
  }

  /// Qwen2's rows stay as they are.
  @Test func otherFamilies() throws {
    #expect(GGUFFamily(modelType: "qwen2")?.interleavesQueriesAndKeys == false)
    #expect(GGUFFamily(modelType: "mistral") == .llama && GGUFFamily(modelType: "gemma3_text") == .gemma3)
    let address = LinearAddress(layer: 3, kind: .down_proj)
    #expect(GGUFFamily.gemma3.weightName(of: address) == "blk.3.ffn_down.weight")
    let model = ModelConfiguration(
      modelType: "granite", hiddenSize: 8, intermediateSize: 8, layerCount: 1, headCount: 1, keyValueHeadCount: 1,
      headDimension: 8, vocabularySize: 8)
    let adapter = try AdapterFolder.read(
      path: fixture("adapter"), model: CheckpointFolder(path: fixture("mistral-fp32-sharded")).configuration)
    let url = URL(fileURLWithPath: folder.path + "/x.gguf")
    let sentence = refusal { try GGUFAdapter.write(adapter, model: model, name: "test", to: url) }
    #expect(sentence.contains("a GGUF adapter for a \"granite\" model is not supported"))
    #expect(!FileManager.default.fileExists(atPath: url.path))
  }
}
