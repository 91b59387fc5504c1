import JSON

/// `tojson` as transformers has it: Python's `json.dumps` with `ensure_ascii=False`, no HTML escaping.
struct TemplateJSON {
  private let ensuresASCII: Bool
  private let indent: String?
  private let itemSeparator: String
  private let keySeparator: String
  private let sortsKeys: Bool

  init(ensuresASCII: Bool, indent: TemplateObject?, separators: TemplateObject?, sortsKeys: Bool) throws {
    self.ensuresASCII = ensuresASCII
    self.sortsKeys = sortsKeys
    switch indent {
    case nil, .some(.none): self.indent = nil
    case .string(let text)?: self.indent = text
    case .some(let value):
      guard let width = value.integer, width <= 100 else { throw TemplateFault("tojson: not a usable indent") }
      self.indent = String(repeating: " ", count: max(width, 0))
    }
    switch separators {
    case nil, .some(.none):
      itemSeparator = self.indent == nil ? ", " : ","
      keySeparator = ": "
    case .tuple(let items)?, .list(let items)?:
      guard items.values.count == 2, case .string(let item) = items.values[0], case .string(let key) = items.values[1]
      else { throw TemplateFault("tojson: separators are two texts") }
      itemSeparator = item
      keySeparator = key
    default: throw TemplateFault("tojson: separators are two texts")
    }
  }

  func text(of value: TemplateObject, in interpreter: TemplateInterpreter) throws -> String {
    var result = ""
    try append(value, to: &result, level: 0, interpreter)
    return result
  }

  private func append(
    _ value: TemplateObject, to result: inout String, level: Int, _ interpreter: TemplateInterpreter
  ) throws {
    try interpreter.charge()
    guard result.utf8.count <= TemplateLimits.text else { throw TemplateFault("a text grows too long") }
    switch value {
    case .none: result += "null"
    case .bool(let bool): result += bool ? "true" : "false"
    case .int(let int): result += String(int)
    case .float(let double): result += Self.float(double)
    case .string(let string): appendQuoted(string, to: &result)
    case .list(let items), .tuple(let items):
      try append(items.values, "[", "]", to: &result, level: level) { item, result in
        try append(item, to: &result, level: level + 1, interpreter)
      }
    case .dict(let dictionary):
      var entries = try dictionary.entries.map { (key: try Self.key($0.key), value: $0.value) }
      if sortsKeys { entries.sort { PythonText.isLess($0.key, $1.key) } }
      try append(entries, "{", "}", to: &result, level: level) { entry, result in
        appendQuoted(entry.key, to: &result)
        result += keySeparator
        try append(entry.value, to: &result, level: level + 1, interpreter)
      }
    default: throw TemplateFault("Object of type \(value.typeName) is not JSON serializable")
    }
  }

  private func append<Item>(
    _ items: [Item], _ open: String, _ close: String, to result: inout String, level: Int,
    _ appendItem: (Item, inout String) throws -> Void
  ) rethrows {
    result += open
    for (index, item) in items.enumerated() {
      if index > 0 { result += itemSeparator }
      appendBreak(to: &result, level: level + 1)
      try appendItem(item, &result)
    }
    if !items.isEmpty { appendBreak(to: &result, level: level) }
    result += close
  }

  private func appendBreak(to result: inout String, level: Int) {
    guard let indent else { return }
    result += "\n"
    for _ in 0..<level { result += indent }
  }

  private static func float(_ value: Double) -> String {
    value.isFinite ? PythonText.float(value) : value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
  }

  private static func key(_ key: TemplateObject) throws -> String {
    switch key {
    case .string(let string): string
    case .none: "null"
    case .bool(let bool): bool ? "true" : "false"
    case .int(let int): String(int)
    case .float(let double): float(double)
    default: throw TemplateFault("keys must be str, int, float, bool or None, not \(key.typeName)")
    }
  }

  private func appendQuoted(_ string: String, to result: inout String) {
    result.appendQuoted(string) { scalar in
      switch scalar {
      case "\u{8}": "\\b"
      case "\u{C}": "\\f"
      case _ where scalar.value < 0x20 || (ensuresASCII && scalar.value > 0x7E):
        // Beyond U+FFFF two units of UTF-16, each with its own escape.
        scalar.utf16.map { "\\u" + String.hexadecimal(UInt32($0), width: 4) }.joined()
      default: nil
      }
    }
  }
}
