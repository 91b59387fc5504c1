import JSON

/// Anthropic HH-RLHF: `{"chosen": transcript, "rejected": transcript}`. The prompt is everything up to the last
/// "\n\nAssistant:" of each; rows whose two prompts differ are dropped.
struct HHRLHFFormat: RowFormat {
  let summary = "HH-RLHF transcripts: chosen, rejected (\"\\n\\nHuman: …\\n\\nAssistant: …\")"

  func recognises(_ row: JSONObject) -> Bool {
    guard row["prompt"] == nil, let chosen = row["chosen"]?.string, row["rejected"]?.string != nil else { return false }
    return Transcript.looksLikeOne(chosen)
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let (chosen, rejected) = (try row.string("chosen"), try row.string("rejected"))
    guard let best = Transcript.split(chosen), let worst = Transcript.split(rejected) else { throw .notATranscript }
    guard best.prompt == worst.prompt else { throw .promptMismatch }
    return RawPreference(
      prompt: .text(best.prompt), responses: [.text(best.response), .text(worst.response)], rewards: [1, 0],
      isTranscript: true)
  }
}
