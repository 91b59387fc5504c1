import JSON

/// EXO: `{"prompt", "completions": [text], "rewards": [number]}`, usually in one JSON array; its pairs have rewards [1, 0].
struct EXOFormat: RowFormat {
  let summary = "EXO: prompt, completions, rewards"

  func recognises(_ row: JSONObject) -> Bool { row.has("prompt", "completions", "rewards") }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    RawPreference(
      prompt: try row.textOrMessages("prompt"), responses: try row.texts("completions"),
      rewards: try row.numbers("rewards"))
  }
}
