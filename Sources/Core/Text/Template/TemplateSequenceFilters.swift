/// Filters over the items of a sequence.
extension TemplateInterpreter {
  func firstFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try items(of: value).first ?? .undefined("No first item, sequence was empty.")
  }

  func lastFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try items(of: value).last ?? .undefined("No last item, sequence was empty.")
  }

  func listFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try .list(items(of: value))
  }

  func reverseFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    if case .string(let string) = value { return try made(PythonText.text(string.unicodeScalars.reversed())) }
    return try .list(items(of: value).reversed())
  }

  func itemsFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    if value.isUndefined { return try .list([TemplateObject]()) }
    guard case .dict(let dictionary) = value else { throw TemplateFault("Can only get item pairs from a mapping.") }
    return try pairs(of: dictionary)
  }

  func joinFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("d", "attribute")
    var items = try items(of: value)
    if let path = given[1], path.isTrue { items = try items.map { try follow(path, from: $0) } }
    try charge(items.count)
    return try concatenate(items.map(text), separator: try given[0].map(text) ?? "")
  }

  func sumFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("attribute", "start")
    return try items(of: value).reduce(given[1] ?? .int(0)) { total, item in
      try charge()
      return try binary(.add, total, given[0].map { try follow($0, from: item) } ?? item)
    }
  }

  func uniqueFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("case_sensitive", "attribute")
    var seen: Set<TemplateKey> = []
    return try .list(
      items(of: value).filter { item in
        let key = try given[1].map { try follow($0, from: item) } ?? item
        try charge(hashing: key)
        return seen.insert(try TemplateKey(folded(key, isCaseSensitive: given[0]?.isTrue ?? false))).inserted
      })
  }

  func batchFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("linecount", "fill_with")
    guard let count = given[0]?.integer, (1...TemplateLimits.range).contains(count) else {
      throw TemplateFault("filter batch needs a count of at least 1")
    }
    let items = try items(of: value)
    return try .list(
      stride(from: 0, to: items.count, by: count).map { start in
        var batch = Array(items[start..<min(start + count, items.count)])
        if let fill = given[1] {
          try charge(count)
          batch += Array(repeating: fill, count: count - batch.count)
        }
        return try .list(batch)
      })
  }

  func pairs(of dictionary: TemplateDictionary) throws -> TemplateObject {
    try charge(dictionary.count)
    return try .list(dictionary.entries.map { try .tuple([$0.key, $0.value]) })
  }

  /// `map('filter', arguments…)` or `map(attribute='a.b', default=…)`.
  func mapFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let arguments = call.arguments
    // jinja2 asks for the items of a true value only.
    let items = value.isTrue ? try items(of: value) : []
    try charge(items.count)
    if arguments.positional.isEmpty {
      let given = try call.bound("attribute", "default")
      guard let path = given[0] else { throw TemplateFault("map requires a filter argument") }
      return try .list(
        items.map { item in
          let found = try follow(path, from: item)
          return found.isUndefined ? given[1] ?? found : found
        })
    }
    guard case .string(let name) = arguments.positional[0] else {
      throw TemplateFault("map requires the name of a filter")
    }
    guard TemplateFilters.names.contains(name) else { throw TemplateFault("unknown filter \"\(name)\"") }
    let rest = TemplateCallArguments(
      positional: Array(arguments.positional.dropFirst()), keyword: arguments.keyword)
    return try .list(items.map { item in try deeper { try filter(name, item, rest) } })
  }

  /// select, reject, selectattr, rejectattr: with the test named, or by truth without one.
  func selectFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let name = call.name
    var rest = call.arguments
    var path: TemplateObject?
    if name.hasSuffix("attr") {
      guard !rest.positional.isEmpty else { throw TemplateFault("\(name) needs the name of an attribute") }
      path = rest.positional.removeFirst()
    }
    var testName: String?
    if !rest.positional.isEmpty {
      guard case .string(let given) = rest.positional.removeFirst() else {
        throw TemplateFault("\(name) needs the name of a test")
      }
      testName = given
    }
    let keeps = name.hasPrefix("select")
    return try .list(
      (value.isTrue ? items(of: value) : []).filter { item in
        try charge()
        let subject = try path.map { try follow($0, from: item) } ?? item
        let passes = try testName.map { test in try deeper { try self.test(test, subject, rest) } } ?? subject.isTrue
        return passes == keeps
      })
  }

  /// `a.b.0`: items first, as jinja2's attribute getter does.
  private func follow(_ path: TemplateObject, from value: TemplateObject) throws -> TemplateObject {
    guard case .string(let names) = path else { return try item(path, of: value) }
    return try names.split(separator: ".", omittingEmptySubsequences: false).reduce(value) { value, name in
      try charge()
      return try item(Int(name).map(TemplateObject.int) ?? .string(String(name)), of: value)
    }
  }

  // MARK: Order

  func sortFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("reverse", "case_sensitive", "attribute")
    return try .list(
      sorted(
        items(of: value), isReversed: given[0]?.isTrue ?? false, isCaseSensitive: given[1]?.isTrue ?? false
      ) { item in try attributes(given[2], of: item) })
  }

  func dictsortFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("case_sensitive", "by", "reverse")
    guard case .dict(let dictionary) = value else { throw TemplateFault("dictsort needs a mapping") }
    let position: Int
    switch given[1] {
    case nil, .string("key")?: position = 0
    case .string("value")?: position = 1
    default: throw TemplateFault("You can only sort by either \"key\" or \"value\"")
    }
    return try .list(
      sorted(
        items(of: pairs(of: dictionary)), isReversed: given[2]?.isTrue ?? false,
        isCaseSensitive: given[0]?.isTrue ?? false
      ) { pair in [try items(of: pair)[position]] })
  }

  /// `min` and `max`.
  func extremeFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("case_sensitive", "attribute")
    let ordered = try sorted(
      items(of: value), isReversed: call.name == "max", isCaseSensitive: given[0]?.isTrue ?? false
    ) { item in try attributes(given[1], of: item) }
    return ordered.first ?? .undefined("No aggregated item, sequence was empty.")
  }

  /// The keys to sort an item by: itself, or the attributes of a comma-separated list.
  private func attributes(_ paths: TemplateObject?, of item: TemplateObject) throws -> [TemplateObject] {
    switch paths {
    case nil, .some(.none): return [item]
    case .string(let list)?:
      return try list.split(separator: ",").map { try follow(.string(String($0)), from: item) }
    case .some(let path): return [try follow(path, from: item)]
    }
  }

  private func folded(_ value: TemplateObject, isCaseSensitive: Bool) throws -> TemplateObject {
    guard !isCaseSensitive, case .string(let string) = value else { return value }
    return try made(string.lowercased())
  }

  /// Stable in both directions, as Python's `sorted` is.
  private func sorted(
    _ items: [TemplateObject], isReversed: Bool, isCaseSensitive: Bool,
    by keys: (TemplateObject) throws -> [TemplateObject]
  ) throws -> [TemplateObject] {
    let keyed = try items.enumerated().map { offset, item in
      (offset: offset, item: item, keys: try keys(item).map { try folded($0, isCaseSensitive: isCaseSensitive) })
    }
    let ordered = try keyed.sorted { a, b in
      for (x, y) in zip(a.keys, b.keys) where try !isEqual(x, y) {
        return try order(x, y, "<") == (isReversed ? 1 : -1)
      }
      return a.offset < b.offset
    }
    return ordered.map(\.item)
  }
}
