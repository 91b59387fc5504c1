import Text

/// Splits conversations that repeat their prompt: the longest common run of messages, leaving each at least its last one.
/// TRL's rule for implicit prompts, by message.
func splitSharedMessages(_ conversations: [[ChatMessage]]) throws(DropReason) -> (
  prompt: [ChatMessage], responses: [[ChatMessage]]
) {
  guard let first = conversations.first else { throw .tooFewResponses }
  guard conversations.allSatisfy({ !$0.isEmpty }) else { throw .emptyResponse }
  var shared = 0
  let limit = conversations.map(\.count).min().map { $0 - 1 } ?? 0
  while shared < limit, conversations.allSatisfy({ $0[shared] == first[shared] }) { shared += 1 }
  // An answer starts with the assistant's turn; two different questions are not one prompt.
  guard conversations.allSatisfy({ $0[shared].role == "assistant" }) else { throw .promptMismatch }
  return (Array(first[..<shared]), conversations.map { Array($0[shared...]) })
}

/// Splits texts that repeat their prompt. TRL cuts at the first character that differs, inside words; here the cut moves back
/// to the start of the word (or of the line) in which they part, and every text keeps at least its last word.
/// Hand-worked: "Is it so? Yes" and "Is it so? Yesterday" → "Is it so?", " Yes", " Yesterday".
func splitSharedText(_ first: String, _ second: String) -> (prompt: String, first: String, second: String) {
  let (a, b) = (Array(first.utf8), Array(second.utf8))
  var shared = 0
  let limit = min(a.count, b.count)
  while shared < limit, a[shared] == b[shared] { shared += 1 }
  var cut = min(shared, a.wordEnd, b.wordEnd)
  let atSpace = cut < min(a.wordEnd, b.wordEnd) && a[cut].isASCIISpace && b[cut].isASCIISpace
  if !atSpace {
    while cut > 0, !a[cut - 1].isASCIISpace { cut -= 1 }
    // The space belongs to the response, so that joining gives the text back.
    while cut > 0, a[cut - 1].isASCIISpace { cut -= 1 }
  }
  // An ASCII space is never inside a UTF-8 sequence, so all three parts are whole.
  return (
    String(decoding: a[..<cut], as: UTF8.self), String(decoding: a[cut...], as: UTF8.self),
    String(decoding: b[cut...], as: UTF8.self)
  )
}

extension [UInt8] {
  /// Index just after the last byte that is not white space.
  fileprivate var wordEnd: Int { (lastIndex { !$0.isASCIISpace } ?? -1) + 1 }
}
