import Text

/// One id a byte (0–255), special tokens above, and one merge, "ab" = 300, so that boundaries can be crossed.
struct ByteEncoding: TextEncoding {
  enum Template { case none, chat, chatWithoutEnd, alternating }

  static let bos: Int32 = 256
  static let eos: Int32 = 257
  static let end: Int32 = 258
  static let merged: Int32 = 300

  var template = Template.none
  var addsBOS = true
  var addsEOS = false

  var hasChatTemplate: Bool { template != .none }
  var bosTokenID: Int32? { ByteEncoding.bos }
  var eosTokenID: Int32? { ByteEncoding.eos }

  struct Refusal: Error, CustomStringConvertible { var description: String }

  func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
    let specials: [(String, Int32)] = [
      ("<s>", ByteEncoding.bos), ("</s>", ByteEncoding.eos), ("<|end|>", ByteEncoding.end), ("ab", ByteEncoding.merged),
    ]
    var ids: [Int32] = addSpecialTokens && addsBOS ? [ByteEncoding.bos] : []
    var rest = text.utf8[...]
    while let byte = rest.first {
      if let (word, id) = specials.first(where: { rest.starts(with: $0.0.utf8) }) {
        ids.append(id)
        rest = rest.dropFirst(word.utf8.count)
      } else {
        ids.append(Int32(byte))
        rest = rest.dropFirst()
      }
    }
    return ids + (addSpecialTokens && addsEOS ? [ByteEncoding.eos] : [])
  }

  func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
    String(decoding: ids.filter { $0 < 256 }.map { UInt8($0) }, as: UTF8.self)
  }

  /// "<s>" then "(role)content<|end|>\n" a turn; the generation prompt is "(assistant)".
  func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String {
    guard template != .none else { throw Refusal(description: "the model has no chat template") }
    if template == .alternating {
      for (a, b) in zip(messages, messages.dropFirst()) where a.role == b.role {
        throw Refusal(description: "roles must alternate")
      }
    }
    let end = template == .chatWithoutEnd ? "\n" : "<|end|>\n"
    return "<s>" + messages.map { "(\($0.role))\($0.content)\(end)" }.joined()
      + (addGenerationPrompt ? "(assistant)" : "")
  }
}

extension [Int32] {
  /// The ids of a text's bytes.
  static func bytes(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }
}
