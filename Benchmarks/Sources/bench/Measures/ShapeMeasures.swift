import Checkpoint
import Foundation
import Model
import SpeedMeasurement
import Training

extension Catalogue {
  static let shape1B = Measure(
    name: "shape-1b", summary: "a step of 16 pairs on random weights in Llama-3.2-1B's shape (2.5 GB of disk)",
    isLarge: true
  ) { setting in
    let shape = setting.quick ? LlamaShape.tiny : .llama32_1B
    let model = try load(shape, setting)
    let groups = SyntheticPrompts().groups(16, vocabulary: model.configuration.vocabularySize)
    let readings = try StepReadings.take(model: model, groups: groups, rounds: setting.rounds(3), live: false)
    let beside = Double(readings.memory - shape.weightBytes) * 1e-6
    return readings.rows("cached reference", bar: .atLeast(75)) + [
      Row("memory beside the weights", [beside], "MB", bar: .atMost(2000))
    ]
  }

  static let shape8B = Measure(
    name: "shape-8b",
    summary: "a step over 2 responses of 256 tokens in Llama-3-8B's shape (16 GB of disk, about 18 GB of memory)",
    isLarge: true
  ) { setting in
    let shape = setting.quick ? LlamaShape.tiny : .llama3_8B
    let model = try load(shape, setting)
    let half = setting.quick ? 16 : 256
    let tokens = (0..<half).map { Int32($0 + 1) }
    let groups = [
      PromptGroup(
        prompt: Array(tokens.prefix(half / 2)), responses: [tokens, Array(tokens.reversed())])
    ]
    let rows = groups.reduce(0) { $0 + $1.rowCount }
    let available = Machine.availableMemory
    let plan = model.fitMemory(
      available: available, tokens: rows, responseTokens: 2 * half, longestGroup: rows, adapter: StepProbe.lora)
    print("memory plan, \(shape.name), one prompt with two responses of \(half) tokens:\n\(plan)")
    if let available, plan.totalBytes > available {
      throw TrainingError.doesNotFit(needed: plan.totalBytes, available: available)
    }
    let readings = try StepReadings.take(model: model, groups: groups, rounds: setting.rounds(1), live: false)
    return readings.rows("cached reference", bar: nil) + [
      Row("planned memory", [Double(plan.totalBytes) * 1e-6], "MB")
    ]
  }

  private static func load(_ shape: LlamaShape, _ setting: Setting) throws -> LanguageModel {
    try LanguageModel(
      checkpoint: CheckpointFolder(path: setting.folder(of: shape)), device: setting.runtime(.bf16))
  }
}
