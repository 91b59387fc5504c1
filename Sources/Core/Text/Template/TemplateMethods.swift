/// The methods of Python's str, list, tuple and dict that templates may call. Those that would change a value are
/// refused, as in jinja2's immutable sandbox.
enum TemplateMethods {
  typealias OfText = @Sendable (TemplateInterpreter) -> (String, TemplateCall) throws -> TemplateObject

  static let string: [String: OfText] = [
    "capitalize": TemplateInterpreter.capitalizeFilter,
    "casefold": TemplateInterpreter.lowerFilter,
    "center": TemplateInterpreter.padMethod,
    "count": TemplateInterpreter.findMethod,
    "endswith": TemplateInterpreter.affixMethod,
    "find": TemplateInterpreter.findMethod,
    "index": TemplateInterpreter.findMethod,
    "isalnum": TemplateInterpreter.isalnumMethod,
    "isalpha": TemplateInterpreter.isalphaMethod,
    "isdigit": TemplateInterpreter.isdigitMethod,
    "islower": TemplateInterpreter.islowerMethod,
    "isnumeric": TemplateInterpreter.isnumericMethod,
    "isspace": TemplateInterpreter.isspaceMethod,
    "isupper": TemplateInterpreter.isupperMethod,
    "join": TemplateInterpreter.joinMethod,
    "ljust": TemplateInterpreter.padMethod,
    "lower": TemplateInterpreter.lowerFilter,
    "lstrip": TemplateInterpreter.stripMethod,
    "partition": TemplateInterpreter.partitionMethod,
    "removeprefix": TemplateInterpreter.removeprefixMethod,
    "removesuffix": TemplateInterpreter.removesuffixMethod,
    "replace": TemplateInterpreter.replaceMethod,
    "rfind": TemplateInterpreter.findMethod,
    "rjust": TemplateInterpreter.padMethod,
    "rpartition": TemplateInterpreter.partitionMethod,
    "rsplit": TemplateInterpreter.splitMethod,
    "rstrip": TemplateInterpreter.stripMethod,
    "split": TemplateInterpreter.splitMethod,
    "splitlines": TemplateInterpreter.splitlinesMethod,
    "startswith": TemplateInterpreter.affixMethod,
    "strip": TemplateInterpreter.stripMethod,
    "swapcase": TemplateInterpreter.swapcaseMethod,
    "title": TemplateInterpreter.titleMethod,
    "upper": TemplateInterpreter.upperFilter,
    "zfill": TemplateInterpreter.padMethod,
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
    case .string(let string):
      guard let method = TemplateMethods.string[name] else { throw TemplateFault.noMethod(name, of: receiver) }
      try charge(reading: string)
      return try method(self)(string, TemplateCall(name: name, arguments: arguments, callee: name))
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
    default: throw TemplateFault.noMethod(name, of: receiver)
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
}

extension TemplateFault {
  fileprivate static func noMethod(_ name: String, of receiver: TemplateObject) -> TemplateFault {
    TemplateFault("'\(receiver.typeName)' object has no method '\(name)'")
  }
}
