import JSON
import Text

/// PKU-SafeRLHF: `prompt`, `response_0`, `response_1` with one label for the better and one for the safer answer. The two
/// give different pairs, so a file with both asks which to learn; the `-single-dimension` files have only one.
struct PKUSafeRLHFFormat: RowFormat {
  enum Dimension: String, Sendable {
    case helpful = "better_response_id"
    case safe = "safer_response_id"
  }

  var dimension: Dimension

  var summary: String { "PKU-SafeRLHF by \(dimension.rawValue): prompt, response_0, response_1" }

  func recognises(_ row: JSONObject) -> Bool {
    row.has("prompt", "response_0", "response_1") && row[dimension.rawValue] != nil
  }

  func question(_ row: JSONObject) -> FormatChoice? {
    guard row.has(Dimension.helpful.rawValue, Dimension.safe.rawValue) else { return nil }
    return FormatChoice(
      why: "each pair is labelled twice, by helpfulness and by safety", formats: [.pkuHelpful, .pkuSafe])
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let prompt = ChatMessage(role: "user", content: try row.string("prompt"))
    let responses: [TextOrMessages] = [.text(try row.string("response_0")), .text(try row.string("response_1"))]
    return RawPreference(
      prompt: .messages([prompt]), responses: responses, rewards: try row.flag(dimension.rawValue) ? [0, 1] : [1, 0])
  }
}
