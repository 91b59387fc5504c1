import JSON

/// Scored responses under names of the user's choice; without a map `{"prompt", "response", "reward"}`, one response a row.
struct ScoredFormat: RowFormat {
  var columns = ColumnMap()

  let summary = "scored responses: prompt, response, reward a row, or other names through data.columns"

  func recognises(_ row: JSONObject) -> Bool {
    row["prompt"] != nil && row["response"]?.string != nil && row["reward"]?.number != nil
  }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let prompt = try row.textOrMessages(columns.prompt)
    if columns.responses.count == 1, let name = columns.responses.first, let reward = columns.rewards.first {
      if row[reward]?.array != nil {
        return RawPreference(prompt: prompt, responses: try row.texts(name), rewards: try row.numbers(reward))
      }
      let response = try row.textOrMessages(name)
      return RawPreference(
        prompt: prompt, responses: [response], rewards: [try row.number(reward)], joinsByPrompt: true)
    }
    var responses: [TextOrMessages] = []
    var rewards: [Double] = []
    for (position, name) in columns.responses.enumerated() {
      responses.append(try row.textOrMessages(name))
      rewards.append(
        columns.rewards.indices.contains(position) ? try row.number(columns.rewards[position]) : -Double(position))
    }
    return RawPreference(prompt: prompt, responses: responses, rewards: rewards)
  }
}
