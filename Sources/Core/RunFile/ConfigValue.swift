/// A YAML value before it is given a type: what the run file's decoder works on, free of anchors and tags.
indirect enum ConfigValue: Equatable {
  case null
  /// `quoted` tells `"null"` from `null` and `"auto"` from `auto`.
  case scalar(String, quoted: Bool)
  case list([ConfigValue])
  /// Keys are unique and keep the file's order.
  case section([(key: String, value: ConfigValue)])

  static func == (left: ConfigValue, right: ConfigValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.scalar(let a, let aQuoted), .scalar(let b, let bQuoted)): a == b && aQuoted == bQuoted
    case (.list(let a), .list(let b)): a == b
    case (.section(let a), .section(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    default: false
    }
  }

  /// The value as an error message names it: `"abc"`, `a list`, `a section`.
  var phrase: String {
    switch self {
    case .null: "nothing"
    case .scalar(let text, _): Self.quote(text)
    case .list: "a list"
    case .section: "a section of keys"
    }
  }

  subscript(key: String) -> ConfigValue? {
    guard case .section(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// `text` in double quotes on one line, cut at 60 characters.
  static func quote(_ text: String) -> String {
    var shown = ""
    for character in text.prefix(60) {
      shown += character.unicodeScalars.contains(where: \.steersTerminal) ? "\u{FFFD}" : String(character)
    }
    return "\"\(shown)\(text.dropFirst(60).isEmpty ? "" : "…")\""
  }
}
