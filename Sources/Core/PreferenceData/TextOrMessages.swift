import Text

/// A prompt or a response as its file gives it: plain text, or the turns of a conversation.
public enum TextOrMessages: Sendable, Hashable {
  case text(String)
  case messages([ChatMessage])

  /// What a person reads: the text itself, or the contents of the turns, one after another.
  public var plainText: String {
    switch self {
    case .text(let text): text
    case .messages(let messages): messages.map(\.content).joined(separator: "\n\n")
    }
  }

  /// True where nothing but white space would be scored (or conditioned on).
  var isBlank: Bool {
    switch self {
    case .text(let text): text.isBlank
    case .messages(let messages): messages.allSatisfy { $0.content.isBlank }
    }
  }
}

extension StringProtocol {
  var isBlank: Bool { utf8.allSatisfy(\.isASCIISpace) || allSatisfy(\.isWhitespace) }

  /// Without white space at either end, as Python's `str.strip`.
  func trimmed() -> String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }

  /// Without white space at the end, as Python's `str.rstrip`.
  func trimmedEnd() -> String {
    guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(self[...last])
  }
}

extension UInt8 {
  var isASCIISpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
}
