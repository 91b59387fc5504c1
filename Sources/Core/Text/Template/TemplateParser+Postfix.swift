/// What follows an operand: attributes, subscripts, calls, filters and tests.
extension TemplateParser {
  mutating func parsePostfix(_ value: TemplateExpression) throws -> TemplateExpression {
    var value = value
    while case .symbol(let symbol) = current.kind, [".", "[", "("].contains(symbol) {
      let position = advance().position
      switch symbol {
      case ".":
        let token = advance()
        switch token.kind {
        case .name(let name): value = try make(.attribute(value, name), at: token.position)
        case .integer(let number): value = try make(.item(value, make(.int(number), at: token.position)), at: position)
        default: throw error("expected a name after \".\", found \(token.phrase)", at: token.position)
        }
      case "[":
        value = try parseSubscript(of: value, at: position)
      default:
        value = try make(.call(value, try parseArguments()), at: position)
      }
    }
    return value
  }

  private mutating func parseSubscript(
    of value: TemplateExpression, at position: TemplatePosition
  ) throws -> TemplateExpression {
    var parts: [TemplateExpression?] = [nil]
    while current.kind != .symbol("]") {
      if skip(symbol: ":") {
        guard parts.count < 3 else { throw unexpected("\"]\"") }
        parts.append(nil)
      } else {
        guard parts[parts.count - 1] == nil else { throw unexpected("\"]\"") }
        parts[parts.count - 1] = try parseExpression()
      }
    }
    advance()
    if parts.count == 1 {
      guard let key = parts[0] else { throw error("expected an expression in [ ]", at: position) }
      return try make(.item(value, key), at: position)
    }
    return try make(
      .slice(value, start: parts[0], stop: parts[1], step: parts.count > 2 ? parts[2] : nil), at: position)
  }

  /// Arguments and the closing parenthesis; the opening one is behind.
  private mutating func parseArguments() throws -> TemplateArguments {
    var arguments = TemplateArguments()
    while !skip(symbol: ")") {
      if !arguments.positional.isEmpty || !arguments.keyword.isEmpty {
        guard skip(symbol: ",") else { throw unexpected("\",\" or \")\"") }
        if skip(symbol: ")") { break }
      }
      let position = current.position
      if case .symbol(let star) = current.kind, star == "*" || star == "**" {
        throw error("\(star) before an argument is not supported in chat templates", at: position)
      }
      if case .name(let name) = current.kind, next.kind == .symbol("=") {
        advance()
        advance()
        guard !arguments.keyword.contains(where: { $0.name == name }) else {
          throw error("argument \"\(name)\" is given twice", at: position)
        }
        arguments.keyword.append(.init(name: name, value: try parseExpression()))
      } else {
        guard arguments.keyword.isEmpty else {
          throw error("a positional argument follows a keyword argument", at: position)
        }
        arguments.positional.append(try parseExpression())
      }
    }
    return arguments
  }

  // MARK: Filters and tests

  mutating func parseFilters(_ value: TemplateExpression) throws -> TemplateExpression {
    var value = value
    while true {
      switch current.kind {
      case .symbol("|"):
        let position = advance().position
        value = try make(.filter(value, try parseFilterCall()), at: position)
      case .name("is"):
        value = try parseTest(of: value)
      case .symbol("("):
        let position = advance().position
        value = try make(.call(value, try parseArguments()), at: position)
      default:
        return value
      }
    }
  }

  /// `name` or `name(arguments)`.
  private mutating func parseFilterCall() throws -> TemplateFilterCall {
    let position = current.position
    let name = try expectName()
    if softDepth == 0, !TemplateFilters.names.contains(name) {
      throw error("unknown filter \"\(name)\"", at: position)
    }
    let arguments = skip(symbol: "(") ? try parseArguments() : TemplateArguments()
    return TemplateFilterCall(name: name, arguments: arguments, position: position)
  }

  /// `name|name…`, behind `{% filter`.
  mutating func parseFilterChain() throws -> [TemplateFilterCall] {
    var filters = [try parseFilterCall()]
    while skip(symbol: "|") { filters.append(try parseFilterCall()) }
    return filters
  }

  /// `|name|name…`, behind `{% set x`.
  mutating func parsePipedFilters() throws -> [TemplateFilterCall] {
    try expect(symbol: "|")
    return try parseFilterChain()
  }

  private mutating func parseTest(of value: TemplateExpression) throws -> TemplateExpression {
    let position = advance().position
    let isNegated = skip(word: "not")
    let namePosition = current.position
    let name = try expectName()
    if softDepth == 0, !TemplateTests.names.contains(name) {
      throw error("unknown test \"\(name)\"", at: namePosition)
    }
    var arguments = TemplateArguments()
    if current.kind == .name("is") {
      throw error("tests with \"is\" cannot be chained", at: current.position)
    } else if skip(symbol: "(") {
      arguments = try parseArguments()
    } else if startsBareArgument {
      let argument = try parsePrimary()
      arguments.positional = [try parsePostfix(argument)]
    }
    let test = try make(.test(value, name, arguments), at: namePosition)
    return isNegated ? try make(.not(test), at: position) : test
  }

  /// Whether a test's only argument follows without parentheses: `is divisibleby 3`.
  private var startsBareArgument: Bool {
    switch current.kind {
    case .name(let word): !["else", "or", "and", "is", "if", "in", "not", "recursive"].contains(word)
    case .string, .integer, .float, .symbol("["), .symbol("{"): true
    default: false
    }
  }
}
