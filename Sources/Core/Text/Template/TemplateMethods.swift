/// The methods of Python's str, list, tuple and dict that templates may call. Those that would change a value are
/// refused, as in jinja2's immutable sandbox.
enum TemplateMethods {
  static let string: Set<String> = [
    "capitalize", "casefold", "center", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdigit",
    "islower", "isnumeric", "isspace", "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix",
    "removesuffix", "replace", "rfind", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines",
    "startswith", "strip", "swapcase", "title", "upper", "zfill",
  ]
  static let sequence: Set<String> = ["count", "index"]
  static let dictionary: Set<String> = ["copy", "get", "items", "keys", "values"]
  static let changesList: Set<String> = [
    "append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort",
  ]
  static let changesDict: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]
}

extension TemplateInterpreter {
  func method(
    _ name: String, of receiver: TemplateObject, _ arguments: TemplateCallArguments
  ) throws -> TemplateObject {
    switch receiver {
    case .string(let string): return try stringMethod(name, string, arguments)
    case .list(let items), .tuple(let items):
      guard let wanted = try arguments.bound(to: ["value"], of: name)[0] else {
        throw TemplateFault("\(name)() needs a value")
      }
      let matches = try items.values.indices.filter { try isEqual(items.values[$0], wanted) }
      if name == "count" { return .int(matches.count) }
      guard let first = matches.first else { throw TemplateFault("the value is not in the list") }
      return .int(first)
    case .dict(let dictionary):
      switch name {
      case "get":
        let given = try arguments.bound(to: ["key", "default"], of: "get")
        guard let key = given[0] else { throw TemplateFault("get() needs a key") }
        try charge(hashing: key)
        return try dictionary.value(for: key) ?? given[1] ?? .none
      case "keys": return try .list(items(of: receiver))
      case "values":
        try charge(dictionary.count)
        return try .list(dictionary.entries.map(\.value))
      case "copy": return receiver
      default: return try pairs(of: dictionary)
      }
    case .loop(let id): return try loopMethod(name, id, arguments)
    default: throw TemplateFault("'\(receiver.typeName)' object has no method '\(name)'")
    }
  }

  private func loopMethod(
    _ name: String, _ id: Int, _ arguments: TemplateCallArguments
  ) throws -> TemplateObject {
    guard let state = loops[id] else { throw TemplateFault("this loop has ended") }
    if name == "cycle" {
      guard !arguments.positional.isEmpty else { throw TemplateFault("no items for cycling given") }
      return arguments.positional[state.index % arguments.positional.count]
    }
    let value = try TemplateObject.tuple(arguments.positional)
    if let last = state.lastChanged, try isEqual(last, value) { return .bool(false) }
    loops[id]?.lastChanged = value
    return .bool(true)
  }

  // MARK: str

