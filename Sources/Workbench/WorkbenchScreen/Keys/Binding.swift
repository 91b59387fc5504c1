/// Where keys mean what they mean.
public enum KeyContext: String, CaseIterable, Sendable {
  case main = "everywhere"
  case replay = "looking back"
  case samples = "samples of a step"
  case gammaEditor = "editing gamma"
  case valueEditor = "editing a value"
  case quit = "leaving"
  case help = "help"
  case palette = "finding a command"
  case filter = "filtering prompts"
  case undo = "taking an edit back"
  case branch = "branching off"
  case alarms = "alarms"
}

/// One row of the table that drives dispatch, hints, help, the command palette and documentation. It carries what it
/// does, so a new key is one row and the function that the row calls.
struct Binding: Sendable {
  typealias Question = @Sendable (ScreenState) -> String?
  typealias Deed = @Sendable (inout ScreenState) -> [ScreenEffect]

  /// A word or two for the hint line; may depend on the state ("pause", "resume").
  struct Hint: Sendable, ExpressibleByStringLiteral {
    let text: @Sendable (ScreenState) -> String

    init(_ text: @escaping @Sendable (ScreenState) -> String) { self.text = text }
    init(stringLiteral text: String) { self.text = { _ in text } }
  }

  /// Stays the same when keys and words change.
  let name: String
  /// The first one is shown in hints.
  let keys: [Key]
  let contexts: [KeyContext]
  /// The tab that it shows, where it does nothing else: help has one line for all tabs.
  let page: Page?
  private let hintText: Hint
  /// A sentence for help.
  let help: String
  /// Lower comes first in the hint line; nil is left to help.
  let rank: Int?
  /// Why it cannot be done now; nil if it can.
  let obstacle: Question
  /// Does it, and says what the outside has to do. Only where there is no obstacle.
  let perform: Deed

  init(
    _ name: String, _ keys: [Key], in contexts: [KeyContext] = [.main], page: Page? = nil, hint: Hint, help: String,
    rank: Int? = nil, unless obstacle: @escaping Question = { _ in nil }, perform: @escaping Deed
  ) {
    self.name = name
    self.keys = keys
    self.contexts = contexts
    self.page = page
    hintText = hint
    self.help = help
    self.rank = rank
    self.obstacle = obstacle
    self.perform = perform
  }

  /// A row that changes the screen alone.
  init(
    _ name: String, _ keys: [Key], in contexts: [KeyContext] = [.main], page: Page? = nil, hint: Hint, help: String,
    rank: Int? = nil, unless obstacle: @escaping Question = { _ in nil },
    change: @escaping @Sendable (inout ScreenState) -> Void
  ) {
    self.init(name, keys, in: contexts, page: page, hint: hint, help: help, rank: rank, unless: obstacle) {
      change(&$0)
      return []
    }
  }

  func hint(_ state: ScreenState) -> String { hintText.text(state) }

  /// All of them, in the order of help.
  static let table: [Binding] = steering + tabs + view + lists + replay + editors + dialogs + leaving + help + always

  static func find(_ key: Key, in context: KeyContext) -> Binding? {
    let found = table.first { $0.contexts.contains(context) && $0.keys.contains(key) }
    // What looking back gives no meaning of its own means what it means everywhere.
    return found == nil && context == .replay ? find(key, in: .main) : found
  }

  static func named(_ name: String) -> Binding? { table.first { $0.name == name } }

  private static let always = [
    Binding(
      "repaint", [.control("l")], in: KeyContext.allCases, hint: "repaint", help: "Paint the whole screen anew",
      perform: { _ in [.repaint] })
  ]
}

extension ScreenState {
  /// What keys mean now.
  var context: KeyContext {
    switch view.overlay {
    case nil: view.replay == nil ? .main : .replay
    case .help: .help
    case .quit: .quit
    case .palette: .palette
    case .filter: .filter
    case .undo: .undo
    case .branch: .branch
    case .alarms: .alarms
    case .samples: .samples
    case .editor(let editor): editor.setting.isScheduled ? .gammaEditor : .valueEditor
    }
  }

  /// Does what the row says, or says why not.
  mutating func perform(_ binding: Binding) -> [ScreenEffect] {
    if let obstacle = binding.obstacle(self) {
      say(obstacle, .warning)
      return []
    }
    return binding.perform(&self)
  }
}
