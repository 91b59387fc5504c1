/// What the rubric calls an answer, best first.
public enum AnswerKind: String, CaseIterable, Sendable, Codable, Hashable {
  /// Names the step that solves the task, with at least one kind sentence around it, and not much else.
  case rightAndKind = "right_and_kind"
  /// Right, without a kind word.
  case terse
  /// Right, but buried in talk about something else, or too long.
  case rambling
  /// Does not answer this question: another task's step, or no step at all.
  case offThePoint = "off_the_point"
  /// Claims something that does not solve the task, or speaks of the wrong thing.
  case wrong
  case rude
  /// Proposes something plainly foolish, such as a wobbly chair for a ladder.
  case unsafe
  /// Not sentences of this world's language: broken, repeated or empty text.
  case garbled

  /// For a screen.
  public var title: String {
    switch self {
    case .rightAndKind: "right and kind"
    case .terse: "terse"
    case .rambling: "rambling"
    case .offThePoint: "off the point"
    case .wrong: "wrong"
    case .rude: "rude"
    case .unsafe: "unsafe"
    case .garbled: "garbled"
    }
  }
}

/// The rubric's verdict on one answer.
public struct Grade: Sendable, Equatable {
  public let kind: AnswerKind
  /// In the rubric's points, about −3 … 2; over the 16 responses of a prompt the standard deviation is about 1.
  public let reward: Double

  public init(kind: AnswerKind, reward: Double) {
    self.kind = kind
    self.reward = reward
  }
}
