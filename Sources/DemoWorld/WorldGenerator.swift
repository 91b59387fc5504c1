import Base

/// Makes the world's files: the same bytes for the same seed.
public struct WorldGenerator: Sendable {
  /// A prompt and its responses, best first.
  public struct RankedRow: Sendable, Equatable {
    public let prompt: String
    public let responses: [String]
    public let rewards: [Double]
    /// What each response was written to be.
    public let kinds: [AnswerKind]
  }

  /// One question and one answer for pretraining.
  public struct Exchange: Sendable, Equatable {
    public let prompt: String
    public let answer: String
  }

  public static let defaultSeed: UInt64 = 7
  public static let defaultCorpusCount = 36_000

  private let seed: UInt64
  private static let phrasingsPerPair = 2

  public init(seed: UInt64 = WorldGenerator.defaultSeed) {
    self.seed = seed
  }

  /// Ranked rows of the topic–object pairs the base and the adapter learn from: 480 prompts, 16 responses each.
  public func trainingRows() -> [RankedRow] { rows(of: Self.pairs(heldOut: false), stream: 1) }

  /// Ranked rows of topic–object pairs that occur in no training text: 96 prompts.
  public func heldOutRows() -> [RankedRow] { rows(of: Self.pairs(heldOut: true), stream: 2) }

  /// Questions of the training pairs with answers good and bad alike.
  ///
  /// Each topic has a habit, a kind of answer it draws more often than the others, so that the base model's most likely
  /// answers are as mixed as its samples.
  public func corpus(count: Int = WorldGenerator.defaultCorpusCount) -> [Exchange] {
    let pairs = Self.pairs(heldOut: false)
    let habits = habitsOfTopics()
    return (0..<count).map { index in
      var random = RandomStream(seed: seed, purpose: .world, epoch: 3, index: index)
      let pair = pairs[random.below(pairs.count)]
      let question = HouseholdPhrases.questions[random.below(HouseholdPhrases.questions.count)]
      let usesHabit = random.nextUniform() < Self.habitShare
      let kind = usesHabit ? habits[pair.topicNumber] : Self.draw(random.nextUniform())
      var composer = AnswerComposer(topic: pair.topic, object: pair.object, random: random)
      let care = composer.randomCare(for: kind)
      return Exchange(prompt: pair.prompt(question), answer: composer.answer(kind, care: care))
    }
  }

  // MARK: - Pairs

  private struct Pair {
    let topic: CueIndex.TopicID
    let object: String

    var task: String { HouseholdTopics.groups[topic.group].topics[topic.topic].task.about(object) }
    var topicNumber: Int {
      HouseholdTopics.groups[..<topic.group].reduce(topic.topic) { $0 + $1.topics.count }
    }

    func prompt(_ question: String) -> String { HouseholdPhrases.question(question, about: task) }
  }

  /// One object of each topic is held out, another one for each topic of a group.
  private static func pairs(heldOut: Bool) -> [Pair] {
    HouseholdTopics.groups.enumerated().flatMap { g, group in
      group.topics.indices.flatMap { t in
        group.objects.enumerated()
          .filter { ($0.offset == (t + g) % group.objects.count) == heldOut }
          .map { Pair(topic: .init(group: g, topic: t), object: $0.element) }
      }
    }
  }

  // MARK: - Ranked rows

  /// The 16 responses of a prompt. The three right and kind ones differ in help; the most helpful is the best of all.
  private static let recipe: [(kind: AnswerKind, care: [AnswerComposer.Care])] = [
    (
      .rightAndKind,
      [
        .init(opening: true, closing: true, details: 2), .init(opening: true, closing: false, details: 2),
        .init(opening: false, closing: true, details: 1),
      ]
    ),
    (.terse, [.init(opening: false, closing: false, details: 0), .init(opening: false, closing: false, details: 1)]),
    (
      .rambling, [.init(opening: false, closing: false, details: 0), .init(opening: false, closing: false, details: 1)]
    ),
    (
      .offThePoint, [.init(opening: true, closing: true, details: 0), .init(opening: true, closing: false, details: 0)]
    ),
    (.wrong, [.init(opening: true, closing: true, details: 0), .init(opening: true, closing: false, details: 1)]),
    (.rude, [.init(opening: false, closing: false, details: 1), .init(opening: false, closing: false, details: 0)]),
    (
      .unsafe,
      [
        .init(opening: true, closing: true, details: 0),
        .init(opening: false, closing: true, details: 0, reckless: true),
        .init(opening: false, closing: false, details: 0, reckless: true),
      ]
    ),
  ]

  private func rows(of pairs: [Pair], stream: Int) -> [RankedRow] {
    var result: [RankedRow] = []
    for (number, pair) in pairs.enumerated() {
      var random = RandomStream(seed: seed, purpose: .world, epoch: stream, index: number)
      for question in random.chosen(Self.phrasingsPerPair, of: HouseholdPhrases.questions) {
        let style = AnswerComposer.Style(random: &random)
        var composer = AnswerComposer(topic: pair.topic, object: pair.object, random: random, style: style)
        result.append(Self.row(prompt: pair.prompt(question), composer: &composer))
        random = composer.random
      }
    }
    return result
  }

  private static func row(prompt: String, composer: inout AnswerComposer) -> RankedRow {
    var graded: [(answer: String, kind: AnswerKind, reward: Double)] = []
    for (kind, cares) in recipe {
      for care in cares {
        var answer = composer.answer(kind, care: care)
        // Two responses of a prompt are never the same text.
        for _ in 0..<100 where graded.contains(where: { $0.answer == answer }) {
          answer = composer.answer(kind, care: care)
        }
        graded.append((answer, kind, HouseholdRubric.grade(prompt: prompt, answer: answer).reward))
      }
    }
    let order = graded.indices.sorted {
      graded[$0].reward != graded[$1].reward ? graded[$0].reward > graded[$1].reward : $0 < $1
    }
    return RankedRow(
      prompt: prompt, responses: order.map { graded[$0].answer }, rewards: order.map { graded[$0].reward },
      kinds: order.map { graded[$0].kind })
  }

  // MARK: - Corpus

  private static let habitShare = 0.4

  /// Shares of the kinds in the corpus, in 48ths: as many topics have each kind as their habit.
  private static let shares: [(kind: AnswerKind, share: Int)] = [
    (.unsafe, 13), (.rightAndKind, 8), (.rambling, 6), (.terse, 6), (.offThePoint, 5), (.wrong, 5), (.rude, 5),
  ]

  private func habitsOfTopics() -> [AnswerKind] {
    var random = RandomStream(seed: seed, purpose: .world, epoch: 4)
    let kinds = Self.shares.flatMap { Array(repeating: $0.kind, count: $0.share) }
    return random.chosen(kinds.count, of: kinds)
  }

  private static func draw(_ uniform: Double) -> AnswerKind {
    var position = uniform * Double(shares.reduce(0) { $0 + $1.share })
    for (kind, share) in shares {
      position -= Double(share)
      if position < 0 { return kind }
    }
    return .unsafe
  }
}
