import Control

/// What the run has shown of each training prompt so far.
struct PromptBook: Sendable {
  struct Entry: Sendable {
    var visits = 0
    /// The newest margins, oldest first.
    var margins: [Double] = []
    var lastVisit: PromptVisit
    var lastStep: Int
    /// γ in force at the last visit.
    var gamma: Double?
    /// The newest numbers of each response, with the step at which they were scored.
    var scores: [Int: Score] = [:]

    var margin: Double { lastVisit.margin }
  }

  struct Score: Sendable, Equatable {
    var response: ScoredResponse
    /// Optimizer steps complete when it was scored.
    var step: Int
    /// Scored for the inspector rather than in training.
    var inspected: Bool
  }

  static let marginsKept = 24

  private(set) var entries: [Int: Entry] = [:]
  /// Visited prompts, worst margin first, as of the last `sort`.
  private(set) var order: [Int] = []
  /// Margins as of the last `sort`: a list shows these, so that its numbers always agree with its order.
  private(set) var listed: [Int: Double] = [:]
  /// Scores of prompts that were inspected before their first visit.
  private var inspectedOnly: [Int: [Int: Score]] = [:]

  mutating func add(_ visit: PromptVisit, step: Int, gamma: Double?) {
    // During the step `step`, `step − 1` optimizer steps are complete.
    let scores = visit.scored.map { Score(response: $0, step: step - 1, inspected: false) }
    var entry = entries[visit.prompt] ?? Entry(lastVisit: visit, lastStep: step)
    if entry.visits == 0 {
      entry.scores = inspectedOnly.removeValue(forKey: visit.prompt) ?? [:]
      order.append(visit.prompt)
    }
    entry.visits += 1
    entry.lastVisit = visit
    entry.lastVisit.scored = []
    entry.lastStep = step
    entry.gamma = gamma
    if entry.margins.count == Self.marginsKept { entry.margins.removeFirst() }
    entry.margins.append(visit.margin)
    for score in scores { entry.scores[score.response.response] = score }
    entries[visit.prompt] = entry
  }

  mutating func add(_ inspection: PromptInspection) {
    var scores = entries[inspection.prompt]?.scores ?? inspectedOnly[inspection.prompt] ?? [:]
    for scored in inspection.scored {
      scores[scored.response] = Score(response: scored, step: inspection.step, inspected: true)
    }
    if entries[inspection.prompt] != nil {
      entries[inspection.prompt]?.scores = scores
    } else {
      inspectedOnly[inspection.prompt] = scores
    }
  }

  func scores(of prompt: Int) -> [Int: Score] {
    entries[prompt]?.scores ?? inspectedOnly[prompt] ?? [:]
  }

  /// Puts the worst margin first; a margin that is not a number comes before all.
  mutating func sort() {
    let margins = entries.mapValues(\.margin)
    listed = margins
    order.sort { first, second in
      let left = margins[first] ?? 0
      let right = margins[second] ?? 0
      if left.isNaN != right.isNaN { return left.isNaN }
      return left == right || left.isNaN ? first < second : left < right
    }
  }
}
