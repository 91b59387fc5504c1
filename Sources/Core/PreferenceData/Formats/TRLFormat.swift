import JSON

/// TRL's explicit preference pairs: `{"prompt", "chosen", "rejected"}`, all text or all lists of messages.
struct TRLFormat: RowFormat {
  let summary = "TRL pairs: prompt, chosen, rejected (text or messages)"

  func recognises(_ row: JSONObject) -> Bool {
    guard row.has("chosen", "rejected"), let prompt = row["prompt"] else { return false }
    let answersAreText = row["chosen"]?.string != nil && row["rejected"]?.string != nil
    return prompt.isMessageList || (prompt.string != nil && answersAreText)
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    RawPreference(
      prompt: try row.textOrMessages("prompt"),
      responses: [try row.textOrMessages("chosen"), try row.textOrMessages("rejected")], rewards: [1, 0])
  }
}
