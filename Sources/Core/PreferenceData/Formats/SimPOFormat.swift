import JSON
import Text

/// SimPO's UltraFeedback files: `prompt`, `all_generated_responses`, `all_rm_scores` (and the pair they were cut down to).
struct SimPOFormat: RowFormat {
  let summary = "SimPO: prompt, all_generated_responses, all_rm_scores"

  func recognises(_ row: JSONObject) -> Bool { row.has("prompt", "all_generated_responses", "all_rm_scores") }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    var prompt = try row.textOrMessages("prompt")
    if case .text(let text) = prompt { prompt = .messages([ChatMessage(role: "user", content: text)]) }
    return RawPreference(
      prompt: prompt, responses: try row.texts("all_generated_responses"), rewards: try row.numbers("all_rm_scores"))
  }
}
