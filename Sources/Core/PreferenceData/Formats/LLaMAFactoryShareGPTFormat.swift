import JSON
import Text

/// LLaMA-Factory's ShareGPT rows: `conversations` (`from`, `value`; or `messages` with `role`, `content`) and single turns in
/// `chosen` and `rejected`; or whole conversations with a `kto_tag`, joined by prompt. Also axolotl's `chat_template.default`.
struct LLaMAFactoryShareGPTFormat: RowFormat {
  let summary = "LLaMA-Factory ShareGPT: conversations (or messages), chosen, rejected (or kto_tag)"

  func recognises(_ row: JSONObject) -> Bool {
    guard row["conversations"]?.isMessageList == true || row["messages"]?.isMessageList == true else { return false }
    return (row["chosen"]?.object != nil && row["rejected"]?.object != nil) || row["kto_tag"] != nil
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    guard let list = row["conversations"] ?? row["messages"] else { throw .missingKey }
    var messages = try list.messages()
    if let system = row["system"]?.string, !system.isBlank, messages.first?.role != "system" {
      messages.insert(ChatMessage(role: "system", content: system), at: 0)
    }
    if row["kto_tag"] != nil, row["chosen"] == nil {
      guard let answer = messages.popLast() else { throw .emptyPrompt }
      return RawPreference(
        prompt: .messages(messages), responses: [.messages([answer])], rewards: [try row.flag("kto_tag") ? 1 : 0],
        joinsByPrompt: true)
    }
    // An even number of turns would leave the assistant answering itself.
    guard messages.last?.role != "assistant" else { throw .endsWithAssistant }
    return RawPreference(
      prompt: .messages(messages),
      responses: [try row.textOrMessages("chosen"), try row.textOrMessages("rejected")], rewards: [1, 0])
  }
}
