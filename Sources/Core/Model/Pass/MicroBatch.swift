import Device

/// Prompt groups laid out as one flat list of rows, `[prompt | r_1 | … | r_K]` after one another.
///
/// Positions restart after the prompt in each response. No padding between sequences; only the end of the list is
/// filled up, with rows that are zero, are never attended to and receive no gradient.
struct MicroBatch: Sendable {
  /// One scored token: which head row predicts it, and where its log-prob goes.
  struct Target: Sendable {
    let headRow: Int
    let token: Int32
    let group: Int
    let response: Int
    let position: Int
  }

  /// Number of groups before this micro-batch, so that errors and callbacks count over the whole call.
  let firstGroup: Int
  let groups: [PromptGroup]
  /// Rows that begin every prompt of the micro-batch, such as those of a system prompt: they come first, once. 0 where
  /// each prompt has all its rows to itself.
  let sharedCount: Int
  /// T, without filling.
  let rows: Int
  /// Token and position of each row, filling included.
  let tokens: [Int32]
  let positions: [Int32]
  /// A group for the shared rows, if any, and one for each prompt.
  let attention: [AttentionGroup]
  /// The last layer's, whose output only the head reads: the queries that predict something, and the rows they lie in.
  let lastAttention: [AttentionGroup]
  let lastRows: RowSpans
  /// The rows that predict something, each once, ascending: responses share their prompt's last row.
  let headRows: [Int]
  let targets: [Target]
  /// T, filled up to a multiple of `RowSpans.unit`.
  let paddedRows: Int

  /// - Parameter everyRow: let the last layer compute every row, as if its output were read.
  /// - Parameter sharing: whether prompts may share rows that they begin with.
  init(_ groups: ArraySlice<PromptGroup>, everyRow: Bool, sharing: Bool = false) {
    var tokens: [Int32] = []
    var positions: [Int32] = []
    var attention: [AttentionGroup] = []
    var headRows: [Int] = []
    var targets: [Target] = []
    let shared = sharing ? Self.sharedPrefix(groups) : 0
    if let first = groups.first, shared > 0 {
      tokens += first.prompt[..<shared]
      positions += (0..<shared).map { Int32($0) }
      attention.append(
        AttentionGroup(rows: 0..<shared, segments: [AttentionSegment(rows: 0..<shared, prefix: 0..<0)]))
    }
    for (index, group) in groups.enumerated() {
      let start = tokens.count
      let prompt = start..<start + group.prompt.count - shared
      tokens += group.prompt[shared...]
      positions += (shared..<group.prompt.count).map { Int32($0) }
      var segments = [AttentionSegment(rows: prompt, prefix: prompt.lowerBound..<prompt.lowerBound)]
      let promptHeadRow = headRows.count
      if group.responses.contains(where: { !$0.isEmpty }) { headRows.append(prompt.upperBound - 1) }
      for (number, response) in group.responses.enumerated() where !response.isEmpty {
        targets.append(
          Target(headRow: promptHeadRow, token: response[0], group: index, response: number, position: 0))
        let first = tokens.count
        for (offset, token) in response.dropLast().enumerated() {
          tokens.append(token)
          positions.append(Int32(group.prompt.count + offset))
          targets.append(
            Target(
              headRow: headRows.count, token: response[offset + 1], group: index, response: number,
              position: offset + 1))
          headRows.append(first + offset)
        }
        if response.count > 1 { segments.append(AttentionSegment(rows: first..<tokens.count, prefix: prompt)) }
      }
      attention.append(AttentionGroup(rows: start..<tokens.count, segments: segments, shared: 0..<shared))
    }
    let paddedRows = RowSpans.filled(tokens.count)
    (lastAttention, lastRows) = Self.last(attention, everyRow: everyRow, shared: shared, paddedRows: paddedRows)
    let filling = paddedRows - tokens.count
    firstGroup = groups.startIndex
    sharedCount = shared
    self.groups = Array(groups)
    rows = tokens.count
    self.tokens = tokens + [Int32](repeating: 0, count: filling)
    self.positions = positions + [Int32](repeating: 0, count: filling)
    self.attention = attention
    self.headRows = headRows
    self.targets = targets
    self.paddedRows = paddedRows
  }

