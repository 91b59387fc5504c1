/// Why a model cannot do what it was asked.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case tensorShape(name: String, found: [Int], expected: [Int])
  case emptyPrompt(group: Int)
  case tokenOutsideVocabulary(token: Int32, vocabularySize: Int)
  case sequenceTooLong(tokens: Int, limit: Int, what: String)
  case adapterDoesNotFit(reason: String)
  /// Training an adapter of DoRA.
  case doraTraining
  case coefficientCount(found: Int, expected: Int)
  case badSampling(reason: String)
  /// A checkpoint whose weights are quantized already was to be quantized.
  case alreadyQuantized(folder: String, asked: String)
  /// Logits hold NaN or an infinity, so that no token can be drawn from them.
  case notFinite
  /// A reward model was asked for tokens.
  case predictsNoTokens
  /// A model that was asked for rewards has no head for it.
  case givesNoReward(String)

  public var description: String {
    switch self {
    case .tensorShape(let name, let found, let expected):
      "The tensor \(name) has the shape \(found), where config.json asks for \(expected)."
    case .emptyPrompt(let group):
      "Prompt group \(group) has no prompt tokens; the first token of a response needs at least one (such as BOS) before it."
    case .tokenOutsideVocabulary(let token, let size):
      "Token id \(token) lies outside the model's vocabulary of \(size)."
    case .sequenceTooLong(let tokens, let limit, let what):
      "A sequence of \(tokens) tokens is longer than the model's \(what) of \(limit)."
    case .adapterDoesNotFit(let reason):
      "The adapter does not fit the model: \(reason)."
    case .doraTraining:
      "An adapter of DoRA (use_dora) can be scored, sampled and merged, but not trained; merge it into its base with "
        + "PEFT's merge_and_unload, and train a new adapter on the result."
    case .coefficientCount(let found, let expected):
      "A loss returned \(found) gradients for a group of \(expected) responses."
    case .badSampling(let reason):
      "The sampling settings cannot be used: \(reason)."
    case .alreadyQuantized(let folder, let asked):
      "\(folder): its weights are quantized already, so they cannot be made \(asked); leave quantize out."
    case .notFinite:
      "The model's numbers are not finite, so no token can be drawn from them."
    case .predictsNoTokens:
      "The model is a reward model: it grades texts and predicts no tokens."
    case .givesNoReward(let reason):
      "The model gives no rewards: \(reason)."
    }
  }
}
