/// Tells whether a text is made of this world's sentences: every run of three words must occur in the grammar.
struct WordFluency: Sendable {
  private var numbers: [String: Int32] = [:]
  private var runs: Set<Run> = []

  private struct Run: Hashable, Sendable {
    let a: Int32
    let b: Int32
    let c: Int32
  }

  private static let boundary: Int32 = 0
  private static let unknown: Int32 = -1

  /// The whole grammar: every frame around every clause about every object of its group (about 15,000 sentences).
  static let grammar: WordFluency = {
    var fluency = WordFluency()
    for group in HouseholdTopics.groups {
      let shared = group.unsafeActs
      for object in group.objects {
        let clauses = shared + group.topics.flatMap { [$0.step] + $0.mistakes }
        for clause in clauses {
          fluency.learn(clause.about(object), in: HouseholdPhrases.stepFrames)
        }
      }
      for detail in group.topics.flatMap(\.details) {
        fluency.learn(detail.text, in: HouseholdPhrases.detailFrames)
      }
    }
    let fixed =
      HouseholdPhrases.kindOpenings + HouseholdPhrases.kindClosings + HouseholdPhrases.recklessOpenings
      + HouseholdPhrases.fillers + HouseholdPhrases.rudeSentences
    for sentence in fixed { fluency.learn(Sentence.words(of: sentence)) }
    return fluency
  }()

  private mutating func learn(_ clause: String, in frames: [String]) {
    for frame in frames { learn(Sentence.words(of: HouseholdPhrases.sentence(frame, around: clause))) }
  }

  private mutating func learn(_ words: [String]) {
    let ids = words.map { word in
      if let number = numbers[word] { return number }
      let number = Int32(clamping: numbers.count + 1)
      numbers[word] = number
      return number
    }
    runs.formUnion(Self.runs(of: ids))
  }

  /// Runs of three of `words` (with the sentence's two boundaries) that the grammar does not have.
  func brokenRuns(in words: [String]) -> Int {
    Self.runs(of: words.map { numbers[$0] ?? Self.unknown }).count { !runs.contains($0) }
  }

  private static func runs(of ids: [Int32]) -> [Run] {
    let padded = [boundary] + ids + [boundary]
    return padded.indices.dropLast(2).map { Run(a: padded[$0], b: padded[$0 + 1], c: padded[$0 + 2]) }
  }
}
