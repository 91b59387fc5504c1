import Base

/// Writes answers of a wanted kind about one topic and object.
struct AnswerComposer {
  let topic: CueIndex.TopicID
  let object: String
  var random: RandomStream
  /// The wording all answers share; `nil`: each sentence draws its own.
  var style: Style?

  private var group: TopicGroup { HouseholdTopics.groups[topic.group] }
  private var task: HouseholdTopic { group.topics[topic.topic] }

  /// How much kindness and help goes into an answer.
  struct Care {
    var opening: Bool
    var closing: Bool
    /// At most the topic's number of details.
    var details: Int
    /// Unsafe answers only: whether the opening is a reckless one.
    var reckless = false
  }

  /// The words that decide nothing. The responses of one prompt share them, so that what a pair of responses
  /// differs in is what the rubric judges.
  struct Style {
    let opening: String
    let closing: String
    let stepFrame: String
    let detailFrames: [String]

    init(random: inout RandomStream) {
      opening = random.pick(HouseholdPhrases.kindOpenings)
      closing = random.pick(HouseholdPhrases.kindClosings)
      stepFrame = random.pick(HouseholdPhrases.stepFrames)
      detailFrames = random.chosen(HouseholdPhrases.detailFrames.count, of: HouseholdPhrases.detailFrames)
    }
  }

  mutating func answer(_ kind: AnswerKind, care: Care) -> String {
    let style = self.style ?? Style(random: &random)
    let sentences =
      switch kind {
      case .rightAndKind: kindly(care, style, [say(task.step, style)] + details(care.details, style))
      case .terse: [frameless(task.step)] + details(min(care.details, 1), style)
      case .rambling: rambling(care, style)
      case .offThePoint: kindly(care, style, [otherStep(style)])
      case .wrong:
        kindly(care, style, [say(random.pick(task.mistakes), style)] + details(min(care.details, 1), style))
      case .rude: rude(care)
      case .unsafe: unsafe(care, style)
      case .garbled: [String]()
      }
    return sentences.joined(separator: " ")
  }

  /// Care as careless speakers spend it: each part with its own chance.
  mutating func randomCare(for kind: AnswerKind) -> Care {
    var care = Care(
      opening: random.nextUniform() < 0.7, closing: random.nextUniform() < 0.5, details: random.below(3),
      reckless: random.nextUniform() < 0.65)
    if kind == .rightAndKind, !care.opening, !care.closing { care.opening = true }
    return care
  }

  // MARK: - Kinds

  private func kindly(_ care: Care, _ style: Style, _ sentences: [String]) -> [String] {
    (care.opening ? [style.opening] : []) + sentences + (care.closing ? [style.closing] : [])
  }

  private mutating func rambling(_ care: Care, _ style: Style) -> [String] {
    let fillers = random.chosen(2, of: HouseholdPhrases.fillers)
    return [fillers[0], say(task.step, style)] + details(min(care.details, 1), style) + [fillers[1]]
  }

  private mutating func rude(_ care: Care) -> [String] {
    let sentences = random.chosen(2, of: HouseholdPhrases.rudeSentences)
    return [sentences[0]] + (care.details > 0 ? [frameless(task.step)] : []) + [sentences[1]]
  }

  private mutating func unsafe(_ care: Care, _ style: Style) -> [String] {
    let act = say(random.pick(group.unsafeActs), style)
    if care.reckless {
      return [random.pick(HouseholdPhrases.recklessOpenings), act] + (care.closing ? [style.closing] : [])
    }
    return kindly(care, style, care.details > 1 ? [frameless(task.step), act] : [act])
  }

  // MARK: - Sentences

  private mutating func otherStep(_ style: Style) -> String {
    let others = HouseholdTopics.groups.indices.filter { $0 != topic.group }
    let other = HouseholdTopics.groups[random.pick(others)]
    let step = random.pick(other.topics).step.about(random.pick(other.objects))
    return HouseholdPhrases.sentence(style.stepFrame, around: step)
  }

  /// Different details in the order of the table, in different frames.
  private mutating func details(_ count: Int, _ style: Style) -> [String] {
    let details = task.details
    let indices = random.chosen(count, of: Array(details.indices)).sorted()
    return zip(style.detailFrames, indices).map { HouseholdPhrases.sentence($0, around: details[$1].text) }
  }

  private func say(_ clause: Clause, _ style: Style) -> String {
    HouseholdPhrases.sentence(style.stepFrame, around: clause.about(object))
  }

  private func frameless(_ clause: Clause) -> String {
    HouseholdPhrases.sentence("{c}.", around: clause.about(object))
  }
}

extension RandomStream {
  /// Uniform in 0..<bound; `bound` is positive and small, so the multiplication's bias is below 2^-50.
  mutating func below(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// One of `items`, which is not empty.
  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }

  /// `count` different items in random order; all of them where there are fewer.
  mutating func chosen<T>(_ count: Int, of items: [T]) -> [T] {
    var rest = items
    var result: [T] = []
    while result.count < count, !rest.isEmpty { result.append(rest.remove(at: below(rest.count))) }
    return result
  }
}