  /// The last layer's queries, and the rows that hold them.
  private static func last(
    _ attention: [AttentionGroup], everyRow: Bool, shared: Int, paddedRows: Int
  ) -> (attention: [AttentionGroup], rows: RowSpans) {
    if everyRow { return (attention, RowSpans(rows: paddedRows)) }
    let predicting = attention.enumerated().map { $1.predicting(anything: shared == 0 || $0 > 0) }
    let rows = predicting.filter { !$0.segments[0].queries.isEmpty }.map {
      $0.segments[0].queries.lowerBound..<$0.rows.upperBound
    }
    return (predicting, RowSpans(covering: rows, rows: paddedRows))
  }

  /// The tokens of the rows that are not filling.
  var realTokens: [Int32] { Array(tokens[..<rows]) }

  /// The targets as the head reads them.
  var predictions: [LogProbs.Target] { targets.map { LogProbs.Target(row: $0.headRow, token: $0.token) } }

  /// Zeros in the shape of the log-probs: [group][response][token].
  var emptyLogProbs: [[[Float]]] {
    groups.map { $0.responses.map { [Float](repeating: 0, count: $0.count) } }
  }

  /// Rows of the longest prompt with its responses that may share rows: those that do cannot have their heads as tasks of
  /// their own, which longer ones may need.
  private static let longestSharing = 512

  /// How many rows all prompts begin with, of which each keeps at least one more: the one that predicts. 0 where a group
  /// is too long for it, and where less than a 32nd of all rows would be saved, which is what sharing costs.
  private static func sharedPrefix(_ groups: ArraySlice<PromptGroup>) -> Int {
    guard let first = groups.first?.prompt, groups.allSatisfy({ $0.rowCount <= longestSharing }) else { return 0 }
    var count = first.count - 1
    for group in groups {
      count = min(count, group.prompt.count - 1)
      count = zip(first, group.prompt).prefix(count).enumerated().first { $1.0 != $1.1 }?.offset ?? count
    }
    let saved = count * (groups.count - 1)
    return saved * 32 < groups.reduce(0) { $0 + $1.rowCount } ? 0 : count
  }

  /// Splits groups, in order, into as few micro-batches of at most `tokenBudget` rows as that takes; a longer group gets
  /// one of its own. The longest is as short as their number allows: it decides how much memory a pass touches.
  static func split(_ groups: [PromptGroup], tokenBudget: Int, everyRow: Bool, sharing: Bool) -> [MicroBatch] {
    let counts = groups.map(\.rowCount)
    let fewest = ranges(counts, budget: tokenBudget).count
    // The smallest budget that needs no more of them: halving, between one that may and one that does.
    var (low, high) = (0, tokenBudget)
    while low < high {
      let middle = (low + high) / 2
      if ranges(counts, budget: middle).count > fewest { low = middle + 1 } else { high = middle }
    }
    return ranges(counts, budget: high).map { MicroBatch(groups[$0], everyRow: everyRow, sharing: sharing) }
  }

  private static func ranges(_ counts: [Int], budget: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    var rows = 0
    for (index, count) in counts.enumerated() {
      if index > start, rows + count > budget {
        ranges.append(start..<index)
        start = index
        rows = 0
      }
      rows += count
    }
    if start < counts.count { ranges.append(start..<counts.count) }
    return ranges
  }
}

extension MicroBatch {
  /// Rows without meaning, for what a pass of this size takes in memory: groups of `longestGroup` rows, of which `scored`
  /// rows predict something.
  init(rows: Int, longestGroup: Int, scored: Int) {
    let longest = max(1, min(longestGroup, rows))
    let starts = Array(stride(from: 0, to: rows, by: longest))
    firstGroup = 0
    groups = []
    sharedCount = 0
    self.rows = rows
    paddedRows = RowSpans.filled(rows)
    tokens = [Int32](repeating: 0, count: paddedRows)
    positions = tokens
    attention = starts.map { start in
      let range = start..<min(start + longest, rows)
      return AttentionGroup(rows: range, segments: [AttentionSegment(rows: range, prefix: 0..<0)])
    }
    lastAttention = attention
    lastRows = RowSpans(rows: paddedRows)
    headRows = Array(0..<scored)
    targets = headRows.map { Target(headRow: $0, token: 0, group: 0, response: 0, position: $0) }
  }
}

extension AttentionGroup {
  /// The same with the prompt's last query alone, from which the responses' first tokens are predicted; without any
  /// where nothing is.
  fileprivate func predicting(anything: Bool) -> AttentionGroup {
    var group = self
    let end = group.segments[0].rows.upperBound
    group.segments[0].queries = anything ? end - 1..<end : end..<end
    return group
  }
}
