import Checkpoint
import Foundation

/// A LoRA adapter as llama.cpp reads it (`--lora FILE`): for each adapted weight its factors A [r, in] and B [out, r], under
/// the weight's GGUF name; llama.cpp computes W + (alpha/r)·B·A.
public enum GGUFAdapter {
  /// Writes fp32 factors, the rows of B in llama.cpp's order. llama.cpp knows one alpha for all weights; where theirs differ
  /// from it, B carries the difference.
  /// - Parameters:
  ///   - model: the model that the adapter was trained for.
  ///   - name: what the file calls the adapter.
  /// - Throws: `CheckpointError` where llama.cpp has no such family, and where the disk refuses the file.
  public static func write(_ adapter: AdapterFolder, model: ModelConfiguration, name: String, to url: URL) throws {
    guard let family = GGUFFamily(modelType: model.modelType) else {
      throw CheckpointError.unsupported(
        file: url.path, feature: "a GGUF adapter for a \(CheckpointError.quoted(model.modelType)) model",
        supported: GGUFFamily.allCases.map(\.rawValue).joined(separator: ", ") + "; a folder is written for any")
    }
    guard !adapter.configuration.usesDoRA else {
      throw CheckpointError.unsupported(
        file: url.path, feature: "a GGUF adapter of DoRA", supported: "LoRA; merge it with --merge instead")
    }
    var writer = GGUFWriter()
    let modules = adapter.configuration.modules(of: model)
    // With it llama.cpp's alpha/r is PEFT's scale for the first weight: lora_alpha itself, and lora_alpha·√r for
    // rank-stabilised adapters.
    let alpha = modules.first.map { $0.scale * Double($0.rank) } ?? 1
    writer.set("general.architecture", .text(family.rawValue))
    writer.set("general.type", .text("adapter"))
    writer.set("adapter.type", .text("lora"))
    writer.set("adapter.lora.alpha", .number(Float(alpha)))
    writer.set("general.name", .text(name))
    // All fp32, in the present quantization scheme.
    writer.set("general.file_type", .whole(0))
    writer.set("general.quantization_version", .whole(2))
    for module in modules {
      let (address, rank) = (module.address, module.rank)
      guard let factors = adapter.tensors[address] else {
        throw CheckpointError.missingTensor(file: adapter.path, name: address.description)
      }
      let (outputs, inputs) = address.module.shape(in: model)
      guard rank > 0, factors.down.count == rank * inputs, factors.up.count == outputs * rank else {
        throw CheckpointError.wrongShape(
          file: adapter.path, name: address.description, shape: [factors.up.count, factors.down.count],
          expected: [outputs * rank, rank * inputs])
      }
      let isInterleaved =
        family.interleavesQueriesAndKeys
        && address.module.parts.allSatisfy { $0 == .q_proj || $0 == .k_proj }
      let weight = family.weightName(of: address)
      let excess = Float(module.scale * Double(rank) / alpha)
      writer.add(weight + ".lora_a", shape: [rank, inputs], values: factors.down)
      writer.add(
        weight + ".lora_b", shape: [outputs, rank],
        values: rows(factors.up, rank: rank, headDimension: isInterleaved ? model.headDimension : nil, factor: excess))
    }
    try writer.write(to: url)
  }

  private static func rows(_ values: [Float], rank: Int, headDimension: Int?, factor: Float) -> [Float] {
    var result = values
    if let headDimension {
      for row in 0..<values.count / rank {
        let target = HeadRows.interleaved(row, headDimension: headDimension)
        result.replaceSubrange(target * rank..<(target + 1) * rank, with: values[row * rank..<(row + 1) * rank])
      }
    }
    return factor == 1 ? result : result.map { $0 * factor }
  }
}
