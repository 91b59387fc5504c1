import Foundation

/// `:` finds a command by its words, or goes to a step by its number.
struct CommandPalette: Equatable, Sendable {
  var text = ""
  var selected = 0

  /// What can be run, by the words of its help, with the key that does the same.
  struct Entry: Sendable {
    var name: String
    var help: String
    var action: Action
    var keys: String
    var obstacle: String?
  }

  /// At most so many are listed.
  static let limit = 12

  func entries(_ state: ScreenState) -> [Entry] {
    let words = text.lowercased().split(separator: " ")
    let contexts: [KeyContext] = state.replay == nil ? [.main] : [.replay, .main]
    var seen: Set<String> = []
    var found: [Entry] = []
    for context in contexts {
      for binding in Binding.table where binding.contexts.contains(context) && binding.action != .openPalette {
        let keys = binding.keys.map(\.name).joined(separator: " ")
        // A key of the record goes before the same key's meaning in a run.
        guard seen.insert(binding.keys.first?.name ?? "").inserted else { continue }
        let haystack = (binding.hint(state) + " " + binding.help).lowercased()
        guard words.allSatisfy({ haystack.contains($0) }) else { continue }
        found.append(
          Entry(
            name: binding.hint(state), help: binding.help, action: binding.action, keys: keys,
            obstacle: binding.obstacle(state)))
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
