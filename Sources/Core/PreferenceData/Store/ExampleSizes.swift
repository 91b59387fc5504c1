/// What is known of every example without reading it: rewards and token counts, about 40 bytes for a pair.
struct ExampleSizes: Sendable, Equatable {
  /// Of all examples, one after another.
  private(set) var rewards: [Double] = []
  /// Where an example's rewards begin, and behind the last one's.
  private var starts: [Int] = [0]
  private(set) var promptTokens: [Int32] = []
  /// The longest response's.
  private(set) var longestResponse: [Int32] = []
  /// Of all responses together.
  private(set) var responseTokens: [Int32] = []

  var count: Int { promptTokens.count }

  /// Where the rewards of an example lie in `rewards`; there are as many as responses.
  func range(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

  mutating func append(_ example: EncodedExample) {
    append(
      rewards: example.rewards, prompt: example.prompt.count, longest: example.responses.map(\.count).max() ?? 0,
      all: example.tokens - example.prompt.count)
  }

  private mutating func append(rewards: [Double], prompt: Int, longest: Int, all: Int) {
    self.rewards += rewards
    starts.append(self.rewards.count)
    promptTokens.append(Int32(clamping: prompt))
    longestResponse.append(Int32(clamping: longest))
    responseTokens.append(Int32(clamping: all))
  }

  // MARK: In a file

  func write(to writer: inout PackedWriter) {
    writer.add(count)
    for index in 0..<count {
      writer.add(range(index).count)
      for reward in rewards[range(index)] { writer.add(reward) }
      writer.add(Int(promptTokens[index]))
      writer.add(Int(longestResponse[index]))
      writer.add(Int(responseTokens[index]))
    }
  }

  init() {}

  init(_ reader: inout PackedReader) throws {
    let tokenLimit = Int(Int32.max)
    for _ in 0..<(try reader.number()) {
      var rewards: [Double] = []
      for _ in 0..<(try reader.number(upTo: tokenLimit)) { rewards.append(try reader.double()) }
      // What the trainer counts on: a response, finite rewards, the best first.
      guard !rewards.isEmpty, rewards.allSatisfy(\.isFinite), zip(rewards, rewards.dropFirst()).allSatisfy(>=) else {
        throw PackedReader.Damage()
      }
      append(
        rewards: rewards, prompt: try reader.number(upTo: tokenLimit), longest: try reader.number(upTo: tokenLimit),
        all: try reader.number(upTo: tokenLimit))
    }
  }
}
