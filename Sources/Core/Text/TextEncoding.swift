import Foundation

/// What data preparation, scoring and generation need of a model's text side: its tokenizer and its chat template.
public protocol TextEncoding: Sendable {
  /// Token ids of `text`. With `addSpecialTokens`, those the tokenizer's post-processor adds (a BOS, say) are included.
  func encode(_ text: String, addSpecialTokens: Bool) -> [Int32]
  func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String
  /// The chat template applied to `messages`; throws one sentence where the model has no template or refuses the roles.
  func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String
  /// Whether the folder has a chat template.
  var hasChatTemplate: Bool { get }
  var bosTokenID: Int32? { get }
  /// The tokenizer's `eos_token`.
  var eosTokenID: Int32? { get }
  /// The files that all of this was read from; empty where it does not come from files.
  var sourceFiles: [URL] { get }
}

extension TextEncoding {
  public var sourceFiles: [URL] { [] }
}
