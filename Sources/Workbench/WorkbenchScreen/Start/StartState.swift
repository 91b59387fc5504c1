/// A session as the start screen lists it.
public struct StartEntry: Equatable, Sendable {
  public enum Status: String, Sendable {
    case live = "training"
    case finished, stopped
    /// Its process died without a word.
    case crashed
    /// The record cannot be read; `detail` says why.
    case unreadable
  }

  public var path: String
  public var name: String
  public var status: Status
  /// "HPS-DPO on household-3M, step 200 of 200"
  public var detail: String
  /// "2 hours ago"
  public var age: String

  public init(path: String, name: String, status: Status, detail: String, age: String) {
    self.path = path
    self.name = name
    self.status = status
    self.detail = detail
    self.age = age
  }
}

/// What a new run is to be, as typed.
public struct NewRun: Equatable, Sendable {
  public var model = ""
  public var data = ""
  public var method = NewRun.methods[0]
  public var steps = ""

  public init() {}

  /// A preference model and a parameterization, or a preference model alone.
  public static let methods = ["hps-dpo", "bt-dpo", "pl-dpo", "hps-exo", "hps-ipo", "hps-sppo", "hps-nca"]
}

/// What a person chose on the start screen.
public enum StartChoice: Equatable, Sendable {
  case demo
  case new(NewRun)
  case attach(String)
  case replay(String)
  case resume(String)
  case quit
}

/// The start screen as a value: the recent sessions, and a form for a new run.
public struct StartState: Equatable, Sendable {
  enum Field: Int, CaseIterable { case model, data, method, steps }

  struct Form: Equatable {
    var run = NewRun()
    var field = Field.model
    /// What is wrong with it, in one sentence.
    var problem: String?
  }

  public internal(set) var size: Size
  public internal(set) var entries: [StartEntry]
  var selected = 0
  var form: Form?
  var showsHelp = false
  var message: String?
  public internal(set) var choice: StartChoice?

  /// - Parameter entries: the most recent first.
  public init(size: Size, entries: [StartEntry]) {
    self.size = size
    self.entries = entries
  }

  /// The selected session; nil where there is none.
  var entry: StartEntry? { entries.indices.contains(selected) ? entries[selected] : nil }
}

/// (state, key) -> state, and nothing else.
enum StartReducer {
  /// - Parameter check: why a new run cannot be, in one sentence; nil if it can.
  static func reduce(_ state: inout StartState, _ key: Key, check: (NewRun) -> String?) {
    state.message = nil
    if state.showsHelp {
      state.showsHelp = false
      return
    }
    if state.form != nil { return fill(&state, key, check) }
    switch key {
    case .character("j"), .down: state.selected = min(state.entries.count - 1, state.selected + 1)
    case .character("k"), .up: state.selected = max(0, state.selected - 1)
    case .pageDown: state.selected = min(state.entries.count - 1, state.selected + 10)
    case .pageUp: state.selected = max(0, state.selected - 10)
    case .home: state.selected = 0
    case .end: state.selected = max(0, state.entries.count - 1)
    case .enter: open(&state)
    case .character("p"): replay(&state)
    case .character("r"): resume(&state)
    case .character("d"): state.choice = .demo
    case .character("n"): state.form = StartState.Form()
    case .character("?"), .function(1): state.showsHelp = true
    case .character("q"), .escape, .control("c"): state.choice = .quit
    default: break
    }
    state.selected = max(0, min(state.selected, state.entries.count - 1))
  }

  /// A run that trains is followed; any other is played again.
  private static func open(_ state: inout StartState) {
    guard let entry = state.entry else {
      // Nothing has been trained yet: what Enter would want is the demo.
      state.choice = .demo
      return
    }
    switch entry.status {
    case .live: state.choice = .attach(entry.path)
    case .finished, .stopped, .crashed: state.choice = .replay(entry.path)
    case .unreadable: state.message = entry.detail
    }
  }

  private static func replay(_ state: inout StartState) {
    guard let entry = state.entry else { return }
    if entry.status == .unreadable { state.message = entry.detail } else { state.choice = .replay(entry.path) }
  }

  private static func resume(_ state: inout StartState) {
    guard let entry = state.entry else { return }
    switch entry.status {
    case .live: state.message = "\(entry.name) is training already; Enter follows it"
    case .finished: state.message = "\(entry.name) ran to its end; there is nothing to resume"
    case .unreadable: state.message = entry.detail
    case .stopped, .crashed: state.choice = .resume(entry.path)
    }
  }

  // MARK: The form

  private static func fill(_ state: inout StartState, _ key: Key, _ check: (NewRun) -> String?) {
    guard var form = state.form else { return }
    switch key {
    case .escape:
      state.form = nil
      return
    case .tab, .down: form.field = StartState.Field(rawValue: form.field.rawValue + 1) ?? .model
    case .backTab, .up: form.field = StartState.Field(rawValue: form.field.rawValue - 1) ?? .steps
    case .left where form.field == .method: turn(&form, -1)
    case .right where form.field == .method, .character(" ") where form.field == .method: turn(&form, 1)
    case .backspace, .delete: edit(&form) { if !$0.isEmpty { $0.removeLast() } }
    case .control("u"): edit(&form) { $0 = "" }
    case .character(let character): edit(&form) { if $0.count < 400 { $0.append(character) } }
    case .enter:
      if form.field != .steps, let next = StartState.Field(rawValue: form.field.rawValue + 1), isEmpty(form, next) {
        form.field = next
      } else {
        form.problem = check(form.run)
        if form.problem == nil { state.choice = .new(form.run) }
      }
      state.form = form
      return
    default: break
    }
    state.form = form
  }

  private static func isEmpty(_ form: StartState.Form, _ field: StartState.Field) -> Bool {
    switch field {
    case .model: form.run.model.isEmpty
    case .data: form.run.data.isEmpty
    case .method, .steps: false
    }
  }

  private static func turn(_ form: inout StartState.Form, _ by: Int) {
    let methods = NewRun.methods
    let present = methods.firstIndex(of: form.run.method) ?? 0
    form.run.method = methods[(present + by + methods.count) % methods.count]
  }

  private static func edit(_ form: inout StartState.Form, _ change: (inout String) -> Void) {
    form.problem = nil
    switch form.field {
    case .model: change(&form.run.model)
    case .data: change(&form.run.data)
    case .method: break
    case .steps: change(&form.run.steps)
    }
  }
}
