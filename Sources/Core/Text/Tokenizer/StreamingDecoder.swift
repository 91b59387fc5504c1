/// Decodes ids as they are generated, and hands out text only where no later id can change it: never half a UTF-8
/// character, and with the spaces the tokens have inside a text.
public struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecialTokens: Bool
  /// The ids that give the ones behind them their context (`..<read`), then those whose text is still out.
  private var window: [Int32] = []
  private var read = 0

  /// Ids that may wait for the rest of a character, which has at most four bytes; more are no UTF-8 and go out as such.
  private static let patience = 8

  public init(tokenizer: Tokenizer, skipSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.skipSpecialTokens = skipSpecialTokens
  }

  /// The text that `id` completes; empty while a character is incomplete.
  public mutating func append(_ id: Int32) -> String {
    if skipSpecialTokens, tokenizer.isSpecial(id) { return "" }
    window.append(id)
    let text = newText()
    if text.unicodeScalars.last == "\u{FFFD}", window.count - read < Self.patience { return "" }
    return take(text)
  }

  /// What is left at the end of the text.
  public mutating func finish() -> String { take(newText()) }

  /// The window's text without that of its context.
  private func newText() -> String {
    let known = tokenizer.decode(Array(window[..<read]), skipSpecialTokens: skipSpecialTokens)
    let all = tokenizer.decode(window, skipSpecialTokens: skipSpecialTokens)
    return String(decoding: all.utf8.dropFirst(known.utf8.count), as: UTF8.self)
  }

  private mutating func take(_ text: String) -> String {
    window.removeFirst(read)
    read = window.count
    return text
  }
}
