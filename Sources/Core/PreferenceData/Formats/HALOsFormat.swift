import JSON

/// HALOs feedback: pairs (`type` "pairwise_feedback": `output_A`, `output_B`, `label` 1 where A is better) and single answers
/// ("binary_feedback": `output`, `label`), which are joined by prompt. Rewards are the annotated ones where they agree with
/// the label, 1 and 0 otherwise.
struct HALOsFormat: RowFormat {
  let summary = "HALOs feedback: type, prompt, output_A, output_B or output, label"

  func recognises(_ row: JSONObject) -> Bool {
    switch row["type"]?.string {
    case "pairwise_feedback": row.has("prompt", "output_A", "output_B")
    case "binary_feedback": row.has("prompt", "output")
    default: false
    }
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let prompt = try row.textOrMessages("prompt")
    let isWanted = try row.flag("label")
    if try row.string("type") == "binary_feedback" {
      let response = try row.textOrMessages("output")
      return RawPreference(prompt: prompt, responses: [response], rewards: [isWanted ? 1 : 0], joinsByPrompt: true)
    }
    let responses = [try row.textOrMessages("output_A"), try row.textOrMessages("output_B")]
    var rewards: [Double] = isWanted ? [1, 0] : [0, 1]
    if let a = row["reward_A"]?.number, let b = row["reward_B"]?.number, isWanted ? a > b : b > a { rewards = [a, b] }
    return RawPreference(prompt: prompt, responses: responses, rewards: rewards)
  }
}
