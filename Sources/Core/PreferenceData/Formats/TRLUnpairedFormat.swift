import JSON

/// TRL's unpaired preference (KTO): `{"prompt", "completion", "label": bool}`. Rows with the same prompt are one list, with
/// reward 1 for wanted and 0 for unwanted completions.
struct TRLUnpairedFormat: RowFormat {
  let summary = "TRL unpaired feedback: prompt, completion, label (true or false)"

  func recognises(_ row: JSONObject) -> Bool { row.has("prompt", "completion", "label") }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    RawPreference(
      prompt: try row.textOrMessages("prompt"), responses: [try row.textOrMessages("completion")],
      rewards: [try row.flag("label") ? 1 : 0], joinsByPrompt: true)
  }
}
