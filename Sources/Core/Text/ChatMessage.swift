/// One turn of a conversation, as chat templates see it.
public struct ChatMessage: Sendable, Codable, Hashable {
  /// "system", "user", "assistant", or whatever the template knows.
  public var role: String
  public var content: String

  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}
