import Foundation
import Testing

@testable import DemoWorld

@Suite struct WorldGeneratorTests {
  static let training = WorldGenerator().trainingRows()
  static let heldOut = WorldGenerator().heldOutRows()

  @Test func hasTheShapeThatTheDemoPromises() {
    #expect(Self.training.count == 480)
    #expect(Self.heldOut.count == 96)
    for row in Self.training + Self.heldOut {
      #expect(row.responses.count == 16)
      #expect(Set(row.responses).count == 16, "\(row.prompt)")
      #expect(row.rewards == row.rewards.sorted(by: >))
    }
  }

  /// FNV-1a over the lines of all files, so that a change of the grammar, the generator or the random streams is seen.
  @Test func isDeterministic() throws {
    let generator = WorldGenerator()
    let files = [
      try WorldFiles.lines(of: generator.trainingRows()), try WorldFiles.lines(of: generator.heldOutRows()),
      try WorldFiles.lines(of: generator.corpus(count: 500)),
    ]
    #expect(files.map(fnv1a) == WorldHashes.expected)
  }

  @Test func anotherSeedGivesOtherRows() {
    #expect(WorldGenerator(seed: 8).trainingRows() != Self.training)
  }

  @Test func everyResponseIsGradedAsIntended() {
    var misread: [String] = []
    for row in Self.training + Self.heldOut {
      for (response, kind) in zip(row.responses, row.kinds) {
        let grade = HouseholdRubric.grade(prompt: row.prompt, answer: response)
        if grade.kind != kind { misread.append("\(kind) read as \(grade.kind): \(row.prompt) \(response)") }
      }
    }
    let count = misread.count
    #expect(count == 0, "\(misread.prefix(3))")
  }

  @Test func theBestResponseIsRightAndKindAndTheWorstUnsafe() {
    for row in Self.training + Self.heldOut {
      #expect(row.kinds.first == .rightAndKind)
      #expect(row.kinds.last == .unsafe)
      #expect(row.rewards[0] > row.rewards[1])
    }
  }

  @Test func rewardsSpreadLikeARewardModelsAndTiesAreRare() {
    let rows = Self.training + Self.heldOut
    let deviations = rows.map { Self.standardDeviation($0.rewards) }
    #expect(deviations.allSatisfy { $0 > 0.9 && $0 < 1.5 })
    let mean = deviations.reduce(0, +) / Double(rows.count)
    #expect(mean > 1 && mean < 1.5)
    let ties = rows.reduce(0) { $0 + $1.rewards.count - Set($1.rewards).count }
    #expect(Double(ties) < 0.01 * Double(rows.count * 16))
  }

  /// ESS = 1/Σ q_i² over the 15 dispreferred responses, q_i ∝ exp(γ r_i) (HPS.md, Eq. 7/9).
  @Test(arguments: [-2.5, 2.5]) func drawsAreNotSaturated(gamma: Double) {
    let saturated = Self.training.count { row in
      let dispreferred = row.rewards.dropFirst()
      let top = dispreferred.map { gamma * $0 }.max() ?? 0
      let weights = dispreferred.map { exp(gamma * $0 - top) }
      let sum = weights.reduce(0, +)
      return 1 / weights.reduce(0) { $0 + ($1 / sum) * ($1 / sum) } < 1.5
    }
    #expect(Double(saturated) < 0.05 * Double(Self.training.count))
  }

  @Test func heldOutQuestionsOccurInNoTrainingText() {
    let corpus = WorldGenerator().corpus(count: 20_000)
    let seen = Set(Self.training.map(\.prompt) + corpus.map(\.prompt))
    #expect(Self.heldOut.allSatisfy { !seen.contains($0.prompt) })
    // Not the combination of task and object either, however it is asked.
    let pairs = Set(seen.compactMap { HouseholdQuestion(of: $0).map { "\($0.topic) \($0.object)" } })
    let heldOutPairs = Set(
      Self.heldOut.compactMap { HouseholdQuestion(of: $0.prompt).map { "\($0.topic) \($0.object)" } })
    #expect(pairs.count == 240)
    #expect(heldOutPairs.count == 48)
    #expect(pairs.isDisjoint(with: heldOutPairs))
  }

  @Test func theCorpusHasGoodAndBadAnswers() {
    let exchanges = WorldGenerator().corpus(count: 6_000)
    var shares: [AnswerKind: Double] = [:]
    for exchange in exchanges {
      let grade = HouseholdRubric.grade(prompt: exchange.prompt, answer: exchange.answer)
      shares[grade.kind, default: 0] += 1 / Double(exchanges.count)
    }
    #expect(shares[.garbled, default: 0] == 0)
    #expect((0.2...0.32).contains(shares[.unsafe, default: 0]))
    for kind in AnswerKind.allCases where kind != .garbled {
      #expect(shares[kind, default: 0] > 0.05, "\(kind)")
    }
  }

  @Test func everyQuestionIsUnderstood() {
    for (g, group) in HouseholdTopics.groups.enumerated() {
      for (t, topic) in group.topics.enumerated() {
        for object in group.objects {
          for pattern in HouseholdPhrases.questions {
            let question = HouseholdQuestion(of: HouseholdPhrases.question(pattern, about: topic.task.about(object)))
            #expect(question?.topic == .init(group: g, topic: t))
            #expect(question?.object == object)
          }
        }
      }
    }
  }

  @Test func noTwoTopicsShareAStepOrATaskCue() {
    let topics = HouseholdTopics.groups.flatMap(\.topics)
    #expect(Set(topics.map(\.step.cue)).count == topics.count)
    #expect(Set(topics.map(\.task.cue)).count == topics.count)
  }

  private static func standardDeviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  private func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
