import JSON

/// Nectar: `prompt` (a transcript) and `answers` with `rank`s, 1 is best; reward = −rank.
struct NectarFormat: RowFormat {
  let summary = "Nectar: prompt, answers with answer and rank (1 = best)"

  func recognises(_ row: JSONObject) -> Bool {
    row["prompt"]?.string != nil && row["answers"]?.array?.first?.object?.has("answer", "rank") == true
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let prompt = try row.string("prompt")
    let isTranscript = Transcript.looksLikeOne(prompt)
    // Nectar's prompts end with "Assistant: "; that space starts the answer's first token.
    let head = isTranscript ? prompt.trimmedEnd() : prompt
    var responses: [TextOrMessages] = []
    var rewards: [Double] = []
    for value in try row.array("answers") {
      guard let answer = value.object else { throw .wrongType }
      let text = try answer.string("answer")
      responses.append(.text(isTranscript && !text.isBlank ? " " + text : text))
      rewards.append(-(try answer.number("rank")))
    }
    return RawPreference(
      prompt: .text(head), responses: responses, rewards: rewards, isTranscript: isTranscript,
      notes: [.ranksAsRewards])
  }
}
