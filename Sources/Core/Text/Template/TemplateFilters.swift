/// jinja2's built-in filters as far as chat templates use them, and `tojson` as transformers overrides it.
enum TemplateFilters {
  typealias OfValue = @Sendable (TemplateInterpreter) -> (TemplateObject, TemplateCall) throws -> TemplateObject
  typealias OfText = @Sendable (TemplateInterpreter) -> (String, TemplateCall) throws -> TemplateObject

  static let names: Set<String> = Set(ofValues.keys).union(ofNumbers.keys).union(ofTexts.keys)

  static let ofValues: [String: OfValue] = [
    "attr": TemplateInterpreter.attrFilter,
    "batch": TemplateInterpreter.batchFilter,
    "count": TemplateInterpreter.lengthFilter,
    "d": TemplateInterpreter.defaultFilter,
    "default": TemplateInterpreter.defaultFilter,
    "dictsort": TemplateInterpreter.dictsortFilter,
    "first": TemplateInterpreter.firstFilter,
    "indent": TemplateInterpreter.indentFilter,
    "items": TemplateInterpreter.itemsFilter,
    "join": TemplateInterpreter.joinFilter,
    "last": TemplateInterpreter.lastFilter,
    "length": TemplateInterpreter.lengthFilter,
    "list": TemplateInterpreter.listFilter,
    "map": TemplateInterpreter.mapFilter,
    "max": TemplateInterpreter.extremeFilter,
    "min": TemplateInterpreter.extremeFilter,
    "reject": TemplateInterpreter.selectFilter,
    "rejectattr": TemplateInterpreter.selectFilter,
    "reverse": TemplateInterpreter.reverseFilter,
    "select": TemplateInterpreter.selectFilter,
    "selectattr": TemplateInterpreter.selectFilter,
    "sort": TemplateInterpreter.sortFilter,
    "sum": TemplateInterpreter.sumFilter,
    "tojson": TemplateInterpreter.tojsonFilter,
    "unique": TemplateInterpreter.uniqueFilter,
  ]

  /// Filters that refuse an undefined value.
  static let ofNumbers: [String: OfValue] = [
    "abs": TemplateInterpreter.absFilter,
    "float": TemplateInterpreter.floatFilter,
    "int": TemplateInterpreter.intFilter,
    "round": TemplateInterpreter.roundFilter,
  ]

  /// Filters that take any value as the text it is printed as.
  static let ofTexts: [String: OfText] = [
    "capitalize": TemplateInterpreter.capitalizeFilter,
    "center": TemplateInterpreter.centerFilter,
    "e": TemplateInterpreter.escapeFilter,
    "escape": TemplateInterpreter.escapeFilter,
    "forceescape": TemplateInterpreter.escapeFilter,
    "format": TemplateInterpreter.formatFilter,
    "lower": TemplateInterpreter.lowerFilter,
    "replace": TemplateInterpreter.replaceFilter,
    "safe": TemplateInterpreter.stringFilter,
    "string": TemplateInterpreter.stringFilter,
    "title": TemplateInterpreter.titleFilter,
    "trim": TemplateInterpreter.trimFilter,
    "upper": TemplateInterpreter.upperFilter,
    "wordcount": TemplateInterpreter.wordcountFilter,
  ]
}

extension TemplateInterpreter {
  func filter(
    _ name: String, _ value: TemplateObject, _ arguments: TemplateCallArguments
  ) throws -> TemplateObject {
    let call = TemplateCall(name: name, arguments: arguments, callee: "filter \(name)")
    if let filter = TemplateFilters.ofValues[name] { return try filter(self)(value, call) }
    if let filter = TemplateFilters.ofNumbers[name] {
      if case .undefined(let message) = value { throw TemplateFault(message) }
      if case .string(let string) = value { try charge(reading: string) }
      return try filter(self)(value, call)
    }
    guard let filter = TemplateFilters.ofTexts[name] else { throw TemplateFault("unknown filter \"\(name)\"") }
    let string = try text(of: value)
    try charge(reading: string)
    return try filter(self)(string, call)
  }

  func defaultFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("default_value", "boolean")
    let replaces = value.isUndefined || (given[1]?.isTrue ?? false) && !value.isTrue
    return replaces ? given[0] ?? .string("") : value
  }

  func lengthFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return .int(try length(of: value))
  }

  func tojsonFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("ensure_ascii", "indent", "separators", "sort_keys")
    let style = try TemplateJSON(
      ensuresASCII: given[0]?.isTrue ?? false, indent: given[1], separators: given[2],
      sortsKeys: given[3]?.isTrue ?? false)
    return try made(style.text(of: value, in: self))
  }

  func attrFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    try attribute(try text(of: try call.bound("name")[0] ?? .none), of: value)
  }

  func length(of value: TemplateObject) throws -> Int {
    switch value {
    case .undefined: return 0
    case .string(let string):
      try charge(reading: string)
      return string.unicodeScalars.count
    case .list(let items), .tuple(let items): return items.values.count
    case .dict(let dictionary): return dictionary.count
    default: throw TemplateFault("object of type '\(value.typeName)' has no len()")
    }
  }
}
