import Text

/// HH-RLHF transcripts: "\n\nHuman: …\n\nAssistant: …\n\nHuman: …\n\nAssistant: …".
///
/// The prompt ends with the LAST "\n\nAssistant:". A common character prefix of the two transcripts would reach into the
/// answer on 19 % of the harmless-base test rows.
enum Transcript {
  static let human = "\n\nHuman:"
  static let assistant = "\n\nAssistant:"

  /// The text up to and including the last "\n\nAssistant:", and the rest as it stands. Nil where there is none.
  static func split(_ text: String) -> (prompt: String, response: String)? {
    guard let cut = lastEnd(of: assistant, in: text) else { return nil }
    return (String(text[..<cut]), String(text[cut...]))
  }

  static func looksLikeOne(_ text: String) -> Bool {
    text.utf8.starts(with: human.utf8) && lastEnd(of: assistant, in: text) != nil
  }

  /// The turns of `prompt` (which ends with "\n\nAssistant:"), contents without white space at either end.
  /// Only a marker at the start of a paragraph begins a turn; an inline "Human:" does not.
  static func messages(prompt: String) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    let bytes = Array(prompt.utf8)
    var role: String?
    var start = 0
    func close(at end: Int) {
      let content = String(decoding: bytes[start..<end], as: UTF8.self).trimmed()
      if let role {
        messages.append(ChatMessage(role: role, content: content))
      } else if !content.isEmpty {
        // Words before the first turn can only be instructions.
        messages.append(ChatMessage(role: "system", content: content))
      }
    }
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x0A {
        let rest = bytes[index...]
        if let marker = [human, assistant].first(where: { rest.starts(with: $0.utf8) }) {
          close(at: index)
          role = marker == human ? "user" : "assistant"
          index += marker.utf8.count
          start = index
          continue
        }
      }
      index += 1
    }
    // What follows the final "\n\nAssistant:" is the response's place: nothing, unless the prompt ends otherwise.
    if role != "assistant" || !bytes[start...].allSatisfy(\.isASCIISpace) { close(at: bytes.count) }
    return messages
  }

  /// Index just after the last occurrence of `marker`, searched in bytes: by characters, a combining mark after the
  /// colon would hide it.
  private static func lastEnd(of marker: String, in text: String) -> String.Index? {
    let needle = Array(marker.utf8)
    let bytes = Array(text.utf8)
    var start = bytes.count - needle.count
    while start >= 0 {
      if bytes[start] == needle[0], bytes[start..<start + needle.count].elementsEqual(needle) {
        return text.utf8.index(text.startIndex, offsetBy: start + needle.count)
      }
      start -= 1
    }
    return nil
  }
}
