import JSON

/// Writes settings as YAML that any YAML 1.1 or 1.2 reader understands the same way.
struct ConfigWriter {
  private(set) var text = ""
  private var indent = ""

  mutating func section(_ key: String, _ body: (inout ConfigWriter) -> Void) {
    text += "\(indent)\(key):\n"
    indent += "  "
    body(&self)
    indent.removeLast(2)
  }

  mutating func value(_ key: String, _ value: String?) { line(key, value.map(Self.scalar) ?? "null") }
  mutating func value(_ key: String, _ value: Double) { line(key, Self.number(value)) }
  mutating func value(_ key: String, _ value: Double?) { line(key, value.map(Self.number) ?? "null") }
  mutating func value(_ key: String, _ value: some BinaryInteger) { line(key, String(value)) }
  mutating func value(_ key: String, _ value: Int?) { line(key, value.map { String($0) } ?? "null") }
  mutating func value(_ key: String, _ value: Bool) { line(key, value ? "true" : "false") }
  mutating func value(_ key: String, _ values: [String]) {
    line(key, values.count == 1 ? Self.scalar(values[0]) : "[\(values.map(Self.scalar).joined(separator: ", "))]")
  }
  mutating func value(_ key: String, _ values: [Int]) {
    line(key, "[\(values.map { String($0) }.joined(separator: ", "))]")
  }
  /// A section on one line.
  mutating func value(_ key: String, _ entries: [(name: String, value: Double)]) {
    let items = entries.map { name, value in
      "\(Self.scalar(name)): \(Int(exactly: value).map { String($0) } ?? Self.number(value))"
    }
    line(key, "{\(items.joined(separator: ", "))}")
  }
  mutating func value(_ key: String, _ rows: [[Double]]) {
    let items = rows.map { "[\($0.map(Self.number).joined(separator: ", "))]" }
    line(key, "[\(items.joined(separator: ", "))]")
  }

  private mutating func line(_ key: String, _ value: String) { text += "\(indent)\(key): \(value)\n" }

  /// The shortest digits that read back to the same number; with a point before an exponent, which YAML 1.1 wants.
  static func number(_ value: Double) -> String {
    let digits = "\(value)"
    guard let exponent = digits.firstIndex(of: "e"), !digits.contains(".") else { return digits }
    return digits[..<exponent] + ".0" + digits[exponent...]
  }

  /// Plain where no reader can take it for anything but text, double-quoted otherwise.
  static func scalar(_ text: String) -> String {
    let isPlain =
      text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || "_-./".utf8.contains(byte)
      }
      && text.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) || $0 == UInt8(ascii: "/") }
        ?? false
      && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    if isPlain || NumberText.isNumber(text) && Int(text) != nil { return text }
    var quoted = ""
    quoted.appendQuoted(text) { scalar in
      switch scalar.value {
      case 0..<0x20, 0x7F...0xA0, 0xFEFF, 0x2028...0x2029, 0xFFFE...0xFFFF:
        "\\u" + String.hexadecimal(scalar.value, width: 4, uppercase: true)
      default: nil
      }
    }
    return quoted
  }
}