  private func stringMethod(
    _ name: String, _ string: String, _ arguments: TemplateCallArguments
  ) throws -> TemplateObject {
    try charge(reading: string)
    func bound(_ names: String...) throws -> [TemplateObject?] { try arguments.bound(to: names, of: name) }
    func required(_ value: TemplateObject?) throws -> String {
      guard case .string(let text)? = value else {
        throw TemplateFault("\(name)() needs a text, not \(value?.typeName ?? "nothing")")
      }
      return text
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      let side: PythonText.Side = name == "strip" ? .both : name == "lstrip" ? .left : .right
      switch try bound("chars")[0] {
      case nil, .some(.none): return try made(PythonText.strip(string, side))
      case let characters: return try made(PythonText.strip(string, side, characters: required(characters)))
      }
    case "split", "rsplit": return try split(string, fromRight: name == "rsplit", bound("sep", "maxsplit"))
    case "splitlines":
      return try texts(PythonText.splitLines(string, keepsEnds: try bound("keepends")[0]?.isTrue ?? false))
    case "partition", "rpartition":
      let separator = try required(bound("sep")[0])
      guard !separator.isEmpty else { throw TemplateFault("empty separator") }
      let parts =
        name == "partition"
        ? PythonText.split(string, separator: separator, limit: 1)
        : PythonText.splitFromRight(string, separator: separator, limit: 1)
      if parts.count == 2 { return try .tuple([.string(parts[0]), .string(separator), .string(parts[1])]) }
      let empty = TemplateObject.string("")
      return try .tuple(name == "partition" ? [.string(string), empty, empty] : [empty, empty, .string(string)])
    case "startswith", "endswith":
      let given = try bound("affix", "start", "end")
      let part = try part(of: string, given[1], given[2])
      func matches(_ affix: TemplateObject?) throws -> Bool {
        let affix = try required(affix)
        return name == "startswith" ? PythonText.hasPrefix(part, affix) : PythonText.hasSuffix(part, affix)
      }
      if case .tuple(let affixes)? = given[0] { return .bool(try affixes.values.contains { try matches($0) }) }
      return .bool(try matches(given[0]))
    case "replace":
      let given = try bound("old", "new", "count")
      return try replaced(string, required(given[0]), required(given[1]), limit: given[2]?.integer ?? -1)
    case "removeprefix":
      let affix = try required(bound("prefix")[0])
      return try made(
        PythonText.hasPrefix(string, affix) ? PythonText.text(string.utf8.dropFirst(affix.utf8.count)) : string)
    case "removesuffix":
      let affix = try required(bound("suffix")[0])
      return try made(
        PythonText.hasSuffix(string, affix) ? PythonText.text(string.utf8.dropLast(affix.utf8.count)) : string)
    case "join":
      guard let iterable = try bound("iterable")[0] else { throw TemplateFault("join() needs something to join") }
      let parts = try items(of: iterable).enumerated().map { index, item in
        guard case .string(let text) = item else {
          throw TemplateFault("sequence item \(index): expected str instance, \(item.typeName) found")
        }
        return text
      }
      return try concatenate(parts, separator: string)
    case "find", "rfind", "index", "count":
      let given = try bound("sub", "start", "end")
      return try find(name, required(given[0]), in: string, given[1], given[2])
    case "center", "ljust", "rjust", "zfill":
      let given = try bound("width", "fillchar")
      guard let width = given[0]?.integer else { throw TemplateFault("\(name)() needs a width") }
      return try padded(name, string, width, fill: try given[1].map { try required($0) } ?? " ")
    default:
      _ = try bound()
      return try plainMethod(name, string)
    }
  }

