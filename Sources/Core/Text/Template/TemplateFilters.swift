import Foundation

/// jinja2's built-in filters as far as chat templates use them, and `tojson` as transformers overrides it.
enum TemplateFilters {
  static let names: Set<String> = [
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "first",
    "float", "forceescape", "format", "indent", "int", "items", "join", "last", "length", "list", "lower", "map",
    "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort",
    "string", "sum", "title", "tojson", "trim", "unique", "upper", "wordcount",
  ]
}

extension TemplateInterpreter {
  func filter(
    _ name: String, _ value: TemplateObject, _ arguments: TemplateCallArguments
  ) throws -> TemplateObject {
    func bound(_ names: String...) throws -> [TemplateObject?] { try arguments.bound(to: names, of: "filter \(name)") }
    switch name {
    case "default", "d":
      let given = try bound("default_value", "boolean")
      let replaces = value.isUndefined || (given[1]?.isTrue ?? false) && !value.isTrue
      return replaces ? given[0] ?? .string("") : value
    case "length", "count":
      _ = try bound()
      return .int(try length(of: value))
    case "tojson":
      let given = try bound("ensure_ascii", "indent", "separators", "sort_keys")
      let style = try TemplateJSON(
        ensuresASCII: given[0]?.isTrue ?? false, indent: given[1], separators: given[2],
        sortsKeys: given[3]?.isTrue ?? false)
      return try made(style.text(of: value, in: self))
    case "first", "last", "reverse", "list", "items", "join", "sort", "unique", "min", "max", "sum", "dictsort",
      "batch",
      "map", "select", "reject", "selectattr", "rejectattr":
      return try sequenceFilter(name, value, arguments)
    case "abs", "int", "float", "round":
      return try numberFilter(name, value, arguments)
    case "attr":
      return try attribute(try text(of: try bound("name")[0] ?? .none), of: value)
    default:
      return try textFilter(name, value, arguments)
    }
  }

  func length(of value: TemplateObject) throws -> Int {
    switch value {
    case .undefined: return 0
    case .string(let string):
      try charge(reading: string)
      return string.unicodeScalars.count
    case .list(let items), .tuple(let items): return items.values.count
    case .dict(let dictionary): return dictionary.count
    default: throw TemplateFault("object of type '\(value.typeName)' has no len()")
    }
  }

  // MARK: Texts

