import Foundation

extension TemplateInterpreter {
  // MARK: Text of values

  /// `str(value)`: what `{{ value }}` prints.
  func text(of value: TemplateObject) throws -> String {
    switch value {
    case .string(let string): return string
    case .undefined: return ""
    default:
      var result = ""
      try appendRepr(of: value, to: &result, depth: 0)
      try reserve(bytes: result.utf8.count)
      return result
    }
  }

  /// Python's `repr`, appended piece by piece, so that the limits act before memory fills.
  func appendRepr(of value: TemplateObject, to result: inout String, depth: Int) throws {
    try charge()
    guard result.utf8.count <= TemplateLimits.text, depth <= 2 * TemplateLimits.valueDepth else {
      throw TemplateFault("a value is too large to be printed")
    }
    func append(_ items: [TemplateObject]) throws {
      for (index, item) in items.enumerated() {
        if index > 0 { result += ", " }
        try appendRepr(of: item, to: &result, depth: depth + 1)
      }
    }
    func append(_ pairs: [(key: TemplateObject, value: TemplateObject)]) throws {
      result += "{"
      for (index, pair) in pairs.enumerated() {
        if index > 0 { result += ", " }
        try appendRepr(of: pair.key, to: &result, depth: depth + 1)
        result += ": "
        try appendRepr(of: pair.value, to: &result, depth: depth + 1)
      }
      result += "}"
    }
    switch value {
    case .undefined: result += "Undefined"
    case .none: result += "None"
    case .bool(let bool): result += bool ? "True" : "False"
    case .int(let int): result += String(int)
    case .float(let double): result += PythonText.float(double)
    case .string(let string): result += PythonText.repr(string)
    case .list(let items):
      result += "["
      try append(items.values)
      result += "]"
    case .tuple(let items):
      result += "("
      try append(items.values)
      result += items.values.count == 1 ? ",)" : ")"
    case .dict(let dictionary): try append(dictionary.entries)
    case .namespace(let id):
      result += "<Namespace "
      let sorted = namespaces[id].sorted { PythonText.isLess($0.key, $1.key) }
      try append(sorted.map { (key: TemplateObject.string($0.key), value: $0.value) })
      result += ">"
    case .loop(let id):
      result += loops[id].map { "<LoopContext \($0.index + 1)/\($0.items.count)>" } ?? "<LoopContext>"
    case .callable(.macro(let id)): result += "<Macro \(PythonText.repr(macroName(id)))>"
    case .callable(.function(let function)): result += "<function \(function.rawValue)>"
    case .callable(.method(let receiver, let name)):
      result += "<built-in method \(name) of \(receiver.typeName) object>"
    }
  }

  /// The items of something iterable; an undefined value has none.
  func items(of value: TemplateObject) throws -> [TemplateObject] {
    switch value {
    case .undefined: return []
    case .list(let items), .tuple(let items): return items.values
    case .dict(let dictionary):
      try charge(dictionary.count)
      return dictionary.entries.map(\.key)
    case .string(let string):
      try charge(string.utf8.count)
      return string.unicodeScalars.map { .string(String(Character($0))) }
    default: throw TemplateFault("'\(value.typeName)' object is not iterable")
    }
  }

  // MARK: Arithmetic

  func negate(_ value: TemplateObject) throws -> TemplateObject {
    if case .float(let double) = value { return .float(-double) }
    if let integer = value.integer { return .int(try whole(0.subtractingReportingOverflow(integer))) }
    throw operandFault("unary -", value)
  }

  func positive(_ value: TemplateObject) throws -> TemplateObject {
    if case .float = value { return value }
    if let integer = value.integer { return .int(integer) }
    throw operandFault("unary +", value)
  }

  private func operandFault(_ operation: String, _ value: TemplateObject) -> TemplateFault {
    if case .undefined(let message) = value { return TemplateFault(message) }
    return TemplateFault("bad operand type for \(operation): '\(value.typeName)'")
  }

  private func whole(_ result: (partialValue: Int, overflow: Bool)) throws -> Int {
    guard !result.overflow else { throw TemplateFault("an integer grows beyond 64 bits") }
    return result.partialValue
  }

