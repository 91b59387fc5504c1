// Precedence, loosest first: inline if, or, and, not, comparisons, + -, ~, * / // %, **, unary sign, then attribute,
// subscript, call, filter and test. `~` binds tighter than `+` and a sign's operand takes no filter, as in jinja2.
extension TemplateParser {
  typealias Kind = TemplateExpression.Kind

  mutating func parseExpression() throws -> TemplateExpression {
    try nested { try $0.parseConditional() }
  }

  /// One expression, or several with commas between as a tuple.
  mutating func parseTuple(allowsConditional: Bool) throws -> TemplateExpression {
    let position = current.position
    var items: [TemplateExpression] = []
    var isTuple = false
    repeat {
      if isTuple, endsTuple { break }
      items.append(allowsConditional ? try parseExpression() : try nested { try $0.parseOr() })
      guard current.kind == .symbol(",") else { break }
      isTuple = true
      advance()
    } while true
    return isTuple ? try make(.tuple(items), at: position) : items[0]
  }

  private var endsTuple: Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(")"), .end: true
    default: false
    }
  }

  /// Long chains of operators make trees as deep as they are long, which the parser's own nesting does not show.
  func make(_ kind: Kind, at position: TemplatePosition) throws -> TemplateExpression {
    let expression = TemplateExpression(kind: kind, position: position)
    guard expression.depth <= TemplateLimits.expressionDepth else {
      throw error("an expression is nested more than \(TemplateLimits.expressionDepth) levels deep", at: position)
    }
    return expression
  }

  private mutating func parseConditional() throws -> TemplateExpression {
    var value = try parseOr()
    while current.kind == .name("if") {
      let position = advance().position
      softDepth += 1
      defer { softDepth -= 1 }
      let condition = try parseOr()
      let otherwise = skip(word: "else") ? try nested { try $0.parseConditional() } : nil
      value = try make(.conditional(condition: condition, then: value, otherwise: otherwise), at: position)
    }
    return value
  }

  private mutating func parseOr() throws -> TemplateExpression {
    var left = try parseAnd()
    while current.kind == .name("or") {
      let position = advance().position
      left = try make(.or(left, try parseAnd()), at: position)
    }
    return left
  }

  private mutating func parseAnd() throws -> TemplateExpression {
    var left = try parseNot()
    while current.kind == .name("and") {
      let position = advance().position
      left = try make(.and(left, try parseNot()), at: position)
    }
    return left
  }

  private mutating func parseNot() throws -> TemplateExpression {
    guard current.kind == .name("not") else { return try parseComparison() }
    let position = advance().position
    return try make(.not(try nested { try $0.parseNot() }), at: position)
  }

  private mutating func parseComparison() throws -> TemplateExpression {
    let position = current.position
    let left = try parseSum()
    var comparisons: [TemplateExpression.Comparison] = []
    while let operation = comparisonOperator() {
      comparisons.append(.init(operation: operation, right: try parseSum()))
    }
    return comparisons.isEmpty ? left : try make(.comparison(left, comparisons), at: position)
  }

  private mutating func comparisonOperator() -> TemplateExpression.ComparisonOperator? {
    switch current.kind {
    case .symbol(let symbol):
      guard let operation = TemplateExpression.ComparisonOperator(rawValue: symbol) else { return nil }
      advance()
      return operation
    case .name("in"):
      advance()
      return .contained
    case .name("not") where next.kind == .name("in"):
      advance()
      advance()
      return .notContained
    default:
      return nil
    }
  }

  private mutating func parseSum() throws -> TemplateExpression {
    var left = try parseConcatenation()
    while case .symbol(let symbol) = current.kind, symbol == "+" || symbol == "-" {
      let position = advance().position
      left = try make(.binary(symbol == "+" ? .add : .subtract, left, try parseConcatenation()), at: position)
    }
    return left
  }

  private mutating func parseConcatenation() throws -> TemplateExpression {
    let position = current.position
    var parts = [try parseProduct()]
    while skip(symbol: "~") { parts.append(try parseProduct()) }
    return parts.count == 1 ? parts[0] : try make(.concatenation(parts), at: position)
  }

  private mutating func parseProduct() throws -> TemplateExpression {
    var left = try parsePower()
    while case .symbol(let symbol) = current.kind, ["*", "/", "//", "%"].contains(symbol),
      let operation = TemplateExpression.BinaryOperator(rawValue: symbol)
    {
      let position = advance().position
      left = try make(.binary(operation, left, try parsePower()), at: position)
    }
    return left
  }

  private mutating func parsePower() throws -> TemplateExpression {
    var left = try parseUnary(takesFilters: true)
    while current.kind == .symbol("**") {
      let position = advance().position
      left = try make(.binary(.power, left, try parseUnary(takesFilters: true)), at: position)
    }
    return left
  }

  private mutating func parseUnary(takesFilters: Bool) throws -> TemplateExpression {
    let position = current.position
    var value: TemplateExpression
    if skip(symbol: "-") {
      value = try make(.negative(try nested { try $0.parseUnary(takesFilters: false) }), at: position)
    } else if skip(symbol: "+") {
      value = try make(.positive(try nested { try $0.parseUnary(takesFilters: false) }), at: position)
    } else {
      value = try parsePrimary()
    }
    value = try parsePostfix(value)
    return takesFilters ? try parseFilters(value) : value
  }

  mutating func parsePrimary() throws -> TemplateExpression {
    let token = current
    switch token.kind {
    case .name(let word):
      advance()
      switch word {
      case "true", "True": return try make(.bool(true), at: token.position)
      case "false", "False": return try make(.bool(false), at: token.position)
      case "none", "None": return try make(.none, at: token.position)
      default: return try make(.name(word), at: token.position)
      }
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return try make(.string(text), at: token.position)
    case .integer(let value):
      advance()
      return try make(.int(value), at: token.position)
    case .float(let value):
      advance()
      return try make(.float(value), at: token.position)
    case .symbol("("):
      advance()
      if skip(symbol: ")") { return try make(.tuple([]), at: token.position) }
      let value = try parseTuple(allowsConditional: true)
      try expect(symbol: ")")
      return value
    case .symbol("["):
      advance()
      return try make(.list(try parseItems(until: "]") { try $0.parseExpression() }), at: token.position)
    case .symbol("{"):
      advance()
      let pairs = try parseItems(until: "}") { parser in
        let key = try parser.parseExpression()
        try parser.expect(symbol: ":")
        return TemplateExpression.Pair(key: key, value: try parser.parseExpression())
      }
      return try make(.dict(pairs), at: token.position)
    default:
      throw unexpected("an expression")
    }
  }

  private mutating func parseItems<Item>(
    until end: String, _ parse: (inout TemplateParser) throws -> Item
  ) throws -> [Item] {
    var items: [Item] = []
    while !skip(symbol: end) {
      if !items.isEmpty {
        guard skip(symbol: ",") else { throw unexpected("\",\" or \"\(end)\"") }
        if skip(symbol: end) { break }
      }
      items.append(try parse(&self))
    }
    return items
  }
}
