import JSON

/// The canonical row, which HPS, RLHFlow and vLLM-style generation files share: `{"prompt": text|messages,
/// "responses": [text|messages], "rewards": [number]}`; `"ranks"` (1 is best) may stand for the rewards.
struct RankedFormat: RowFormat {
  let summary = "ranked lists: prompt, responses, rewards (or ranks, 1 = best)"

  func recognises(_ row: JSONObject) -> Bool {
    row["responses"]?.array != nil && (row["rewards"] != nil || row["ranks"] != nil) && row["prompt"] != nil
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let prompt = try row.textOrMessages("prompt")
    let responses = try row.texts("responses")
    if row["rewards"] == nil, row["ranks"] != nil {
      let rewards = try row.numbers("ranks").map { -$0 }
      return RawPreference(prompt: prompt, responses: responses, rewards: rewards, notes: [.ranksAsRewards])
    }
    return RawPreference(prompt: prompt, responses: responses, rewards: try row.numbers("rewards"))
  }
}
