import JSON
import Text

/// NCA and InfoNCA: conversations in `A0` … `Ak` with `A0_score` … `Ak_score`. Ties stay ties: the original adds 0.01 to A0's
/// score.
struct NCAFormat: RowFormat {
  let summary = "NCA: A0 … Ak (messages), A0_score … Ak_score"

  func recognises(_ row: JSONObject) -> Bool { row.has("A0", "A1", "A0_score", "A1_score") }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    var conversations: [[ChatMessage]] = []
    var rewards: [Double] = []
    while let value = row["A\(rewards.count)"] {
      conversations.append(try value.messages())
      rewards.append(try row.number("A\(rewards.count)_score"))
    }
    let (prompt, responses) = try splitSharedMessages(conversations)
    return RawPreference(prompt: .messages(prompt), responses: responses.map { .messages($0) }, rewards: rewards)
  }
}
