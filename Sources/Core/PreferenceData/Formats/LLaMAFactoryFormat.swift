import JSON
import Text

/// LLaMA-Factory's alpaca rows: `instruction`, `input`, `chosen`, `rejected`, with `system` and `history` (pairs of turns)
/// where present; or `output` with `kto_tag`, joined by prompt.
struct LLaMAFactoryFormat: RowFormat {
  let summary = "LLaMA-Factory alpaca: instruction, input, chosen, rejected (or output, kto_tag)"

  func recognises(_ row: JSONObject) -> Bool {
    row["instruction"]?.string != nil && (row.has("chosen", "rejected") || row.has("output", "kto_tag"))
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    var messages: [ChatMessage] = []
    if let system = row["system"]?.string, !system.isBlank {
      messages.append(ChatMessage(role: "system", content: system))
    }
    if case .array(let history)? = row["history"] {
      for turn in history {
        guard let pair = turn.array, pair.count == 2, let query = pair[0].string, let answer = pair[1].string else {
          throw .wrongType
        }
        messages.append(ChatMessage(role: "user", content: query))
        messages.append(ChatMessage(role: "assistant", content: answer))
      }
    }
    // LLaMA-Factory joins the two with a line break.
    let parts = [try row.string("instruction"), row["input"]?.string ?? ""].filter { !$0.isEmpty }
    messages.append(ChatMessage(role: "user", content: parts.joined(separator: "\n")))
    if row["kto_tag"] != nil, row["chosen"] == nil {
      return RawPreference(
        prompt: .messages(messages), responses: [try row.textOrMessages("output")],
        rewards: [try row.flag("kto_tag") ? 1 : 0], joinsByPrompt: true)
    }
    return RawPreference(
      prompt: .messages(messages),
      responses: [try row.textOrMessages("chosen"), try row.textOrMessages("rejected")], rewards: [1, 0])
  }
}
