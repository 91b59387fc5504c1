import Checkpoint
import Text

/// Keys that name modules, layers and values of some modules.
extension ConfigSection {
  private static let moduleNames = LinearModule.known.map(\.name)

  /// A name, a list of names, a regular expression or, where it may be, "all-linear".
  func modules(_ key: String, allLinear: Bool) throws -> ModuleSelection {
    let path = path + [key]
    let all = allLinear ? ["all-linear"] : []
    let names = Self.moduleNames.joined(separator: ", ")
    let expected = (allLinear ? "all-linear, " : "") + "a list of module names or a regular expression"
    switch self[key] {
    case .scalar("all-linear", _) where allLinear: return .allLinear
    // What no name holds makes it an expression.
    case .scalar(let text, _) where text.contains(where: { "\\()[]{}*+?|^$".contains($0) }):
      return .pattern(try pattern(text, at: path))
    case .scalar(let text, _):
      guard Self.isKnown(text) else {
        let near = NameSuggestion.nearest(to: text, among: all + Self.moduleNames)
        let hint = near.map { ", did you mean \"\($0)\"?" } ?? ""
        throw origin.error(path, "\(ConfigValue.quote(text)) is not \(expected)\(hint) (one of: \(names))")
      }
      return .names([text])
    case .list(let items):
      guard !items.isEmpty else {
        throw origin.error(path, "is an empty list; expected \(expected) (one of: \(names))")
      }
      return .names(try items.enumerated().map { try module($1, at: path + [String($0)]) }.unique(or: origin, path))
    case .null, nil: throw origin.error(path, "no value given; expected \(expected) (one of: \(names))")
    case .section(let entries):
      throw origin.error(path, "\(ConfigValue.section(entries).phrase) is not \(expected) (one of: \(names))")
    }
  }

  /// A module's name, alone or behind what comes before it: "q_proj", "model.layers.3.self_attn.q_proj".
  private func module(_ value: ConfigValue, at path: [String]) throws -> String {
    let names = Self.moduleNames.joined(separator: ", ")
    guard case .scalar(let text, _) = value, Self.isKnown(text) else {
      var hint = ""
      if case .scalar(let text, _) = value, let near = NameSuggestion.nearest(to: text, among: Self.moduleNames) {
        hint = ", did you mean \"\(near)\"?"
      }
      throw origin.error(path, "\(value.phrase) is not known\(hint) (one of: \(names))")
    }
    return text
  }

  private static func isKnown(_ name: String) -> Bool {
    name.split(separator: ".", omittingEmptySubsequences: false).last.map { moduleNames.contains(String($0)) } ?? false
  }

  private func pattern(_ text: String, at path: [String]) throws -> NamePattern {
    do {
      return try NamePattern(text)
    } catch {
      throw origin.error(path, "the regular expression \(ConfigValue.quote(text)) cannot be used: \(error.reason)")
    }
  }

  /// One layer's number or several; nil for `null`.
  func layers(_ key: String) throws -> [Int]? {
    let expectation = "a layer's number from 0 on, or a list of them"
    func number(_ value: ConfigValue, _ path: [String]) throws -> Int {
      let number = try self.number(value, at: path, expectation) { (0..<1_048_576).contains($0) && $0 == $0.rounded() }
      return Int(number)
    }
    switch self[key] {
    case nil, .null?: return nil
    case .list(let items)?:
      guard !items.isEmpty else { throw error(key, "is an empty list; expected \(expectation)") }
      return try items.enumerated().map { try number($1, path + [key, String($0)]) }
    case .some(let value): return [try number(value, path + [key])]
    }
  }

  /// Numbers of the modules that patterns name, in the file's order; empty for `null`.
  /// - Parameter read: nil for a number that is not allowed.
  func patternValues<Value: Sendable & Equatable>(
    _ key: String, _ expectation: String, _ read: (Double) -> Value?
  ) throws -> [PatternValue<Value>] {
    switch self[key] {
    case nil, .null?: return []
    case .section(let entries)?:
      return try entries.map { name, value in
        let place = path + [key, name]
        let number = try number(value, at: place, expectation) { read($0) != nil }
        guard let value = read(number) else { throw origin.error(place, "is not allowed; expected \(expectation)") }
        return PatternValue(pattern: try pattern(name, at: path + [key]), value: value)
      }
    case .some(let other):
      throw error(key, "\(other.phrase) is not a section of module names, each with \(expectation)")
    }
  }
}

extension [String] {
  fileprivate func unique(or origin: ConfigOrigin, _ path: [String]) throws -> [String] {
    var seen: Set<String> = []
    for name in self where !seen.insert(name).inserted { throw origin.error(path, "\(name) is given twice") }
    return self
  }
}
