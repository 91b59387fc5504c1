import JSON

/// What the cells of a column are. CSV has no types: a column is one of numbers where all cells of a sample are, and so on,
/// so that the answer "42" among answers stays a text.
enum CSVColumn {
  case text
  /// Text, but for cells that are a list of messages as JSON.
  case textOrMessages
  case number, flag
  /// JSON arrays or objects.
  case json

  /// - Parameter cells: the sample's cells that are not empty.
  init(_ cells: [ArraySlice<UInt8>]) {
    func all(_ kind: CSVColumn) -> Bool {
      !cells.isEmpty && cells.allSatisfy { if case .string? = kind.value($0) { false } else { true } }
    }
    self = [.number, .flag, .json].first(where: all) ?? .text
  }

  /// The cell as the column has it: a text where it is nothing else; nil where it is not UTF-8.
  func value(_ cell: ArraySlice<UInt8>) -> JSONValue? {
    switch self {
    case .text: break
    case .textOrMessages: if let value = Self.json(cell), Self.isMessages(value) { return value }
    case .number: if let number = Self.number(cell) { return number }
    case .flag: if let flag = Self.flag(cell) { return .bool(flag) }
    case .json: if let value = Self.json(cell) { return value }
    }
    return String(validating: cell, as: UTF8.self).map { .string($0) }
  }

  // MARK: forms of a cell

  private static func number(_ cell: ArraySlice<UInt8>) -> JSONValue? {
    let text = String(decoding: cell, as: UTF8.self)
    if let whole = Int(text) { return .integer(whole) }
    // Double's own syntax has hexadecimal numbers and words too.
    let isPlain =
      cell.allSatisfy { "0123456789+-.eE".utf8.contains($0) } || ["nan", "inf", "-inf"].contains(text.lowercased())
    guard isPlain, let number = Double(text) else { return nil }
    return .number(number)
  }

  private static func flag(_ cell: ArraySlice<UInt8>) -> Bool? {
    switch String(decoding: cell, as: UTF8.self).lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }

  private static func json(_ cell: ArraySlice<UInt8>) -> JSONValue? {
    guard let first = cell.first, first == UInt8(ascii: "[") || first == UInt8(ascii: "{") else { return nil }
    return try? JSONValue(parsing: Array(cell), JSONOptions(duplicateKeys: .lastWins, acceptsNonFinite: true))
  }

  /// Messages one after another, a single one, or lists of their parts.
  private static func isMessages(_ value: JSONValue) -> Bool {
    guard let one = value.object ?? value.array?.first?.object else { return false }
    return (one.contains("role") && one.contains("content")) || (one.contains("from") && one.contains("value"))
  }

  /// A list of texts, such as all responses to a prompt.
  static func isTextList(_ cell: ArraySlice<UInt8>) -> Bool {
    guard let values = json(cell)?.array, !values.isEmpty else { return false }
    return values.allSatisfy { $0.string != nil }
  }

  /// Python's own notation of nested values, which `DataFrame.to_csv` writes: it is neither JSON nor anybody's text.
  static func isPython(_ cell: ArraySlice<UInt8>) -> Bool {
    ["[{'", "{'", "['", "array(["].contains { cell.starts(with: $0.utf8) }
  }
}
