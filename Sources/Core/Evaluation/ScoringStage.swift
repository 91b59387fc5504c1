import Job
import JSON
import Model
import PreferenceData

/// Log-probs of responses, a line for each row: `{"prompt", "response"}`, or `{"prompt_ids", "response_ids"}` as they are.
public struct ScoringStage: RowStage {
  private let loaded: LoadedModel
  private let showsTokens: Bool
  private let pairs: TextPairEncoder

  public let batch = 16

  /// - Parameter showsTokens: add the log-prob of every token.
  public init(_ loaded: LoadedModel, showsTokens: Bool) {
    self.loaded = loaded
    self.showsTokens = showsTokens
    pairs = TextPairEncoder(text: loaded.text)
  }

  public func prepare(_ row: JSONValue, place: Int) throws -> PromptGroup {
    let (prompt, response) = try encode(row)
    try loaded.check(prompt: prompt, response: response)
    return PromptGroup(prompt: prompt, responses: [response])
  }

  public func process(_ units: [PromptGroup], emit: (String) throws -> Void) throws {
    for group in try loaded.model.score(units, adapter: loaded.adapter) {
      try loaded.finite { if !group[0].allSatisfy(\.isFinite) { throw ModelError.notFinite } }
      try emit(line(group[0]))
    }
  }

  private func encode(_ row: JSONValue) throws -> (prompt: [Int32], response: [Int32]) {
    if let prompt = row.object?["prompt_ids"], let response = row.object?["response_ids"] {
      return (try prompt.tokenIDs(), try response.tokenIDs())
    }
    let encoded = try pairs.encode(
      prompt: try row.textOrMessages("prompt"), response: try row.textOrMessages("response"))
    return (encoded.prompt, encoded.responses[0])
  }

  private func line(_ logProbs: [Float]) -> String {
    var json = JSONLine()
    json.add("logprob", GroupScorer.sum(logProbs))
    json.add("tokens", logProbs.count)
    if showsTokens { json.add("token_logprobs", logProbs.map(Double.init)) }
    return json.text
  }
}
