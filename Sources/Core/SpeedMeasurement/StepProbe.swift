import Checkpoint
import Foundation
import Model
import Base
import Device

/// Optimizer steps outside a run: the same passes, gradients and AdamW, without data, sampling and records.
///
/// The loss is the soft-max of β(l − l_ref) over a prompt's responses, DPO's for two of them. Which loss it is has no
/// part in the time: a loss only hands back one number a response.
public final class StepProbe {
  public let model: LanguageModel
  public let adapter: LoRAAdapter
  private let gradients: LoRAGradients
  private let firstMoment, secondMoment: FloatBuffer
  private var updates = 0

  public static let lora = LoRAConfiguration(rank: 8, alpha: 16, targets: .allLinear)

  public init(model: LanguageModel, lora: LoRAConfiguration = StepProbe.lora, seed: UInt64 = 1) throws {
    self.model = model
    adapter = try LoRAAdapter(configuration: lora, model: model.configuration, seed: seed)
    gradients = LoRAGradients(like: adapter)
    firstMoment = FloatBuffer(count: adapter.parameters.count)
    secondMoment = FloatBuffer(count: adapter.parameters.count)
  }

  /// Summed log-probs [group][response] with the adapter off.
  public func references(_ groups: [PromptGroup]) throws -> [[Double]] {
    try model.score(groups, adapter: nil).map { $0.map { $0.reduce(0) { $0 + Double($1) } } }
  }

  /// One step; the mean loss.
  @discardableResult
  public func step(_ groups: [PromptGroup], references: [[Double]], learningRate: Double = 1e-4) throws -> Double {
    gradients.values.zero()
    let beta = 0.1
    let share = 1 / Double(max(1, groups.count))
    var loss = 0.0
    try model.accumulate(groups, adapter: adapter, gradients: gradients) { group, _, sums in
      let scores = zip(sums, references[group]).map { beta * ($0 - $1) }
      let maximum = scores.max() ?? 0
      let weights = scores.map { exp($0 - maximum) }
      let total = weights.reduce(0, +)
      loss += share * (log(total) + maximum - (scores.first ?? 0))
      return weights.enumerated().map { share * beta * ($1 / total - ($0 == 0 ? 1 : 0)) }
    }
    updates += 1
    let norm = model.device.norm(gradients.values)
    model.device.adamW(
      AdamW(step: updates, learningRate: learningRate, clip: min(1, 1 / max(norm, 1e-12))),
      parameters: adapter.parameters, gradients: gradients.values, m: firstMoment, v: secondMoment)
    return loss
  }
}
