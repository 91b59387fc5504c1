/// Tokens to statements; the expression half is in `TemplateParser+Expressions.swift`. The grammar is jinja2's, less
/// what chat templates never use (inheritance, imports, `call`, recursive loops), which is refused by name.
struct TemplateParser {
  let name: String
  private let tokens: [TemplateToken]
  private var index = 0
  private var depth = 0
  private var loopDepth = 0
  /// Above 0 inside `if` bodies and inline ifs, where jinja2 leaves unknown filters and tests to run time.
  var softDepth = 0

  static func parse(_ source: String, name: String) throws -> [TemplateStatement] {
    var parser = TemplateParser(name: name, tokens: try TemplateLexer.tokens(of: source, name: name))
    let statements = try parser.parseBody(until: [])
    guard parser.current.kind == .end else { throw parser.unexpected("a statement") }
    return statements
  }

  private init(name: String, tokens: [TemplateToken]) {
    self.name = name
    self.tokens = tokens
  }

  // MARK: Tokens

  var current: TemplateToken { tokens[index] }
  var next: TemplateToken { tokens[min(index + 1, tokens.count - 1)] }

  /// The last token is `.end` and is never passed.
  @discardableResult mutating func advance() -> TemplateToken {
    let token = current
    if index + 1 < tokens.count { index += 1 }
    return token
  }

  mutating func skip(symbol: String) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func skip(word: String) -> Bool {
    guard current.kind == .name(word) else { return false }
    advance()
    return true
  }

  mutating func expect(symbol: String) throws {
    guard skip(symbol: symbol) else { throw unexpected("\"\(symbol)\"") }
  }

  mutating func expectName() throws -> String {
    guard case .name(let word) = current.kind else { throw unexpected("a name") }
    advance()
    return word
  }

  func unexpected(_ expectation: String) -> ChatTemplateError {
    error("expected \(expectation), found \(current.phrase)", at: current.position)
  }

  func error(_ message: String, at position: TemplatePosition) -> ChatTemplateError {
    ChatTemplateError(
      name: name, line: position.line, column: position.column, message: message, isRaisedByTemplate: false)
  }

