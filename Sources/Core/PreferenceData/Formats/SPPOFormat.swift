import JSON
import Text

/// SPPO, at both of its stages:
/// * pairs: conversations in `chosen` and `rejected`, rewards `chosen_probs_win` and `chosen_probs_lose`;
/// * generations: `prompt`, `generate_0` … `generate_n`, rewards `rm_scores`.
struct SPPOFormat: RowFormat {
  let summary = "SPPO: chosen, rejected, chosen_probs_win, chosen_probs_lose; or prompt, generate_0 …, rm_scores"

  func recognises(_ row: JSONObject) -> Bool {
    row.has("chosen", "rejected", "chosen_probs_win", "chosen_probs_lose")
      || row.has("prompt", "generate_0", "rm_scores")
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    if row["generate_0"] != nil { return try readGenerations(row) }
    guard let chosen = row["chosen"], let rejected = row["rejected"] else { throw .missingKey }
    let (prompt, responses) = try splitSharedMessages([try chosen.messages(), try rejected.messages()])
    return RawPreference(
      prompt: .messages(prompt), responses: responses.map { .messages($0) },
      rewards: [try row.number("chosen_probs_win"), try row.number("chosen_probs_lose")])
  }

  private func readGenerations(_ row: JSONObject) throws(DropReason) -> RawPreference {
    var prompt = try row.textOrMessages("prompt")
    if case .text(let text) = prompt { prompt = .messages([ChatMessage(role: "user", content: text)]) }
    var responses: [TextOrMessages] = []
    while let value = row["generate_\(responses.count)"] {
      responses.append(try value.textOrMessages())
    }
    return RawPreference(prompt: prompt, responses: responses, rewards: try row.numbers("rm_scores"))
  }
}
