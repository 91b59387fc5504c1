import Control
import Foundation

/// What a prompt's history says about it.
enum PromptTag: String, CaseIterable, Sendable {
  /// Visited at least three times and never ranked right.
  case never = "never learned"
  /// Ranked right once, wrong at the last visit.
  case forgotten
  /// Ranked wrong once, right at the last two visits.
  case flipped
  /// Policy and reference both find the rejected response much likelier, by `suspectNats` for the whole answer.
  case suspect = "label suspect"

  static let suspectNats = 10.0

  /// Shown in the list.
  var sign: Character? {
    switch self {
    case .never: "n"
    case .forgotten: "f"
    case .flipped: nil
    case .suspect: "?"
    }
  }

  static func of(_ entry: PromptBook.Entry) -> PromptTag? {
    if let best = entry.scores[0], let drawn = entry.lastVisit.drawn, let other = entry.scores[drawn],
      other.response.logProb - best.response.logProb > suspectNats,
      other.response.referenceLogProb - best.response.referenceLogProb > suspectNats, entry.margin < 0
    {
      return .suspect
    }
    // The first visit of a fresh adapter has margin 0: neither right nor wrong.
    let margins = entry.margins.filter { $0 != 0 && $0.isFinite }
    guard let last = margins.last else { return nil }
    if margins.count >= 3, margins.allSatisfy({ $0 < 0 }) { return .never }
    if last < 0, margins.contains(where: { $0 > 0 }) { return .forgotten }
    if margins.suffix(2).allSatisfy({ $0 > 0 }), margins.contains(where: { $0 < 0 }) { return .flipped }
    return nil
  }
}

/// What `/` leaves in the list of prompts: a number, words of a tag, or any part of the prompt's text.
enum PromptFilter {
  static func matches(_ filter: String, _ prompt: Int, _ state: ScreenState) -> Bool {
    let wanted = filter.trimmingCharacters(in: .whitespaces).lowercased()
    if wanted.isEmpty { return true }
    if String(prompt) == wanted { return true }
    if let entry = state.prompts.entries[prompt], let tag = PromptTag.of(entry), tag.rawValue.hasPrefix(wanted) {
      return true
    }
    return state.catalogued(prompt)?.text.lowercased().contains(wanted) ?? false
  }
}

extension ScreenState {
  /// The visited prompts that the filter leaves, worst margin first.
  var listedPrompts: [Int] {
    view.promptFilter.isEmpty ? prompts.order : filteredPrompts
  }

  /// Worked out when the list is sorted or the filter changes, not for every frame.
  mutating func applyFilter() {
    filteredPrompts =
      view.promptFilter.isEmpty ? [] : prompts.order.filter { PromptFilter.matches(view.promptFilter, $0, self) }
  }
}
