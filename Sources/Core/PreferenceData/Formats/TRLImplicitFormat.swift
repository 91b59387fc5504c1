import JSON

/// TRL's implicit preference pairs: `{"chosen", "rejected"}` that both repeat the prompt, text or messages.
struct TRLImplicitFormat: RowFormat {
  let summary = "TRL pairs that repeat their prompt: chosen, rejected (text or messages)"

  func recognises(_ row: JSONObject) -> Bool {
    guard row["prompt"] == nil, let chosen = row["chosen"], let rejected = row["rejected"] else { return false }
    return (chosen.string != nil && rejected.string != nil) || (chosen.isMessageList && rejected.isMessageList)
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    switch (try row.textOrMessages("chosen"), try row.textOrMessages("rejected")) {
    case (.messages(let chosen), .messages(let rejected)):
      let (prompt, responses) = try splitSharedMessages([chosen, rejected])
      return RawPreference(prompt: .messages(prompt), responses: responses.map { .messages($0) }, rewards: [1, 0])
    case (.text(let chosen), .text(let rejected)):
      let parts = splitSharedText(chosen, rejected)
      return RawPreference(
        prompt: .text(parts.prompt), responses: [.text(parts.first), .text(parts.second)], rewards: [1, 0],
        notes: [.sharedPrefixAsPrompt])
    default: throw .wrongType
    }
  }
}
