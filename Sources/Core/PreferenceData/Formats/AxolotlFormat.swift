import JSON
import Text

/// Axolotl's pair types, all of which end in a chat template: the question is in `instruction` (argilla), `input` (icr),
/// `question` (intel) or `prompt` (prompt_pairs, ultra), the answers in `chosen` and `rejected` or `chosen_response` and
/// `rejected_response`. Answers that are conversations (ultra) bring the prompt with them.
struct AxolotlFormat: RowFormat {
  let summary = "axolotl pairs: instruction, input, question or prompt, with chosen and rejected (or …_response)"

  private static let questions = ["instruction", "question", "input", "prompt"]

  func recognises(_ row: JSONObject) -> Bool {
    guard let question = AxolotlFormat.questions.first(where: { row[$0]?.string != nil }) else { return false }
    if row.has("chosen_response", "rejected_response") { return true }
    guard let chosen = row["chosen"], let rejected = row["rejected"] else { return false }
    // With "prompt" and plain text these are TRL's pairs, unless a system prompt says otherwise.
    let isText = chosen.string != nil && rejected.string != nil
    return question != "prompt" || (isText ? row["system"]?.string != nil : chosen.isMessageList)
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    guard let question = AxolotlFormat.questions.first(where: { row[$0]?.string != nil }) else { throw .missingKey }
    var prompt: [ChatMessage] = []
    if let system = row["system"]?.string, !system.isBlank {
      prompt.append(ChatMessage(role: "system", content: system))
    }
    prompt.append(ChatMessage(role: "user", content: try row.string(question)))
    let suffix = row["chosen_response"] == nil ? "" : "_response"
    let responses = [try row.textOrMessages("chosen" + suffix), try row.textOrMessages("rejected" + suffix)]
    if case .messages(let chosen) = responses[0], case .messages(let rejected) = responses[1], chosen.count > 1 {
      let (shared, answers) = try splitSharedMessages([chosen, rejected])
      return RawPreference(prompt: .messages(shared), responses: answers.map { .messages($0) }, rewards: [1, 0])
    }
    return RawPreference(prompt: .messages(prompt), responses: responses, rewards: [1, 0])
  }
}
