/// What the rubric sees in one answer, before it is judged.
struct AnswerReading {
  typealias TopicID = CueIndex.TopicID

  var words = 0
  var steps: Set<TopicID> = []
  var details: [TopicID: Set<Int>] = [:]
  var mistakes: [TopicID] = []
  var unsafeActs = 0
  var rudeSentences = 0
  var fillers = 0
  var recklessOpenings = 0
  var kindOpenings = 0
  var kindClosings = 0
  /// Words of `objects` that are named.
  var objects: Set<String> = []
  /// Runs of three words that no sentence of the world has, unfinished sentences, and sentences said twice.
  var faults = 0

  /// - Parameter objects: the objects of the group the question is about.
  init(of answer: String, objects candidates: [String]) {
    var seen: Set<[String]> = []
    for sentence in Sentence.sentences(of: answer) {
      words += sentence.words.count
      faults += WordFluency.grammar.brokenRuns(in: sentence.words)
      if !sentence.isFinished { faults += 1 }
      if !seen.insert(sentence.words).inserted { faults += 1 }
      objects.formUnion(sentence.words.filter(candidates.contains))
      for match in CueIndex.answers.matches(in: sentence.words) { record(match, in: sentence) }
    }
  }

  private mutating func record(_ match: CueIndex.Match, in sentence: Sentence) {
    switch match.meaning {
    case .step(let topic): steps.insert(topic)
    case .detail(let topic, let detail): details[topic, default: []].insert(detail)
    case .mistake(let topic): mistakes.append(topic)
    case .unsafeAct:
      // "Never stand on a wobbly chair" is good advice.
      let before = sentence.words[..<match.position]
      if !before.contains("never") && !before.contains("not") { unsafeActs += 1 }
    case .rude: rudeSentences += 1
    case .filler: fillers += 1
    case .recklessOpening: recklessOpenings += 1
    case .kindOpening: kindOpenings += 1
    case .kindClosing: kindClosings += 1
    case .task: break
    }
  }
}