  func binary(
    _ operation: TemplateExpression.BinaryOperator, _ left: TemplateObject, _ right: TemplateObject
  ) throws -> TemplateObject {
    if case .undefined(let message) = left { throw TemplateFault(message) }
    if case .string(let format) = left, operation == .modulo { return try formatted(format, right) }
    if case .undefined(let message) = right { throw TemplateFault(message) }
    switch (operation, left, right) {
    case (.add, .string(let a), .string(let b)): return try concatenate([a, b])
    case (.add, .list(let a), .list(let b)):
      try charge(a.values.count + b.values.count)
      return try .list(a.values + b.values)
    case (.add, .tuple(let a), .tuple(let b)):
      try charge(a.values.count + b.values.count)
      return try .tuple(a.values + b.values)
    case (.add, .string, _): throw TemplateFault("can only concatenate str (not \"\(right.typeName)\") to str")
    case (.add, .list, _): throw TemplateFault("can only concatenate list (not \"\(right.typeName)\") to list")
    case (.multiply, .string(let text), _):
      if let count = right.integer { return try repeated(text, count) }
    case (.multiply, _, .string(let text)):
      if let count = left.integer { return try repeated(text, count) }
    case (.multiply, .list(let items), _):
      if let count = right.integer { return try .list(repeated(items.values, count)) }
    case (.multiply, .tuple(let items), _):
      if let count = right.integer { return try .tuple(repeated(items.values, count)) }
    case (.multiply, _, .list(let items)):
      if let count = left.integer { return try .list(repeated(items.values, count)) }
    case (.multiply, _, .tuple(let items)):
      if let count = left.integer { return try .tuple(repeated(items.values, count)) }
    default: break
    }
    if let a = left.integer, let b = right.integer { return try integers(operation, a, b) }
    if let a = left.number, let b = right.number { return try floats(operation, a, b) }
    throw TemplateFault(
      "unsupported operand type(s) for \(operation.rawValue): '\(left.typeName)' and '\(right.typeName)'")
  }

  private func integers(_ operation: TemplateExpression.BinaryOperator, _ a: Int, _ b: Int) throws -> TemplateObject {
    switch operation {
    case .add: return .int(try whole(a.addingReportingOverflow(b)))
    case .subtract: return .int(try whole(a.subtractingReportingOverflow(b)))
    case .multiply: return .int(try whole(a.multipliedReportingOverflow(by: b)))
    case .divide:
      guard b != 0 else { throw TemplateFault("division by zero") }
      return .float(Double(a) / Double(b))
    case .floorDivide, .modulo:
      guard b != 0 else { throw TemplateFault("integer division or modulo by zero") }
      let quotient = try whole(a.dividedReportingOverflow(by: b))
      let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
      // Python rounds towards minus infinity; the remainder has the divisor's sign.
      let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
      if operation == .floorDivide { return .int(isBelow ? quotient - 1 : quotient) }
      return .int(isBelow ? remainder + b : remainder)
    case .power:
      guard b >= 0 else { return try floats(.power, Double(a), Double(b)) }
      var result = 1
      var factor = a
      var exponent = b
      while exponent > 0 {
        if exponent & 1 == 1 { result = try whole(result.multipliedReportingOverflow(by: factor)) }
        exponent >>= 1
        if exponent > 0 { factor = try whole(factor.multipliedReportingOverflow(by: factor)) }
      }
      return .int(result)
    }
  }

  private func floats(
    _ operation: TemplateExpression.BinaryOperator, _ a: Double, _ b: Double
  ) throws -> TemplateObject {
    switch operation {
    case .add: return .float(a + b)
    case .subtract: return .float(a - b)
    case .multiply: return .float(a * b)
    case .divide, .floorDivide, .modulo:
      guard b != 0 else { throw TemplateFault("float division by zero") }
      if operation == .divide { return .float(a / b) }
      var remainder = a.truncatingRemainder(dividingBy: b)
      if remainder != 0, (remainder < 0) != (b < 0) { remainder += b }
      return .float(operation == .modulo ? remainder : ((a - remainder) / b).rounded())
    case .power:
      guard a != 0 || b >= 0 else { throw TemplateFault("0.0 cannot be raised to a negative power") }
      let result = pow(a, b)
      guard !result.isNaN || a.isNaN || b.isNaN else {
        throw TemplateFault("a negative number cannot be raised to a fractional power")
      }
      return .float(result)
    }
  }

  private func repeated(_ text: String, _ count: Int) throws -> TemplateObject {
    let bytes = text.utf8.count.multipliedReportingOverflow(by: max(count, 0))
    try reserve(bytes: bytes.overflow ? .max : bytes.partialValue)
    return .string(bytes.partialValue == 0 ? "" : String(repeating: text, count: count))
  }

  private func repeated(_ items: [TemplateObject], _ count: Int) throws -> [TemplateObject] {
    let total = items.count.multipliedReportingOverflow(by: max(count, 0))
    guard !total.overflow, total.partialValue <= TemplateLimits.steps else {
      throw TemplateFault("a list grows beyond \(TemplateLimits.steps) items")
    }
    try charge(total.partialValue)
    return total.partialValue == 0 ? [] : (0..<count).flatMap { _ in items }
  }

  // MARK: Comparison

  func compare(
    _ operation: TemplateExpression.ComparisonOperator, _ left: TemplateObject, _ right: TemplateObject
  ) throws -> Bool {
    switch operation {
    case .equal: return try isEqual(left, right)
    case .notEqual: return try !isEqual(left, right)
    case .less: return try order(left, right, "<") < 0
    case .lessOrEqual: return try order(left, right, "<=") <= 0
    case .greater: return try order(left, right, ">") == 1
    case .greaterOrEqual:
      let order = try order(left, right, ">=")
      return order == 0 || order == 1
    case .contained: return try contains(right, left)
    case .notContained: return try !contains(right, left)
    }
  }

