import Text

/// Where values came from, so that an error can say so.
struct ConfigOrigin {
  /// The run file's name as the user gave it.
  var name: String
  /// Key paths that `--set` has replaced or made.
  var overridden: [[String]] = []

  func error(_ path: [String], _ problem: String) -> RunFileError {
    let source = overridden.contains { path.starts(with: $0) } ? "--set " : "\(name): "
    return RunFileError("\(source)\(path.joined(separator: ".")): \(problem)")
  }
}

/// One section of a run file while it is decoded: hands out typed, range-checked values and names the key's path, the
/// value and what is allowed in every error.
struct ConfigSection {
  let path: [String]
  let origin: ConfigOrigin
  private let entries: [(key: String, value: ConfigValue)]

  /// - Parameters:
  ///   - value: nil or `.null` reads as an empty section, so that every key has its default.
  ///   - keys: all keys the section knows; any other is an error.
  init(_ value: ConfigValue?, path: [String], keys: [String], origin: ConfigOrigin) throws {
    self.path = path
    self.origin = origin
    switch value {
    case nil, .null?: entries = []
    case .section(let entries)?: self.entries = entries
    case .some(let other):
      if path.isEmpty {
        throw RunFileError("\(origin.name): is \(other.phrase), not a run file; expected keys \(list(keys))")
      }
      throw origin.error(path, "\(other.phrase) is not a section; expected keys \(list(keys))")
    }
    for (key, _) in entries where !keys.contains(key) {
      let hint = RunFileKeys.hint(for: key, in: path, keys: keys)
      throw origin.error(path + [key], "unknown key\(hint) (keys here: \(list(keys)))")
    }
  }

  func has(_ key: String) -> Bool { self[key] != nil }

  subscript(key: String) -> ConfigValue? { entries.first { $0.key == key }?.value }

  func error(_ key: String, _ problem: String) -> RunFileError { origin.error(path + [key], problem) }

  func section(_ key: String, keys: [String]) throws -> ConfigSection {
    try ConfigSection(self[key], path: path + [key], keys: keys, origin: origin)
  }

  // MARK: Scalars

  /// A finite number that satisfies `allowed`; `expectation` completes "expected …".
  func number(
    _ key: String, default standard: Double, _ expectation: String = "a number",
    allowed: (Double) -> Bool = { _ in true }
  ) throws -> Double {
    guard let value = self[key] else { return standard }
    return try number(value, at: path + [key], expectation, allowed: allowed)
  }

  func number(
    _ value: ConfigValue, at path: [String], _ expectation: String, allowed: (Double) -> Bool = { _ in true }
  ) throws -> Double {
    if value == .null { throw origin.error(path, "no value given; expected \(expectation)") }
    guard case .scalar(let text, _) = value, let number = NumberText.double(text) else {
      throw origin.error(path, "\(value.phrase) is not a number")
    }
    guard number.isFinite else { throw origin.error(path, "\(value.phrase) is not a finite number") }
    guard allowed(number) else { throw origin.error(path, "\(text) is not allowed; expected \(expectation)") }
    return number
  }

  /// As `number`; nil where the key is absent or `null`.
  func optionalNumber(_ key: String, _ expectation: String, allowed: (Double) -> Bool) throws -> Double? {
    guard let value = self[key], value != .null else { return nil }
    return try number(value, at: path + [key], expectation, allowed: allowed)
  }

  /// A whole number of `range`; `orElse` completes "expected a whole number …".
  func integer(
    _ key: String, default standard: Int, in range: ClosedRange<Int>, orElse: String = ""
  ) throws -> Int {
    guard let value = self[key] else { return standard }
    let bounds =
      range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    let expectation = "a whole number \(bounds)\(orElse)"
    if value == .null { throw error(key, "no value given; expected \(expectation)") }
    guard case .scalar(let text, _) = value, NumberText.isNumber(text) else {
      throw error(key, "\(value.phrase) is not a number")
    }
    guard let integer = NumberText.integer(text) else { throw error(key, "\(text) is not a whole number") }
    guard let integer, range.contains(integer) else {
      throw error(key, "\(text) is not allowed; expected \(expectation)")
    }
    return integer
  }

  /// As `integer`, where `null` means that the thing is switched off.
  func optionalInteger(_ key: String, default standard: Int?, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = self[key] else { return standard }
    return value == .null ? nil : try integer(key, default: range.lowerBound, in: range, orElse: ", or null")
  }

  func boolean(_ key: String, default standard: Bool) throws -> Bool {
    guard let value = self[key] else { return standard }
    if case .scalar(let text, _) = value {
      switch text.lowercased() {
      case "true", "yes", "on": return true
      case "false", "no", "off": return false
      default: break
      }
    }
    if value == .null { throw error(key, "no value given; expected true or false") }
    throw error(key, "\(value.phrase) is not true or false")
  }

  /// A non-empty text, or nil for `null`.
  func text(_ key: String, _ expectation: String) throws -> String? {
    guard let value = self[key], value != .null else { return nil }
    return try text(value, at: path + [key], expectation)
  }

  func text(_ value: ConfigValue, at path: [String], _ expectation: String) throws -> String {
    guard case .scalar(let text, _) = value else {
      throw origin.error(path, "\(value.phrase) is not \(expectation)")
    }
    guard !text.isEmpty else { throw origin.error(path, "is empty; expected \(expectation)") }
    return text
  }

  /// One text or a list of texts; nil for `null`.
  func texts(_ key: String, _ expectation: String) throws -> [String]? {
    guard let value = self[key], value != .null else { return nil }
    guard case .list(let items) = value else { return [try text(value, at: path + [key], expectation)] }
    guard !items.isEmpty else { throw error(key, "is an empty list; expected \(expectation)") }
    return try items.enumerated().map { index, item in
      try text(item, at: path + [key, String(index)], expectation)
    }
  }

  /// One of an enumeration's names.
  func choice<Choice>(_ key: String, default standard: Choice) throws -> Choice
  where Choice: CaseIterable & RawRepresentable<String> {
    guard let value = self[key] else { return standard }
    return try choice(value, at: path + [key])
  }

  /// As `choice`; nil where the key is absent or `null`.
  func optionalChoice<Choice>(_ key: String) throws -> Choice?
  where Choice: CaseIterable & RawRepresentable<String> {
    guard let value = self[key], value != .null else { return nil }
    return try choice(value, at: path + [key])
  }

  func choice<Choice>(_ value: ConfigValue, at path: [String], as type: Choice.Type = Choice.self) throws -> Choice
  where Choice: CaseIterable & RawRepresentable<String> {
    let names = Choice.allCases.map(\.rawValue)
    if value == .null { throw origin.error(path, "no value given; expected one of \(list(names))") }
    guard case .scalar(let text, _) = value, let choice = Choice(rawValue: text) else {
      var hint = ""
      if case .scalar(let text, _) = value, let near = NameSuggestion.nearest(to: text, among: names) {
        hint = ", did you mean \"\(near)\"?"
      }
      throw origin.error(path, "\(value.phrase) is not known\(hint) (one of: \(list(names)))")
    }
    return choice
  }
}

private func list(_ names: [String]) -> String { names.joined(separator: ", ") }
