import Checkpoint
import Device

/// A model that grades texts: a decoder whose head reads the final hidden state at a text's last token.
///
/// Not for sharing between queues, as a `LanguageModel` is not.
public final class RewardModel {
  public let configuration: ModelConfiguration
  /// The decoder alone.
  public let decoder: LanguageModel
  public let head: RewardHead

  /// - Parameter score: a head that an adapter brings (PEFT's SEQ_CLS); nil: the checkpoint's own.
  /// - Throws: `ModelError` or `CheckpointError`, also where there is no head that grades, or it gives several labels and
  ///   none of them is a reward.
  public init(checkpoint: CheckpointFolder, device: any Device, score: ScoreHead? = nil) throws {
    configuration = checkpoint.configuration
    head = try RewardHead(checkpoint: checkpoint, score: score)
    decoder = try LanguageModel(hiddenStatesOf: checkpoint, device: device)
  }

  /// The rewards [group][response] of prompts with their responses. Where the head has a gate, a prompt must end with the
  /// token that the gate reads.
  /// - Throws: `ModelError`, as `LanguageModel.score`, and for rewards that are not finite.
  public func score(_ groups: [PromptGroup], adapter: LoRAAdapter? = nil) throws -> [[Reward]] {
    let rewards = try decoder.hiddenStates(groups, adapter: adapter).map { states in
      let gate = head.gate(at: states.prompt)
      return states.responses.map { head.reward(at: $0, gate: gate) }
    }
    guard rewards.allSatisfy({ $0.allSatisfy(\.value.isFinite) }) else { throw ModelError.notFinite }
    return rewards
  }
}

/// What a reward model says of one response.
public struct Reward: Sendable, Equatable {
  /// The reward.
  public var value: Double
  /// Every objective's own number, where the head has several.
  public var objectives: [Double] = []
  /// The weight of each objective that the prompt asks for, where the head has a gate.
  public var gate: [Double] = []

  /// The mean of the objectives as they stand; the reward itself where there is one objective only.
  public var mean: Double {
    objectives.isEmpty ? value : objectives.reduce(0, +) / Double(objectives.count)
  }
}
