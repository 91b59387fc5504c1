/// Finds the grammar's cues in a sentence: which clauses of the tables a text contains.
struct CueIndex: Sendable {
  /// A topic by its place in `HouseholdTopics.groups`.
  struct TopicID: Hashable, Sendable {
    let group: Int
    let topic: Int
  }

  enum Meaning: Hashable, Sendable {
    case step(TopicID)
    case detail(TopicID, Int)
    case mistake(TopicID)
    case task(TopicID)
    case unsafeAct
    case rude
    case filler
    case recklessOpening
    case kindOpening
    case kindClosing
  }

  struct Match: Hashable, Sendable {
    let meaning: Meaning
    /// Where the cue starts, in words of its sentence.
    let position: Int
    let length: Int
  }

  private var entries: [String: [(words: [String], meaning: Meaning)]] = [:]

  /// The cues of answers.
  static let answers: CueIndex = {
    var index = CueIndex()
    for (g, group) in HouseholdTopics.groups.enumerated() {
      for (t, topic) in group.topics.enumerated() {
        let id = TopicID(group: g, topic: t)
        index.add(topic.step.cue, .step(id))
        for (d, detail) in topic.details.enumerated() { index.add(detail.cue, .detail(id, d)) }
        for mistake in topic.mistakes { index.add(mistake.cue, .mistake(id)) }
      }
      for act in group.unsafeActs { index.add(act.cue, .unsafeAct) }
    }
    for text in HouseholdPhrases.rudeSentences { index.add(Sentence.words(of: text), .rude) }
    for text in HouseholdPhrases.fillers { index.add(Sentence.words(of: text), .filler) }
    for text in HouseholdPhrases.recklessOpenings { index.add(Sentence.words(of: text), .recklessOpening) }
    for text in HouseholdPhrases.kindOpenings { index.add(Sentence.words(of: text), .kindOpening) }
    for text in HouseholdPhrases.kindClosings { index.add(Sentence.words(of: text), .kindClosing) }
    return index
  }()

  /// The cues of questions.
  static let questions: CueIndex = {
    var index = CueIndex()
    for (g, group) in HouseholdTopics.groups.enumerated() {
      for (t, topic) in group.topics.enumerated() { index.add(topic.task.cue, .task(TopicID(group: g, topic: t))) }
    }
    return index
  }()

  private mutating func add(_ cue: [String], _ meaning: Meaning) {
    guard let first = cue.first else { return }
    if entries[first]?.contains(where: { $0.words == cue && $0.meaning == meaning }) == true { return }
    entries[first, default: []].append((cue, meaning))
  }

  /// All cues in `words`, from left to right.
  func matches(in words: [String]) -> [Match] {
    var result: [Match] = []
    for position in words.indices {
      for (cue, meaning) in entries[words[position]] ?? []
      where words.count - position >= cue.count && words[position..<position + cue.count].elementsEqual(cue) {
        result.append(Match(meaning: meaning, position: position, length: cue.count))
      }
    }
    return result
  }
}
