import Foundation

/// Renders a parsed template once: walks the statements, keeps scopes, and counts what is spent.
///
/// Operations on values are in extensions: expressions, operators, filters, tests, methods.
final class TemplateInterpreter {
  /// Names visible at one place. Loops, macros, blocks and `with` open one; `if` does not.
  final class Scope {
    var values: [String: TemplateObject] = [:]
    let parent: Scope?

    init(parent: Scope?) { self.parent = parent }
  }

  /// What `loop` shows of a running loop.
  struct LoopState {
    var items: [TemplateObject]
    var index: Int
    var lastChanged: TemplateObject?
  }

  private enum Flow { case normal, breakLoop, continueLoop }

  let name: String
  let now: Date
  let timeZone: TimeZone
  private let stepLimit: Int
  var scope: Scope
  var namespaces: [[String: TemplateObject]] = []
  var loops: [Int: LoopState] = [:]
  private var loopCount = 0
  private var macros: [(macro: TemplateStatement.Macro, scope: Scope)] = []
  private var output = ""
  private var depth = 0
  private var steps = 0
  private var produced = 0

  init(name: String, globals: [(String, TemplateObject)], now: Date, timeZone: TimeZone, stepLimit: Int) {
    self.name = name
    self.stepLimit = stepLimit
    self.now = now
    self.timeZone = timeZone
    let builtins = Scope(parent: nil)
    for function in TemplateFunction.allCases { builtins.values[function.rawValue] = .callable(.function(function)) }
    for (key, value) in globals { builtins.values[key] = value }
    scope = Scope(parent: builtins)
  }

  func render(_ statements: [TemplateStatement]) throws -> String {
    _ = try execute(statements)
    return output
  }

  // MARK: Spending

  func charge(_ count: Int = 1) throws {
    steps += count
    guard steps <= stepLimit else {
      throw TemplateFault("the template needs more than \(stepLimit) steps")
    }
  }

  /// For work on a text that makes no new one: a step for every 64 bytes.
  func charge(reading text: String) throws { try charge(text.utf8.count / 64) }

  /// For hashing `key`.
  func charge(hashing key: TemplateObject) throws {
    switch key {
    case .string(let string): try charge(reading: string)
    case .tuple(let items): for item in items.values { try charge(hashing: item) }
    default: break
    }
  }

  /// To be asked before a text of `bytes` is made.
  func reserve(bytes: Int) throws {
    guard bytes <= TemplateLimits.text else {
      throw TemplateFault("a text grows beyond \(TemplateLimits.text >> 20) MB")
    }
    produced += bytes
    guard produced <= TemplateLimits.produced else {
      throw TemplateFault("the template makes more than \(TemplateLimits.produced >> 20) MB of text")
    }
  }

  func made(_ text: String) throws -> TemplateObject {
    try reserve(bytes: text.utf8.count)
    return .string(text)
  }

  /// Runs `body` one level deeper and gives errors that have no place yet `position`.
  func at<Result>(_ position: TemplatePosition, _ body: () throws -> Result) throws -> Result {
    do {
      return try deeper(body)
    } catch let fault as TemplateFault {
      throw ChatTemplateError(
        name: name, line: position.line, column: position.column, message: fault.message,
        isRaisedByTemplate: fault.isRaisedByTemplate)
    }
  }

  /// Runs `body` one level deeper, for a step; the levels are bounded.
  func deeper<Result>(_ body: () throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TemplateLimits.renderDepth else {
      throw TemplateFault("nested more than \(TemplateLimits.renderDepth) levels deep")
    }
    try charge()
    return try body()
  }

  // MARK: Statements

  private func execute(_ statements: [TemplateStatement]) throws -> Flow {
    for statement in statements {
      let flow = try at(statement.position) { try execute(statement) }
      if flow != .normal { return flow }
    }
    return .normal
  }

