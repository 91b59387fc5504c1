extension JSONValue: CustomStringConvertible {
  /// One line, with a space after commas and colons, as Python's `json.dumps` writes.
  public var description: String { text(.line) }

  /// One line without spaces.
  public var compactText: String { text(.compact) }

  /// A line for each element and member, indented by two spaces a level, as Hugging Face's files are.
  public var indentedText: String { text(.indented) }

  /// A string literal with its quotes. What JSON demands is escaped, and what steers a terminal: such a line can be
  /// looked at without harm and reads back as the same value.
  public static func quoted(_ text: String) -> String {
    var output = ""
    quote(text, to: &output)
    return output
  }

  private enum Style {
    case line, compact, indented
  }

  private func text(_ style: Style) -> String {
    var output = ""
    write(to: &output, style, level: 0)
    return output
  }

  private func write(to output: inout String, _ style: Style, level: Int) {
    switch self {
    case .null: output += "null"
    case .bool(let value): output += value ? "true" : "false"
    case .integer(let value): output += String(value)
    case .number(let value): output += Self.words(for: value)
    case .string(let value): Self.quote(value, to: &output)
    case .array(let values):
      Self.write(values, "[", "]", to: &output, style, level) { value, output in
        value.write(to: &output, style, level: level + 1)
      }
    case .object(let object):
      Self.write(object.members, "{", "}", to: &output, style, level) { member, output in
        Self.quote(member.key, to: &output)
        output += style == .compact ? ":" : ": "
        member.value.write(to: &output, style, level: level + 1)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], _ open: String, _ close: String, to output: inout String, _ style: Style, _ level: Int,
    _ body: (Item, inout String) -> Void
  ) {
    func breakLine(_ level: Int) {
      guard style == .indented, !items.isEmpty else { return }
      output += "\n" + String(repeating: "  ", count: level)
    }
    output += open
    for (index, item) in items.enumerated() {
      if index > 0 { output += style == .line ? ", " : "," }
      breakLine(level + 1)
      body(item, &output)
    }
    breakLine(level)
    output += close
  }

  /// The shortest decimal that reads back as the same double; whole numbers without ".0". What JSON has no word for is
  /// null.
  private static func words(for number: Double) -> String {
    guard number.isFinite else { return "null" }
    // Up to 2⁵³ doubles hold every whole number, so all its digits mean something.
    if number.magnitude <= 0x1p53, let whole = Int(exactly: number), number.sign == .plus || whole != 0 {
      return String(whole)
    }
    return "\(number)"
  }

  private static func quote(_ text: String, to output: inout String) {
    output.appendQuoted(text) { scalar in
      scalar.steersTerminal ? "\\u" + String.hexadecimal(scalar.value, width: 4) : nil
    }
  }
}
