/// jinja2's built-in tests (`x is name`).
enum TemplateTests {
  static let names: Set<String> = [
    "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "==", "even", "false", "filter", "float", "ge",
    ">=", "greaterthan", "gt", ">", "in", "integer", "iterable", "le", "<=", "lessthan", "lt", "<", "lower", "mapping",
    "ne", "!=", "none", "number", "odd", "sameas", "sequence", "string", "test", "true", "undefined", "upper",
  ]
}

extension TemplateInterpreter {
  func test(_ name: String, _ value: TemplateObject, _ arguments: TemplateCallArguments) throws -> Bool {
    func other() throws -> TemplateObject {
      guard let other = try arguments.bound(to: ["other"], of: "test \(name)")[0] else {
        throw TemplateFault("test \(name) needs something to compare with")
      }
      return other
    }
    func remainder(_ divisor: TemplateObject) throws -> Bool {
      try isEqual(binary(.modulo, value, divisor), .int(0))
    }
    switch name {
    case "eq", "equalto", "==": return try isEqual(value, other())
    case "ne", "!=": return try !isEqual(value, other())
    case "lt", "lessthan", "<": return try compare(.less, value, other())
    case "le", "<=": return try compare(.lessOrEqual, value, other())
    case "gt", "greaterthan", ">": return try compare(.greater, value, other())
    case "ge", ">=": return try compare(.greaterOrEqual, value, other())
    case "in": return try contains(other(), value)
    case "sameas": return try isSame(value, other())
    case "divisibleby": return try remainder(other())
    default: break
    }
    _ = try arguments.bound(to: [], of: "test \(name)")
    switch (name, value) {
    case ("defined", _): return !value.isUndefined
    case ("undefined", _): return value.isUndefined
    case ("none", .none), ("string", .string), ("boolean", .bool), ("float", .float), ("integer", .int),
      ("mapping", .dict), ("callable", .callable):
      return true
    case ("none", _), ("string", _), ("boolean", _), ("float", _), ("integer", _), ("mapping", _), ("callable", _):
      return false
    case ("true", .bool(let bool)): return bool
    case ("false", .bool(let bool)): return !bool
    case ("true", _), ("false", _): return false
    case ("number", _): return value.number != nil
    case ("sequence", .string), ("sequence", .list), ("sequence", .tuple), ("sequence", .dict),
      ("sequence", .undefined),
      ("iterable", .string), ("iterable", .list), ("iterable", .tuple), ("iterable", .dict), ("iterable", .undefined),
      ("iterable", .loop):
      return true
    case ("sequence", _), ("iterable", _): return false
    case ("even", _): return try remainder(.int(2))
    case ("odd", _): return try isEqual(binary(.modulo, value, .int(2)), .int(1))
    case ("lower", _), ("upper", _):
      let string = try text(of: value)
      try charge(reading: string)
      let hasCased = string.unicodeScalars.contains { $0.properties.isCased }
      return hasCased && PythonText.isEqual(string, name == "lower" ? string.lowercased() : string.uppercased())
    case ("filter", .string(let filter)): return TemplateFilters.names.contains(filter)
    case ("test", .string(let test)): return TemplateTests.names.contains(test)
    case ("filter", _), ("test", _): return false
    default: throw TemplateFault("unknown test \"\(name)\"")
    }
  }

  /// Identity as far as it shows: equal values of one type.
  private func isSame(_ left: TemplateObject, _ right: TemplateObject) throws -> Bool {
    guard left.typeName == right.typeName else { return false }
    return try isEqual(left, right)
  }
}