  /// Methods without arguments.
  private func plainMethod(_ name: String, _ string: String) throws -> TemplateObject {
    let scalars = string.unicodeScalars
    func all(_ test: (Unicode.Scalar) -> Bool) -> TemplateObject {
      .bool(!scalars.isEmpty && scalars.allSatisfy(test))
    }
    switch name {
    case "upper": return try made(string.uppercased())
    case "lower", "casefold": return try made(string.lowercased())
    case "title": return try made(PythonText.title(string))
    case "capitalize": return try made(PythonText.capitalize(string))
    case "swapcase":
      return try made(
        scalars.reduce(into: "") { result, scalar in
          result +=
            scalar.properties.isLowercase ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
        })
    case "isspace": return all(PythonText.isSpace)
    case "isdigit": return all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
    case "isnumeric": return all { $0.properties.numericType != nil }
    case "isalpha": return all(Self.isLetter)
    case "isalnum": return all { Self.isLetter($0) || $0.properties.numericType != nil }
    case "islower": return .bool(try test("lower", .string(string), TemplateCallArguments()))
    default: return .bool(try test("upper", .string(string), TemplateCallArguments()))
    }
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  private func texts(_ parts: [String]) throws -> TemplateObject {
    try charge(parts.count)
    try reserve(bytes: parts.reduce(0) { $0 + $1.utf8.count })
    return try .list(parts.map { .string($0) })
  }

  private func split(_ string: String, fromRight: Bool, _ given: [TemplateObject?]) throws -> TemplateObject {
    let limit = given[1]?.integer ?? -1
    switch given[0] {
    case nil, .some(.none):
      if !fromRight || limit < 0 { return try texts(PythonText.splitSpace(string, limit: limit)) }
      let reversed = PythonText.splitSpace(PythonText.text(string.unicodeScalars.reversed()), limit: limit)
      return try texts(reversed.reversed().map { PythonText.text($0.unicodeScalars.reversed()) })
    case .string(let separator)?:
      guard !separator.isEmpty else { throw TemplateFault("empty separator") }
      return try texts(
        fromRight
          ? PythonText.splitFromRight(string, separator: separator, limit: limit)
          : PythonText.split(string, separator: separator, limit: limit))
    case .some(let other): throw TemplateFault("must be str or None, not \(other.typeName)")
    }
  }

  /// `string[start:end]`
  private func part(of string: String, _ start: TemplateObject?, _ end: TemplateObject?) throws -> String {
    guard start != nil || end != nil else { return string }
    let scalars = Array(string.unicodeScalars)
    let range = Self.range(start, end, count: scalars.count)
    return PythonText.text(scalars[range])
  }

  private static func range(_ start: TemplateObject?, _ end: TemplateObject?, count: Int) -> Range<Int> {
    func clamp(_ bound: Int) -> Int { bound < 0 ? max(bound, -count) + count : min(bound, count) }
    let lower = clamp(start?.integer ?? 0)
    return lower..<max(lower, clamp(end?.integer ?? count))
  }

  private func find(
    _ name: String, _ pattern: String, in string: String, _ start: TemplateObject?, _ end: TemplateObject?
  ) throws -> TemplateObject {
    let scalars = Array(string.unicodeScalars)
    let range = Self.range(start, end, count: scalars.count)
    let bytes = Array(PythonText.text(scalars[range]).utf8)
    if pattern.isEmpty {
      return .int(name == "count" ? range.count + 1 : name == "rfind" ? range.upperBound : range.lowerBound)
    }
    let needle = Array(pattern.utf8)
    if name == "count" { return .int(PythonText.occurrences(of: needle, in: bytes).count) }
    let offset: Int?
    if name == "rfind" {
      offset = PythonText.occurrences(of: needle.reversed(), in: bytes.reversed(), limit: 1).first
        .map { bytes.count - $0 - needle.count }
    } else {
      offset = PythonText.occurrences(of: needle, in: bytes, limit: 1).first
    }
    guard let offset else {
      if name == "index" { throw TemplateFault("substring not found") }
      return .int(-1)
    }
    return .int(range.lowerBound + PythonText.text(bytes[..<offset]).unicodeScalars.count)
  }

  private func padded(_ name: String, _ string: String, _ width: Int, fill: String) throws -> TemplateObject {
    guard fill.unicodeScalars.count == 1 else {
      throw TemplateFault("The fill character must be exactly one character long")
    }
    let missing = width.subtractingReportingOverflow(string.unicodeScalars.count).partialValue
    guard width > 0, missing > 0 else { return .string(string) }
    try reserve(bytes: missing > TemplateLimits.text ? .max : missing * fill.utf8.count + string.utf8.count)
    func pad(_ count: Int) -> String { String(repeating: fill, count: count) }
    switch name {
    case "ljust": return .string(string + pad(missing))
    case "rjust": return .string(pad(missing) + string)
    case "zfill":
      let hasSign = string.hasPrefix("-") || string.hasPrefix("+")
      let zeros = String(repeating: "0", count: missing)
      return .string(hasSign ? string.prefix(1) + zeros + string.dropFirst() : zeros + string)
    default:
      // CPython's rule for the odd blank.
      let left = missing / 2 + (missing & width & 1)
      return .string(pad(left) + string + pad(missing - left))
    }
  }
}
