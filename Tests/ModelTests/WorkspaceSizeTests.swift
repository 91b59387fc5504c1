import Checkpoint
import Foundation
import Device
import Model
import DeviceCPU
@testable import SpeedMeasurement
import Testing

/// A pass takes its scratch from memory that was planned from shapes alone, and traps where the plan is too small. So
/// every kind of micro-batch has to be tried: few rows and many, few head rows and many, odd widths, all products.
@Suite struct WorkspaceSizeTests {
  struct Setting: CustomTestStringConvertible, Sendable {
    var precision: Precision
    var level: KernelLevel
    var threads: Int
    var shape: LlamaShape
    var quantization = Quantization.none

    var testDescription: String {
      "\(shape.name), \(precision), \(level.rawValue), \(threads) threads, \(quantization)"
    }
  }

  /// The head's tile is the widest product of the first, the MLP's that of the second.
  static let shapes = [
    LlamaShape(
      name: "wide vocabulary", hidden: 96, inner: 64, layers: 1, heads: 3, keyValueHeads: 1, vocabulary: 3001,
      tied: true, ropeTheta: 10_000),
    LlamaShape(
      name: "wide inner", hidden: 64, inner: 1000, layers: 1, heads: 2, keyValueHeads: 2, vocabulary: 300,
      tied: false, ropeTheta: 10_000),
  ]

  static let settings: [Setting] = shapes.flatMap { shape in
    [
      (Precision.bf16, KernelLevel.best, 1), (.bf16, .best, 2), (.bf16, .best, 5), (.bf16, .avx2, 2),
      (.bf16, .avx2, 16),
      (.fp32, .best, 2),
    ].map { Setting(precision: $0.0, level: $0.1, threads: $0.2, shape: shape) } + [
      Setting(precision: .bf16, level: .best, threads: 2, shape: shape, quantization: .nf4),
      Setting(precision: .bf16, level: .avx2, threads: 3, shape: shape, quantization: .int8),
      Setting(precision: .fp32, level: .best, threads: 1, shape: shape, quantization: .nf4),
    ]
  }

  @Test(arguments: settings)
  func everyMicroBatchFitsItsPlan(_ setting: Setting) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("workspace-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try RandomCheckpoint.write(setting.shape, to: folder)
    let runtime = CPUDevice(
      threads: setting.threads, precision: setting.precision, kernelLevel: setting.level)
    let checkpoint = try CheckpointFolder(path: folder.path)
    let soak = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] != nil
    let lengths = soak ? Array(1...140) + [512, 513, 700] : [1, 2, 8, 9, 15, 16, 31, 32, 33, 40, 63, 64, 65, 130, 600]
    for rank in [1, 8] {
      let adapter = try LoRAAdapter(
        configuration: LoRAConfiguration(rank: rank, alpha: 16, targetModules: LinearKind.allCases),
        model: checkpoint.configuration, seed: 3)
      for length in lengths {
        // A model of its own, so that its memory was not planned for a longer batch before.
        let model = try LanguageModel(
          checkpoint: checkpoint, device: runtime, quantization: setting.quantization)
        let tokens = (0..<Int32(length)).map { $0 % 290 }
        let short = PromptGroup(prompt: tokens, responses: [[1]])
        let long = PromptGroup(prompt: [5, 6], responses: [tokens, [7, 8]])
        for group in [short, long] {
          let scores = try model.score([group], adapter: adapter)
          #expect(scores[0].joined().allSatisfy { $0.isFinite && $0 < 0 })
          let gradients = LoRAGradients(like: adapter)
          try model.accumulate([group], adapter: adapter, gradients: gradients) { _, _, sums in
            sums.map { _ in 1 }
          }
          #expect(runtime.norm(gradients.values).isFinite)
        }
      }
    }
  }
}
