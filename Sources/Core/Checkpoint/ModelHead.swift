/// What a checkpoint computes from the final hidden state.
public enum ModelHead: Sendable, Equatable {
  /// Logits over the vocabulary: a language model.
  case logits
  /// So many numbers at a text's last token, W·h with W [labels, H] and no bias (…ForSequenceClassification). One label
  /// is a reward.
  case labels(Int)
  /// Several rewards at the last token, and a gate that weighs them by the prompt (Wang et al., ArmoRM, 2024).
  case gatedObjectives(GatedObjectives)

  /// The shape of ArmoRM's head.
  public struct GatedObjectives: Sendable, Equatable {
    public var objectives = 19
    /// Width and number of the gate's hidden layers.
    public var gateWidth = 1024
    public var gateLayers = 3
    /// What the gate's logits are divided by.
    public var temperature = 10.0

    public init() {}
  }
}

/// What a checkpoint is opened for.
public enum CheckpointUse: Sendable {
  /// To predict tokens: it must have the head for it.
  case languageModel
  /// For its hidden states, whatever head reads them.
  case hiddenStates
}

extension ModelHead {
  /// The head of a `config.json`, by the first name in `architectures`.
  /// - Throws: `CheckpointError` for a head that `use` has no use for, or that nobody knows.
  static func decode(_ top: FieldReader, wrapping: TextWrapping, use: CheckpointUse) throws -> ModelHead {
    guard let names = try top.strings("architectures"), let first = names.first else { return .logits }
    let suffixes = ["ForCausalLM"] + wrapping.classSuffixes
    if names.contains(where: { name in suffixes.contains(where: name.hasSuffix) }) { return .logits }
    let supported =
      use == .languageModel
      ? "language models with their head (…ForCausalLM)"
      : "language models (…ForCausalLM), reward models (…ForSequenceClassification) and ArmoRM"
    guard use == .hiddenStates, let head = try rewardHead(first, top) else {
      throw top.unsupported("the architecture \(CheckpointError.quoted(first))", supported: supported)
    }
    return head
  }

  private static func rewardHead(_ name: String, _ top: FieldReader) throws -> ModelHead? {
    if name.hasSuffix("ForSequenceClassification") {
      // transformers keeps the number as the names of the labels; without either it is 2.
      let named = try top.object("id2label")?.object.members.count
      return .labels(try top.integer("num_labels", 1...1 << 16, default: named ?? 2))
    }
    guard name.hasSuffix("ForRewardModelWithGating") else { return nil }
    var gated = GatedObjectives()
    gated.objectives = try top.integer("num_objectives", 1...4096, default: gated.objectives)
    gated.gateWidth = try top.integer("gating_hidden_dim", 1...1 << 17, default: gated.gateWidth)
    gated.gateLayers = try top.integer("gating_n_hidden", 0...64, default: gated.gateLayers)
    gated.temperature = try top.positive("gating_temperature", upTo: 1e6, default: gated.temperature)
    return .gatedObjectives(gated)
  }

  /// The head's own tensors and their shapes.
  func tensorShapes(hiddenSize: Int, vocabularySize: Int, tied: Bool) -> [(name: String, shape: [Int])] {
    switch self {
    case .logits: return tied ? [] : [("lm_head.weight", [vocabularySize, hiddenSize])]
    case .labels(let count): return [("score.weight", [count, hiddenSize])]
    case .gatedObjectives(let gated):
      let objectives = gated.objectives
      var list: [(name: String, shape: [Int])] = [
        ("regression_layer.weight", [objectives, hiddenSize]), ("reward_transform_matrix", [objectives, objectives]),
        ("gating.logit_scale", [1]),
      ]
      var inputs = hiddenSize
      for layer in 0...gated.gateLayers {
        let outputs = layer < gated.gateLayers ? gated.gateWidth : objectives
        list.append(("gating.layers.\(layer).weight", [outputs, inputs]))
        list.append(("gating.layers.\(layer).bias", [outputs]))
        inputs = outputs
      }
      return list
    }
  }
}
