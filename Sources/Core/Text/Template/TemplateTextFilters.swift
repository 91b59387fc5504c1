import JSON

/// Filters over texts.
extension TemplateInterpreter {
  func trimFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let characters = try call.bound("chars")[0].flatMap { if case .string(let set) = $0 { set } else { nil } }
    return try made(PythonText.strip(string, characters: characters))
  }

  func centerFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let width = try call.bound("width")[0] ?? .int(80)
    return try method("center", of: .string(string), TemplateCallArguments(positional: [width]))
  }

  func formatFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try formatted(string, .tuple(call.arguments.positional))
  }

  func escapeFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    var result = ""
    result.append(string) { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "'": "&#39;"
      case "\"": "&#34;"
      default: nil
      }
    }
    return try made(result)
  }

  func wordcountFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return .int(
      string.unicodeScalars.split { !($0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil) }
        .count)
  }

  func upperFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try made(string.uppercased())
  }

  func lowerFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try made(string.lowercased())
  }

  func titleFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try made(PythonText.titleFilter(string))
  }

  func capitalizeFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try made(PythonText.capitalize(string))
  }

  /// `string` and `safe`: nothing is escaped automatically here.
  func stringFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return .string(string)
  }

  func replaceFilter(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("old", "new", "count")
    guard let old = given[0], let new = given[1] else { throw TemplateFault("filter replace needs old and new") }
    return try replaced(string, text(of: old), text(of: new), limit: given[2]?.integer ?? -1)
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

  func indentFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let string = try text(of: value)
    try charge(reading: string)
    guard case .string = value else { throw TemplateFault("filter indent needs a text, not \(value.typeName)") }
    return try indented(string, call.bound("width", "first", "blank"))
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
}
