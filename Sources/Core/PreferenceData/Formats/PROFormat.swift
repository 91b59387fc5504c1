import JSON

/// PRO: `prefix` (the prompt once for each response, in pieces or whole), `suffix` (the responses) and `reward`.
///
/// As in PRO's data manager, pieces are joined, their role marks become "\n\nHuman: " and "\n\nAssistant: ", white space at the end
/// goes, and a space comes before the response. A prefix that is plain text (summarization) is joined as it stands.
struct PROFormat: RowFormat {
  let summary = "PRO: prefix, suffix, reward"

  func recognises(_ row: JSONObject) -> Bool {
    row["prefix"]?.array != nil && row["suffix"]?.array != nil && row["reward"]?.array != nil
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let prefixes = try row.array("prefix")
    let suffixes = try row.array("suffix")
    guard prefixes.count == suffixes.count else { throw .lengthMismatch }
    var prompt: String?
    var isDialogue = false
    for prefix in prefixes {
      let text: String
      if let plain = prefix.string {
        text = plain
      } else {
        isDialogue = true
        text = try PROFormat.dialogue(prefix)
      }
      guard prompt == nil || prompt == text else { throw .promptMismatch }
      prompt = text
    }
    guard let prompt else { throw .tooFewResponses }
    var responses: [TextOrMessages] = []
    for suffix in suffixes {
      guard let text = suffix.string else { throw .wrongType }
      responses.append(.text(isDialogue && !text.isBlank ? " " + text : text))
    }
    return RawPreference(
      prompt: .text(prompt), responses: responses, rewards: try row.numbers("reward"),
      isTranscript: Transcript.looksLikeOne(prompt))
  }

  private static func dialogue(_ prefix: JSONValue) throws(DropReason) -> String {
    guard let pieces = prefix.array else { throw .wrongType }
    var text = ""
    for piece in pieces {
      guard let piece = piece.string else { throw .wrongType }
      text += piece
    }
    return text.replacing("<|prompter|>", with: Transcript.human + " ")
      .replacing("<|assistant|>", with: Transcript.assistant + " ").trimmedEnd()
  }
}