  /// Runs `body` one level deeper; the levels are bounded.
  mutating func nested<Result>(_ body: (inout TemplateParser) throws -> Result) throws -> Result {
    guard depth < TemplateLimits.parseDepth else {
      throw error("nested more than \(TemplateLimits.parseDepth) levels deep", at: current.position)
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  // MARK: Statements

  /// Statements up to one of the `ends`, whose name is left as the current token (behind `{%`).
  private mutating func parseBody(until ends: Set<String>) throws -> [TemplateStatement] {
    var statements: [TemplateStatement] = []
    while true {
      let position = current.position
      switch current.kind {
      case .end:
        guard ends.isEmpty else {
          let missing = ends.sorted().map { "{% \($0) %}" }.joined(separator: " or ")
          throw error("the template ends where \(missing) is missing", at: position)
        }
        return statements
      case .data(let text):
        advance()
        statements.append(TemplateStatement(kind: .text(text), position: position))
      case .variableBegin:
        advance()
        let value = try parseTuple(allowsConditional: true)
        guard current.kind == .variableEnd else { throw unexpected("\"}}\"") }
        advance()
        statements.append(TemplateStatement(kind: .output(value), position: position))
      case .blockBegin:
        if case .name(let word) = next.kind, ends.contains(word) {
          advance()
          return statements
        }
        advance()
        let kind = try nested { try $0.parseStatement() }
        statements.append(TemplateStatement(kind: kind, position: position))
      default:
        throw unexpected("text or a tag")
      }
    }
  }

  private mutating func expectBlockEnd() throws {
    guard current.kind == .blockEnd else { throw unexpected("\"%}\"") }
    advance()
  }

  /// A body and its closing tag.
  private mutating func parseBlock(until end: String) throws -> [TemplateStatement] {
    try expectBlockEnd()
    let body = try parseBody(until: [end])
    advance()
    try expectBlockEnd()
    return body
  }

  private mutating func parseStatement() throws -> TemplateStatement.Kind {
    let token = current
    guard case .name(let keyword) = token.kind else { throw unexpected("the name of a statement") }
    advance()
    switch keyword {
    case "for": return try parseFor()
    case "if": return try parseIf()
    case "set": return try parseSet()
    case "macro": return try parseMacro()
    case "with": return try parseWith()
    case "filter":
      let filters = try parseFilterChain()
      return .filterBlock(filters, try outsideLoops { try $0.parseBlock(until: "endfilter") })
    case "generation": return .generation(try outsideLoops { try $0.parseBlock(until: "endgeneration") })
    case "break", "continue":
      guard loopDepth > 0 else { throw error("\(keyword) stands outside a loop", at: token.position) }
      try expectBlockEnd()
      return keyword == "break" ? .breakLoop : .continueLoop
    case "block", "extends", "include", "import", "from", "call", "autoescape", "do", "trans", "debug":
      throw error("the statement \"\(keyword)\" is not supported in chat templates", at: token.position)
    default:
      throw error("unknown statement \"\(keyword)\"", at: token.position)
    }
  }

  /// A body that jinja2 compiles as a function of its own, so that `break` cannot reach a loop around it.
  private mutating func outsideLoops<Result>(_ body: (inout TemplateParser) throws -> Result) throws -> Result {
    let outer = loopDepth
    loopDepth = 0
    defer { loopDepth = outer }
    return try body(&self)
  }

  private mutating func parseFor() throws -> TemplateStatement.Kind {
    let target = try parseTarget(allowsAttribute: false)
    guard skip(word: "in") else { throw unexpected("\"in\"") }
    let items = try parseTuple(allowsConditional: false)
    let filter = skip(word: "if") ? try parseExpression() : nil
    if current.kind == .name("recursive") {
      throw error("recursive loops are not supported in chat templates", at: current.position)
    }
    try expectBlockEnd()
    loopDepth += 1
    let body = try parseBody(until: ["endfor", "else"])
    loopDepth -= 1
    var otherwise: [TemplateStatement] = []
    if advance().kind == .name("else") {
      try expectBlockEnd()
      otherwise = try parseBody(until: ["endfor"])
      advance()
    }
    try expectBlockEnd()
    return .forLoop(.init(target: target, items: items, filter: filter, body: body, otherwise: otherwise))
  }

  private mutating func parseIf() throws -> TemplateStatement.Kind {
    var branches: [TemplateStatement.Branch] = []
    var otherwise: [TemplateStatement] = []
    softDepth += 1
    defer { softDepth -= 1 }
    while true {
      let condition = try parseTuple(allowsConditional: false)
      try expectBlockEnd()
      let body = try parseBody(until: ["elif", "else", "endif"])
      branches.append(.init(condition: condition, body: body))
      let end = advance()
      if end.kind == .name("elif") { continue }
      if end.kind == .name("else") {
        try expectBlockEnd()
        otherwise = try parseBody(until: ["endif"])
        advance()
      }
      try expectBlockEnd()
      return .condition(branches, otherwise: otherwise)
    }
  }

  private mutating func parseSet() throws -> TemplateStatement.Kind {
    let target = try parseTarget(allowsAttribute: true)
    if skip(symbol: "=") {
      let value = try parseTuple(allowsConditional: true)
      try expectBlockEnd()
      return .set(target, value)
    }
    let filters = current.kind == .symbol("|") ? try parsePipedFilters() : []
    return .setBlock(target, filters, try outsideLoops { try $0.parseBlock(until: "endset") })
  }

  private mutating func parseMacro() throws -> TemplateStatement.Kind {
    let name = try expectName()
    try expect(symbol: "(")
    var parameters: [TemplateStatement.Parameter] = []
    while current.kind != .symbol(")") {
      if !parameters.isEmpty { try expect(symbol: ",") }
      let position = current.position
      let parameter = try expectName()
      let standard = skip(symbol: "=") ? try parseExpression() : nil
      if standard == nil, parameters.last?.standard != nil {
        throw error("parameter \"\(parameter)\" without a default follows one with a default", at: position)
      }
      parameters.append(.init(name: parameter, standard: standard))
    }
    advance()
    let body = try outsideLoops { try $0.parseBlock(until: "endmacro") }
    return .macro(.init(name: name, parameters: parameters, body: body))
  }

  private mutating func parseWith() throws -> TemplateStatement.Kind {
    var assignments: [TemplateStatement.Assignment] = []
    while current.kind != .blockEnd {
      if !assignments.isEmpty { try expect(symbol: ",") }
      let target = try parseTarget(allowsAttribute: false)
      try expect(symbol: "=")
      assignments.append(.init(target: target, value: try parseExpression()))
    }
    return .with(assignments, try parseBlock(until: "endwith"))
  }

  /// `a`, `a, b`, `(a, b), c`; `ns.a` for `set`.
  private mutating func parseTarget(allowsAttribute: Bool) throws -> TemplateStatement.Target {
    var targets: [TemplateStatement.Target] = []
    var isTuple = false
    repeat {
      if isTuple, current.kind == .name("in") || current.kind == .symbol("=") { break }
      if skip(symbol: "(") {
        targets.append(try nested { try $0.parseTarget(allowsAttribute: allowsAttribute) })
        try expect(symbol: ")")
      } else {
        let position = current.position
        let word = try expectName()
        guard !["true", "false", "none", "True", "False", "None"].contains(word) else {
          throw error("\"\(word)\" cannot be assigned to", at: position)
        }
        if allowsAttribute, skip(symbol: ".") {
          targets.append(.attribute(word, try expectName()))
        } else {
          targets.append(.name(word))
        }
      }
      guard current.kind == .symbol(",") else { break }
      isTuple = true
      advance()
    } while true
    return isTuple ? .tuple(targets) : targets[0]
  }
}