  func isEqual(_ left: TemplateObject, _ right: TemplateObject) throws -> Bool {
    try charge()
    if let a = left.integer, let b = right.integer { return a == b }
    if let a = left.number, let b = right.number { return a == b }
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)):
      try charge(min(a.utf8.count, b.utf8.count) / 256)
      return PythonText.isEqual(a, b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      guard a.values.count == b.values.count else { return false }
      for (x, y) in zip(a.values, b.values) where try !isEqual(x, y) { return false }
      return true
    case (.dict(let a), .dict(let b)):
      guard a.count == b.count else { return false }
      for (key, value) in a.entries {
        try charge(hashing: key)
        guard let other = try b.value(for: key), try isEqual(value, other) else { return false }
      }
      return true
    case (.namespace(let a), .namespace(let b)), (.loop(let a), .loop(let b)): return a == b
    case (.callable(.macro(let a)), .callable(.macro(let b))): return a == b
    default: return false
    }
  }

  /// −1, 0 or 1 where Python can order the two; NaN gives 2, which is none of them.
  func order(_ left: TemplateObject, _ right: TemplateObject, _ symbol: String) throws -> Int {
    try charge()
    if case .undefined(let message) = left { throw TemplateFault(message) }
    if case .undefined(let message) = right { throw TemplateFault(message) }
    if let a = left.integer, let b = right.integer { return a < b ? -1 : a == b ? 0 : 1 }
    if let a = left.number, let b = right.number { return a < b ? -1 : a == b ? 0 : a > b ? 1 : 2 }
    switch (left, right) {
    case (.string(let a), .string(let b)):
      try charge(min(a.utf8.count, b.utf8.count) / 256)
      return PythonText.isLess(a, b) ? -1 : PythonText.isEqual(a, b) ? 0 : 1
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a.values, b.values) where try !isEqual(x, y) { return try order(x, y, symbol) }
      return a.values.count < b.values.count ? -1 : a.values.count == b.values.count ? 0 : 1
    default:
      throw TemplateFault(
        "'\(symbol)' not supported between instances of '\(left.typeName)' and '\(right.typeName)'")
    }
  }

  func contains(_ container: TemplateObject, _ item: TemplateObject) throws -> Bool {
    switch container {
    case .string(let text):
      guard case .string(let part) = item else {
        throw TemplateFault("'in <string>' requires string as left operand, not \(item.typeName)")
      }
      try charge(reading: text)
      return PythonText.contains(text, part)
    case .dict(let dictionary):
      try charge(hashing: item)
      return try dictionary.value(for: item) != nil
    case .list, .tuple, .undefined:
      for other in try items(of: container) where try isEqual(other, item) { return true }
      return false
    default: throw TemplateFault("argument of type '\(container.typeName)' is not iterable")
    }
  }

  // MARK: Formatting

  /// `format % value`, for the conversions s, r, d, i, f and %.
  func formatted(_ format: String, _ value: TemplateObject) throws -> TemplateObject {
    var values: [TemplateObject] = if case .tuple(let items) = value { items.values } else { [value] }
    values.reverse()
    var result = ""
    var rest = Substring(format).unicodeScalars
    while let scalar = rest.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var precision: Int?
      if rest.first == "." {
        rest.removeFirst()
        let digits = rest.prefix { ("0"..."9").contains($0) }
        precision = min(Int(String(digits)) ?? 0, 100)
        rest = rest[digits.endIndex...]
      }
      guard let conversion = rest.popFirst() else { throw TemplateFault("incomplete format") }
      if conversion == "%" {
        result += "%"
        continue
      }
      guard let argument = values.popLast() else { throw TemplateFault("not enough arguments for format string") }
      switch conversion {
      case "s":
        let text = try text(of: argument)
        result += precision.map { PythonText.text(text.unicodeScalars.prefix($0)) } ?? text
      case "r": try appendRepr(of: argument, to: &result, depth: 0)
      case "d", "i":
        guard let number = argument.number, let integer = argument.integer ?? Int(exactly: number.rounded(.towardZero))
        else { throw TemplateFault("%d format: a number is required, not \(argument.typeName)") }
        result += String(integer)
      case "f":
        guard let number = argument.number else {
          throw TemplateFault("must be real number, not \(argument.typeName)")
        }
        result += String(format: "%.\(precision ?? 6)f", number)
      default: throw TemplateFault("unsupported format character '\(conversion)'")
      }
      guard result.utf8.count <= TemplateLimits.text else { throw TemplateFault("a text grows too long") }
    }
    if !values.isEmpty {
      // Python lets a mapping or list stand that no conversion reads.
      switch value {
      case .dict, .list, .undefined: break
      default: throw TemplateFault("not all arguments converted during string formatting")
      }
    }
    return try made(result)
  }
}
