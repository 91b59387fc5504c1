import JSON

/// A configuration as Python's json module writes it: floating-point numbers keep their ".0". transformers tells them from
/// whole ones by it, and refuses a whole number where it expects the other kind.
enum ConfigurationText {
  /// Indented by two spaces a level, with a line break at the end.
  static func text(of object: JSONObject) -> String { text(.object(object), level: 0) + "\n" }

  private static func text(_ value: JSONValue, level: Int) -> String {
    let inside = "\n" + String(repeating: "  ", count: level + 1)
    let outside = "\n" + String(repeating: "  ", count: level)
    switch value {
    case .number(let number) where number.isFinite: return "\(number)"
    case .array(let values) where !values.isEmpty:
      return "[" + values.map { inside + text($0, level: level + 1) }.joined(separator: ",") + outside + "]"
    case .object(let object) where !object.members.isEmpty:
      let members = object.members.map { key, value in
        inside + JSONValue.quoted(key) + ": " + text(value, level: level + 1)
      }
      return "{" + members.joined(separator: ",") + outside + "}"
    default: return value.compactText
    }
  }
}