  private func textFilter(
    _ name: String, _ value: TemplateObject, _ arguments: TemplateCallArguments
  ) throws -> TemplateObject {
    func bound(_ names: String...) throws -> [TemplateObject?] { try arguments.bound(to: names, of: "filter \(name)") }
    guard TemplateFilters.names.contains(name) else { throw TemplateFault("unknown filter \"\(name)\"") }
    let string = try text(of: value)
    try charge(reading: string)
    switch name {
    case "trim":
      let characters = try bound("chars")[0].flatMap { if case .string(let set) = $0 { set } else { nil } }
      return try made(PythonText.strip(string, characters: characters))
    case "replace":
      let given = try bound("old", "new", "count")
      guard let old = given[0], let new = given[1] else { throw TemplateFault("filter replace needs old and new") }
      return try replaced(string, text(of: old), text(of: new), limit: given[2]?.integer ?? -1)
    case "indent":
      guard case .string = value else { throw TemplateFault("filter indent needs a text, not \(value.typeName)") }
      return try indented(string, bound("width", "first", "blank"))
    case "center": return try method("center", of: .string(string), centred(arguments))
    case "format":
      return try formatted(string, .tuple(arguments.positional))
    case "escape", "e", "forceescape":
      _ = try bound()
      var result = ""
      for scalar in string.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "'": result += "&#39;"
        case "\"": result += "&#34;"
        default: result.unicodeScalars.append(scalar)
        }
      }
      return try made(result)
    case "wordcount":
      _ = try bound()
      return .int(
        string.unicodeScalars.split { !($0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil) }
          .count)
    default:
      _ = try bound()
      switch name {
      case "upper": return try made(string.uppercased())
      case "lower": return try made(string.lowercased())
      case "title": return try made(PythonText.titleFilter(string))
      case "capitalize": return try made(PythonText.capitalize(string))
      default: return .string(string)  // string, safe: nothing is escaped automatically here
      }
    }
  }

  private func centred(_ arguments: TemplateCallArguments) throws -> TemplateCallArguments {
    let width = try arguments.bound(to: ["width"], of: "filter center")[0] ?? .int(80)
    return TemplateCallArguments(positional: [width])
  }

  func replaced(_ string: String, _ old: String, _ new: String, limit: Int) throws -> TemplateObject {
    let bytes = Array(string.utf8)
    if old.isEmpty {
      // Python puts `new` before every character and at the end.
      let scalars = Array(string.unicodeScalars)
      let count = limit < 0 ? scalars.count + 1 : min(limit, scalars.count + 1)
      let (added, overflow) = new.utf8.count.multipliedReportingOverflow(by: count)
      try reserve(bytes: overflow ? .max : max(added &+ bytes.count, added))
      var result = ""
      for (index, scalar) in scalars.enumerated() {
        if index < count { result += new }
        result.unicodeScalars.append(scalar)
      }
      return .string(count > scalars.count ? result + new : result)
    }
    let pattern = Array(old.utf8)
    let found = PythonText.occurrences(of: pattern, in: bytes, limit: limit < 0 ? .max : limit)
    if found.isEmpty { return .string(string) }
    let replacement = Array(new.utf8)
    let (added, overflow) = found.count.multipliedReportingOverflow(by: replacement.count)
    try reserve(bytes: overflow ? .max : max(added &+ bytes.count, added))
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + found.count * max(replacement.count - pattern.count, 0))
    var start = 0
    for offset in found {
      result += bytes[start..<offset]
      result += replacement
      start = offset + pattern.count
    }
    result += bytes[start...]
    return .string(PythonText.text(result))
  }

  private func indented(_ string: String, _ given: [TemplateObject?]) throws -> TemplateObject {
    let indentation: String
    switch given[0] {
    case .string(let text)?: indentation = text
    case nil: indentation = "    "
    case .some(let width):
      guard let width = width.integer, width <= 10_000 else { throw TemplateFault("filter indent: not a usable width") }
      indentation = String(repeating: " ", count: max(width, 0))
    }
    let lines = PythonText.splitLines(string + "\n", keepsEnds: false)
    let (added, overflow) = lines.count.multipliedReportingOverflow(by: indentation.utf8.count + 1)
    try reserve(bytes: overflow ? .max : max(added &+ string.utf8.count, added))
    let indentsBlank = given[2]?.isTrue ?? false
    var result = given[1]?.isTrue ?? false ? indentation : ""
    for (index, line) in lines.enumerated() {
      if index > 0 { result += "\n" + (indentsBlank || !line.isEmpty ? indentation : "") }
      result += line
    }
    return .string(result)
  }

  // MARK: Numbers

  private func numberFilter(
    _ name: String, _ value: TemplateObject, _ arguments: TemplateCallArguments
  ) throws -> TemplateObject {
    func bound(_ names: String...) throws -> [TemplateObject?] { try arguments.bound(to: names, of: "filter \(name)") }
    if case .undefined(let message) = value { throw TemplateFault(message) }
    if case .string(let string) = value { try charge(reading: string) }
    switch name {
    case "abs":
      _ = try bound()
      if case .float(let double) = value { return .float(double.magnitude) }
      guard let integer = value.integer else {
        throw TemplateFault("bad operand type for abs(): '\(value.typeName)'")
      }
      return integer < 0 ? try negate(.int(integer)) : .int(integer)
    case "int":
      let given = try bound("default", "base")
      let standard = given[0] ?? .int(0)
      let base = given[1]?.integer ?? 10
      switch value {
      case .string(let string):
        if (2...36).contains(base), let integer = Self.integer(string, base: base) { return .int(integer) }
        return Self.double(string).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map(TemplateObject.int) ?? standard
      case .float(let double):
        return Int(exactly: double.rounded(.towardZero)).map(TemplateObject.int) ?? standard
      default:
        return value.integer.map(TemplateObject.int) ?? standard
      }
    case "float":
      let standard = try bound("default")[0] ?? .float(0)
      if case .string(let string) = value { return Self.double(string).map(TemplateObject.float) ?? standard }
      return value.number.map(TemplateObject.float) ?? standard
    default:
      return try rounded(value, bound("precision", "method"))
    }
  }

  private func rounded(_ value: TemplateObject, _ given: [TemplateObject?]) throws -> TemplateObject {
    let precision = given[0]?.integer ?? 0
    guard let number = value.number, (-300...300).contains(precision) else {
      throw TemplateFault("filter round needs a number and a precision it can use")
    }
    let scale = pow(10, Double(precision))
    switch given[1] {
    case nil, .string("common")?:
      if let integer = value.integer, precision >= 0 { return .int(integer) }
      if precision > 0 { return .float(Double(String(format: "%.\(precision)f", number)) ?? number) }
      let result = (number * scale).rounded(.toNearestOrEven) / scale
      return value.integer == nil ? .float(result) : .int(Int(exactly: result) ?? 0)
    case .string("ceil")?: return .float((number * scale).rounded(.up) / scale)
    case .string("floor")?: return .float((number * scale).rounded(.down) / scale)
    default: throw TemplateFault("method must be common, ceil or floor")
    }
  }

  private static func integer(_ text: String, base: Int) -> Int? {
    var digits = PythonText.strip(text).lowercased()
    let sign = digits.first == "-" || digits.first == "+" ? String(digits.removeFirst()) : ""
    if let prefix = [2: "0b", 8: "0o", 16: "0x"][base], digits.hasPrefix(prefix) { digits.removeFirst(2) }
    guard !digits.hasPrefix("_"), !digits.hasSuffix("_"), !digits.contains("__"), digits.first?.isASCII ?? false,
      digits.first != "+", digits.first != "-"
    else { return nil }
    return Int(sign + digits.filter { $0 != "_" }, radix: base)
  }

  private static func double(_ text: String) -> Double? {
    let digits = PythonText.strip(text).lowercased()
    if ["inf", "+inf", "infinity", "+infinity"].contains(digits) { return .infinity }
    if ["-inf", "-infinity"].contains(digits) { return -.infinity }
    if ["nan", "+nan", "-nan"].contains(digits) { return .nan }
    // Swift's parser would take hexadecimal floats as well.
    guard digits.unicodeScalars.allSatisfy({ "0123456789+-.e".unicodeScalars.contains($0) }) else { return nil }
    return Double(digits)
  }
}
