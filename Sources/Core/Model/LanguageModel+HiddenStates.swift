import Device

// MARK: Final hidden states

extension LanguageModel {
  /// A group's final hidden states, after the final norm, [H] each in fp32: what heads read.
  public struct HiddenStates: Sendable, Equatable {
    /// At the prompt's last token.
    public var prompt: [Float]
    /// At the last token of the prompt with each response; the prompt's where a response is empty.
    public var responses: [[Float]]
  }

  /// The final hidden states of every group. Like log-probs, they do not depend on what else is computed.
  /// - Throws: `ModelError`, as `score`.
  public func hiddenStates(_ groups: [PromptGroup], adapter: LoRAAdapter?) throws -> [HiddenStates] {
    try check(groups)
    let lowRank = try adapter.map(refreshed)
    // A pass has a row for every token that predicts another one, so each last token gets one more behind it.
    let longer = groups.map { group in
      PromptGroup(prompt: group.prompt, responses: ([[]] + group.responses).map { $0 + [0] })
    }
    var result: [HiddenStates] = []
    for batch in split(longer, budget: scoringBudget) {
      let hidden = try hidden(batch, adapter: lowRank)
      var rows = batch.groups.map { [Int](repeating: 0, count: $0.responses.count) }
      for target in batch.targets
      where target.position + 1 == batch.groups[target.group].responses[target.response].count {
        rows[target.group][target.response] = target.headRow
      }
      let width = configuration.hiddenSize
      func state(_ row: Int) -> [Float] { Array(hidden[row * width..<(row + 1) * width]) }
      result += rows.map { HiddenStates(prompt: state($0[0]), responses: $0.dropFirst().map(state)) }
    }
    return result
  }

  /// [U, H] of the rows that predict something, row-major.
  private func hidden(_ batch: MicroBatch, adapter: AdapterWeights?) throws -> [Float] {
    let shape = shape(batch, adapter: adapter?.layout, training: false)
    let plan = PassPlan(decoder, shape)
    let ready = try reserve(
      pass(batch, adapter: adapter, shape, plan.memory(in: arena)), plan, all: { $0 }
    ) { decoder.hidden($0, batch) }
    device.run(ready.programs, in: arena, betweenLayers: betweenLayers)
    return device.read(ready.pass[.headHidden])
  }
}
