import JSON
import Text

/// UltraFeedback as released: an `instruction` and four `completions`, each with ratings of four aspects (1–5).
///
/// The reward is `fine-grained_score`, the mean of the four ratings, or that mean where the key is absent. `overall_score` is
/// used only when neither exists: it comes from a separate critique and is known to be wrong for part of the data.
struct UltraFeedbackFormat: RowFormat {
  let summary = "UltraFeedback: instruction, completions with ratings"

  func recognises(_ row: JSONObject) -> Bool { row.has("instruction", "completions") }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let prompt = ChatMessage(role: "user", content: try row.string("instruction"))
    var responses: [TextOrMessages] = []
    var rewards: [Double] = []
    for value in try row.array("completions") {
      guard let completion = value.object else { throw .wrongType }
      responses.append(.text(try completion.string("response")))
      rewards.append(try reward(completion))
    }
    return RawPreference(prompt: .messages([prompt]), responses: responses, rewards: rewards)
  }

  private func reward(_ completion: JSONObject) throws(DropReason) -> Double {
    if let score = completion["fine-grained_score"]?.number { return score }
    // Ratings are written as strings, "N/A" where an aspect does not apply.
    let ratings = (completion["annotations"]?.object?.members ?? []).compactMap { aspect -> Double? in
      let rating = aspect.value.object?["Rating"]
      return rating?.number ?? rating?.string.flatMap(Double.init)
    }
    if !ratings.isEmpty { return ratings.reduce(0, +) / Double(ratings.count) }
    return try completion.number("overall_score")
  }
}
