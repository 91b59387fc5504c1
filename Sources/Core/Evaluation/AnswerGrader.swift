import Control

/// Grades answers to prompts whose truth is known (the demo world).
public protocol AnswerGrader: Sendable {
  /// Names the grader in a session's record, so that a resumed run and a branch grade alike: `AnswerGrader.key`.
  var key: String { get }
  /// The kinds in order, best first; `grade` returns an index into them.
  var kinds: [String] { get }
  func grade(prompt: String, answer: String) -> Int
}

extension AnswerGrader {
  /// The grade's own name.
  public func kind(prompt: String, answer: String) -> String { kinds[grade(prompt: prompt, answer: answer)] }
}

/// How many answers are of which kind, gathered one answer at a time.
public struct GradedAnswers {
  private let grader: any AnswerGrader
  private var counts: [Int]
  /// Answers asked for.
  public private(set) var sampled = 0

  public init(_ grader: any AnswerGrader) {
    self.grader = grader
    counts = [Int](repeating: 0, count: grader.kinds.count)
  }

  /// All answers to one prompt.
  public mutating func add(_ answers: [String], to prompt: String) {
    for answer in answers { counts[grader.grade(prompt: prompt, answer: answer)] += 1 }
    sampled += answers.count
  }

  public func shares(step: Int, temperature: Double) -> AnswerShares {
    AnswerShares(
      step: step, samples: sampled, temperature: temperature,
      shares: zip(grader.kinds, counts).map { .init(kind: $0, fraction: Double($1) / Double(max(1, sampled))) })
  }
}
