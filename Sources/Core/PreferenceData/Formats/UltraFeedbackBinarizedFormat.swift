import JSON

/// UltraFeedback binarized: conversations in `chosen` and `rejected`, with `score_chosen` and `score_rejected`.
struct UltraFeedbackBinarizedFormat: RowFormat {
  let summary = "UltraFeedback binarized: chosen, rejected (messages), score_chosen, score_rejected"

  func recognises(_ row: JSONObject) -> Bool { row.has("chosen", "rejected", "score_chosen", "score_rejected") }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    guard let chosen = row["chosen"], let rejected = row["rejected"] else { throw .missingKey }
    let (prompt, responses) = try splitSharedMessages([try chosen.messages(), try rejected.messages()])
    return RawPreference(
      prompt: .messages(prompt), responses: responses.map { .messages($0) },
      rewards: [try row.number("score_chosen"), try row.number("score_rejected")])
  }
}