  private func execute(_ statement: TemplateStatement) throws -> Flow {
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let expression): try write(text(of: evaluate(expression)))
    case .forLoop(let loop): return try execute(loop)
    case .condition(let branches, let otherwise):
      for branch in branches where try evaluate(branch.condition).isTrue { return try execute(branch.body) }
      return try execute(otherwise)
    case .set(let target, let expression): try assign(try evaluate(expression), to: target)
    case .setBlock(let target, let filters, let body):
      try assign(try apply(filters, to: .string(try captured(body))), to: target)
    case .filterBlock(let filters, let body):
      try write(text(of: try apply(filters, to: .string(try captured(body)))))
    case .generation(let body): try write(captured(body))
    case .with(let assignments, let body):
      let values = try assignments.map { try evaluate($0.value) }
      return try inScope(Scope(parent: scope)) {
        for (assignment, value) in zip(assignments, values) { try assign(value, to: assignment.target) }
        return try execute(body)
      }
    case .macro(let macro):
      // A macro keeps its scope alive until the end, so it costs more than a step.
      try charge(100)
      macros.append((macro, scope))
      scope.values[macro.name] = .callable(.macro(macros.count - 1))
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    }
    return .normal
  }

  private func write(_ text: String) throws {
    guard output.utf8.count + text.utf8.count <= TemplateLimits.text else {
      throw TemplateFault("the output grows beyond \(TemplateLimits.text >> 20) MB")
    }
    output += text
  }

  /// What `body` writes, in a scope of its own.
  private func captured(_ body: [TemplateStatement]) throws -> String {
    let outer = output
    output = ""
    defer { output = outer }
    _ = try inScope(Scope(parent: scope)) { try execute(body) }
    try reserve(bytes: output.utf8.count)
    return output
  }

  private func inScope<Result>(_ inner: Scope, _ body: () throws -> Result) rethrows -> Result {
    let outer = scope
    scope = inner
    defer { scope = outer }
    return try body()
  }

  private func apply(_ filters: [TemplateFilterCall], to value: TemplateObject) throws -> TemplateObject {
    var value = value
    for filter in filters {
      value = try at(filter.position) { try self.filter(filter.name, value, try evaluate(filter.arguments)) }
    }
    return value
  }

  private func execute(_ loop: TemplateStatement.Loop) throws -> Flow {
    var items = try self.items(of: evaluate(loop.items))
    if let filter = loop.filter {
      items = try items.filter { item in
        try inScope(Scope(parent: scope)) {
          try assign(item, to: loop.target)
          return try evaluate(filter).isTrue
        }
      }
    }
    if items.isEmpty { return try inScope(Scope(parent: scope)) { try execute(loop.otherwise) } }
    let id = loopCount
    loopCount += 1
    loops[id] = LoopState(items: items, index: 0, lastChanged: nil)
    defer { loops[id] = nil }
    for (index, item) in items.enumerated() {
      try charge()
      loops[id]?.index = index
      let inner = Scope(parent: scope)
      inner.values["loop"] = .loop(id)
      let flow = try inScope(inner) {
        try assign(item, to: loop.target)
        return try execute(loop.body)
      }
      if flow == .breakLoop { break }
    }
    return .normal
  }

  private func assign(_ value: TemplateObject, to target: TemplateStatement.Target) throws {
    switch target {
    case .name(let name):
      scope.values[name] = value
    case .attribute(let name, let attribute):
      guard case .namespace(let id) = lookup(name) else {
        throw TemplateFault("cannot assign attribute on non-namespace object")
      }
      guard !attribute.hasPrefix("_") else {
        throw TemplateFault("a namespace cannot hold \"\(attribute)\", which starts with an underscore")
      }
      _ = try TemplateItems.depth(of: [value])
      namespaces[id][attribute] = value
    case .tuple(let targets):
      let values = try items(of: value)
      guard values.count == targets.count else {
        throw TemplateFault(
          values.count < targets.count
            ? "not enough values to unpack (expected \(targets.count), got \(values.count))"
            : "too many values to unpack (expected \(targets.count))")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target) }
    }
  }

  // MARK: Names and macros

  func lookup(_ name: String) -> TemplateObject? {
    var place: Scope? = scope
    while let here = place {
      if let value = here.values[name] { return value }
      place = here.parent
    }
    return nil
  }

  func macroName(_ id: Int) -> String { macros[id].macro.name }

  func callMacro(_ id: Int, _ arguments: TemplateCallArguments) throws -> TemplateObject {
    let (macro, definition) = macros[id]
    guard arguments.positional.count <= macro.parameters.count else {
      throw TemplateFault("macro '\(macro.name)' takes not more than \(macro.parameters.count) argument(s)")
    }
    var given: [String: TemplateObject] = [:]
    for (parameter, value) in zip(macro.parameters, arguments.positional) { given[parameter.name] = value }
    for (name, value) in arguments.keyword {
      guard macro.parameters.contains(where: { $0.name == name }), given[name] == nil else {
        throw TemplateFault("macro '\(macro.name)' takes no keyword argument '\(name)'")
      }
      given[name] = value
    }
    let outer = output
    output = ""
    defer { output = outer }
    return try inScope(Scope(parent: definition)) {
      for parameter in macro.parameters {
        scope.values[parameter.name] =
          try given[parameter.name] ?? parameter.standard.map { try evaluate($0) }
          ?? .undefined("parameter '\(parameter.name)' was not provided")
      }
      _ = try execute(macro.body)
      return try made(output)
    }
  }
}
