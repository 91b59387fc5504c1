import Foundation

/// `:` finds a command by its words, or goes to a step by its number.
struct CommandPalette: Equatable, Sendable {
  var text = ""
  var selected = 0

  /// At most so many are listed.
  static let limit = 12

  /// What can be run, by the words of its hint and its help.
  func entries(_ state: ScreenState) -> [Binding] {
    let words = text.lowercased().split(separator: " ")
    let contexts: [KeyContext] = state.view.replay == nil ? [.main] : [.replay, .main]
    var seen: Set<Key> = []
    var found: [Binding] = []
    for context in contexts {
      for binding in Binding.table where binding.contexts.contains(context) && binding.name != Binding.paletteName {
        // A key of the record goes before the same key's meaning in a run.
        guard let key = binding.keys.first, seen.insert(key).inserted else { continue }
        let haystack = (binding.hint(state) + " " + binding.help).lowercased()
        if words.allSatisfy({ haystack.contains($0) }) { found.append(binding) }
      }
    }
    return Array(found.prefix(Self.limit))
  }

  /// The step that was typed.
  var step: Int? { Int(text.trimmingCharacters(in: .whitespaces)) }

  /// "run 50": so many steps, then pause.
  var run: Int? {
    let words = text.split(separator: " ")
    return words.count == 2 && words[0] == "run" ? Int(words[1]) : nil
  }
}
