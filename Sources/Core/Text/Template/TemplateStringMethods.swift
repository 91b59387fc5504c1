/// The methods of Python's `str`.
extension TemplateInterpreter {
  /// `strip`, `lstrip` and `rstrip`.
  func stripMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let side: PythonText.Side = call.name == "strip" ? .both : call.name == "lstrip" ? .left : .right
    switch try call.bound("chars")[0] {
    case nil, .some(.none): return try made(PythonText.strip(string, side))
    case let characters: return try made(PythonText.strip(string, side, characters: call.required(characters)))
    }
  }

  func replaceMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("old", "new", "count")
    return try replaced(string, call.required(given[0]), call.required(given[1]), limit: given[2]?.integer ?? -1)
  }

  func joinMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    guard let iterable = try call.bound("iterable")[0] else { throw TemplateFault("join() needs something to join") }
    let parts = try items(of: iterable).enumerated().map { index, item in
      guard case .string(let text) = item else {
        throw TemplateFault("sequence item \(index): expected str instance, \(item.typeName) found")
      }
      return text
    }
    return try concatenate(parts, separator: string)
  }

  /// `center`, `ljust`, `rjust` and `zfill`.
  func padMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("width", "fillchar")
    guard let width = given[0]?.integer else { throw TemplateFault("\(call.name)() needs a width") }
    return try padded(call.name, string, width, fill: try given[1].map { try call.required($0) } ?? " ")
  }

  // MARK: Affixes

  /// `startswith` and `endswith`.
  func affixMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("affix", "start", "end")
    let part = try part(of: string, given[1], given[2])
    func matches(_ affix: TemplateObject?) throws -> Bool {
      let affix = try call.required(affix)
      return call.name == "startswith" ? PythonText.hasPrefix(part, affix) : PythonText.hasSuffix(part, affix)
    }
    if case .tuple(let affixes)? = given[0] { return .bool(try affixes.values.contains { try matches($0) }) }
    return .bool(try matches(given[0]))
  }

  func removeprefixMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let affix = try call.required(call.bound("prefix")[0])
    return try made(
      PythonText.hasPrefix(string, affix) ? PythonText.text(string.utf8.dropFirst(affix.utf8.count)) : string)
  }

  func removesuffixMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let affix = try call.required(call.bound("suffix")[0])
    return try made(
      PythonText.hasSuffix(string, affix) ? PythonText.text(string.utf8.dropLast(affix.utf8.count)) : string)
  }

  // MARK: Parts

  /// `split` and `rsplit`.
  func splitMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try split(string, fromRight: call.name == "rsplit", call.bound("sep", "maxsplit"))
  }

  func splitlinesMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try texts(PythonText.splitLines(string, keepsEnds: try call.bound("keepends")[0]?.isTrue ?? false))
  }

  /// `partition` and `rpartition`.
  func partitionMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let separator = try call.required(call.bound("sep")[0])
    guard !separator.isEmpty else { throw TemplateFault("empty separator") }
    let isLeft = call.name == "partition"
    let parts =
      isLeft
      ? PythonText.split(string, separator: separator, limit: 1)
      : PythonText.splitFromRight(string, separator: separator, limit: 1)
    if parts.count == 2 { return try .tuple([.string(parts[0]), .string(separator), .string(parts[1])]) }
    let empty = TemplateObject.string("")
    return try .tuple(isLeft ? [.string(string), empty, empty] : [empty, empty, .string(string)])
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

  // MARK: Searching

  /// `find`, `rfind`, `index` and `count`.
  func findMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("sub", "start", "end")
    return try find(call.name, call.required(given[0]), in: string, given[1], given[2])
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
