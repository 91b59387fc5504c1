/// Evaluated arguments of a call, filter or test.
struct TemplateCallArguments {
  var positional: [TemplateObject] = []
  var keyword: [(name: String, value: TemplateObject)] = []

  /// The arguments in the order of `names`, nil where one is not given.
  func bound(to names: [String], of callee: String) throws -> [TemplateObject?] {
    guard positional.count <= names.count else {
      throw TemplateFault("\(callee) takes at most \(names.count) arguments, \(positional.count) are given")
    }
    var values: [TemplateObject?] = positional
    values += Array(repeating: nil, count: names.count - positional.count)
    for (name, value) in keyword {
      guard let index = names.firstIndex(of: name) else {
        throw TemplateFault("\(callee) has no argument '\(name)'")
      }
      guard values[index] == nil else { throw TemplateFault("\(callee) is given '\(name)' twice") }
      values[index] = value
    }
    return values
  }
}

extension TemplateInterpreter {
  func evaluate(_ expression: TemplateExpression) throws -> TemplateObject {
    try at(expression.position) { try value(of: expression) }
  }

  func evaluate(_ arguments: TemplateArguments) throws -> TemplateCallArguments {
    TemplateCallArguments(
      positional: try arguments.positional.map(evaluate),
      keyword: try arguments.keyword.map { ($0.name, try evaluate($0.value)) })
  }

  private func value(of expression: TemplateExpression) throws -> TemplateObject {
    switch expression.kind {
    case .none: return .none
    case .bool(let bool): return .bool(bool)
    case .int(let int): return .int(int)
    case .float(let double): return .float(double)
    case .string(let string): return .string(string)
    case .name(let name): return lookup(name) ?? .undefined("'\(name)' is undefined")
    case .list(let items): return try .list(items.map(evaluate))
    case .tuple(let items): return try .tuple(items.map(evaluate))
    case .dict(let pairs):
      return .dict(
        try TemplateDictionary(
          pairs.map { pair in
            let key = try evaluate(pair.key)
            try charge(hashing: key)
            return (key, try evaluate(pair.value))
          }))
    case .attribute(let object, let name): return try attribute(name, of: evaluate(object))
    case .item(let object, let key): return try item(evaluate(key), of: evaluate(object))
    case .slice(let object, let start, let stop, let step):
      return try slice(
        evaluate(object), start: start.map(evaluate), stop: stop.map(evaluate), step: step.map(evaluate))
    case .call(let callee, let arguments): return try call(evaluate(callee), evaluate(arguments))
    case .filter(let input, let filter):
      let value = try evaluate(input)
      return try at(filter.position) { try self.filter(filter.name, value, evaluate(filter.arguments)) }
    case .test(let input, let name, let arguments):
      return .bool(try test(name, evaluate(input), evaluate(arguments)))
    case .not(let operand): return .bool(!(try evaluate(operand).isTrue))
    case .and(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? try evaluate(right) : value
    case .or(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? value : try evaluate(right)
    case .negative(let operand): return try negate(evaluate(operand))
    case .positive(let operand): return try positive(evaluate(operand))
    case .binary(let operation, let left, let right): return try binary(operation, evaluate(left), evaluate(right))
    case .concatenation(let parts): return try concatenate(parts.map { try text(of: evaluate($0)) })
    case .comparison(let left, let comparisons):
      var left = try evaluate(left)
      for comparison in comparisons {
        let right = try evaluate(comparison.right)
        guard try compare(comparison.operation, left, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let condition, let then, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(then) }
      return try otherwise.map(evaluate)
        ?? .undefined("the inline if-expression evaluated to false and no else section was defined")
    }
  }

  func concatenate(_ parts: [String], separator: String = "") throws -> TemplateObject {
    var bytes = separator.utf8.count.multipliedReportingOverflow(by: max(parts.count - 1, 0)).partialValue
    for part in parts { bytes += part.utf8.count }
    try reserve(bytes: bytes)
    return .string(parts.joined(separator: separator))
  }

  // MARK: Attributes and items

  /// `object.name`: an attribute of the Python object first (so that `message.items` is the method), then a key.
  func attribute(_ name: String, of object: TemplateObject) throws -> TemplateObject {
    if name.hasPrefix("__") {
      return .undefined("access to attribute '\(name)' of '\(object.typeName)' object is unsafe.")
    }
    switch object {
    case .undefined(let message): throw TemplateFault(message)
    case .string where TemplateMethods.string[name] != nil, .list where TemplateMethods.sequence.contains(name),
      .tuple where TemplateMethods.sequence.contains(name), .dict where TemplateMethods.dictionary.contains(name):
      return .callable(.method(object, name))
    case .list where TemplateMethods.changesList.contains(name), .dict where TemplateMethods.changesDict.contains(name):
      return .undefined("access to attribute '\(name)' of '\(object.typeName)' object is unsafe.")
    case .dict(let dictionary):
      if let value = try dictionary.value(for: .string(name)) { return value }
    case .namespace(let id):
      if let value = namespaces[id][name] { return value }
    case .loop(let id):
      if let value = try loopAttribute(name, id) { return value }
    default: break
    }
    return Self.missing(.string(name), of: object)
  }

  /// `object[key]`: a key or index first, then an attribute.
  func item(_ key: TemplateObject, of object: TemplateObject) throws -> TemplateObject {
    switch object {
    case .undefined(let message): throw TemplateFault(message)
    case .dict(let dictionary):
      try charge(hashing: key)
      if let value = try dictionary.value(for: key) { return value }
    case .list(let items), .tuple(let items):
      if let index = key.integer {
        let offset = index < 0 ? index &+ items.values.count : index
        return items.values.indices.contains(offset) ? items.values[offset] : Self.missing(key, of: object)
      }
    case .string(let string):
      if let index = key.integer {
        let scalars = string.unicodeScalars
        try charge(reading: string)
        let count = index < 0 ? scalars.count : 0
        let offset = index &+ count
        guard offset >= 0, let at = scalars.index(scalars.startIndex, offsetBy: offset, limitedBy: scalars.endIndex),
          at < scalars.endIndex
        else { return Self.missing(key, of: object) }
        return .string(String(Character(scalars[at])))
      }
    default: break
    }
    if case .string(let name) = key { return try attribute(name, of: object) }
    return Self.missing(key, of: object)
  }

  private static func missing(_ key: TemplateObject, of object: TemplateObject) -> TemplateObject {
    let owner = if case .none = object { "'None'" } else { "'\(object.typeName) object'" }
    return switch key {
    case .string(let name): .undefined("\(owner) has no attribute \(PythonText.repr(name))")
    case .int(let index): .undefined("\(owner) has no element \(index)")
    default: .undefined("\(owner) has no such element")
    }
  }

  private func slice(
    _ object: TemplateObject, start: TemplateObject?, stop: TemplateObject?, step: TemplateObject?
  ) throws -> TemplateObject {
    func bound(_ value: TemplateObject?) throws -> Int? {
      switch value {
      case nil, .some(.none): return nil
      case .some(let value):
        guard let integer = value.integer else {
          throw TemplateFault("slice indices must be integers or None, not \(value.typeName)")
        }
        return integer
      }
    }
    let (start, stop, step) = (try bound(start), try bound(stop), try bound(step) ?? 1)
    guard step != 0 else { throw TemplateFault("slice step cannot be zero") }
    switch object {
    case .undefined(let message): throw TemplateFault(message)
    case .list(let items): return try .list(sliced(items.values, start, stop, step))
    case .tuple(let items): return try .tuple(sliced(items.values, start, stop, step))
    case .string(let string):
      try charge(reading: string)
      let scalars = Array(string.unicodeScalars)
      return try made(PythonText.text(sliced(scalars, start, stop, step)))
    case .dict: throw TemplateFault("unhashable type: 'slice'")
    default: throw TemplateFault("'\(object.typeName)' object is not subscriptable")
    }
  }

  /// Python's slice: negative bounds count from the end, all bounds are clamped.
  private func sliced<Item>(_ items: [Item], _ start: Int?, _ stop: Int?, _ step: Int) throws -> [Item] {
    let count = items.count
    func clamp(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
      let offset = bound < 0 ? max(bound, -count - 1) + count : bound
      return min(max(offset, range.lowerBound), range.upperBound)
    }
    var result: [Item] = []
    if step > 0 {
      var i = start.map { clamp($0, 0...count) } ?? 0
      let end = stop.map { clamp($0, 0...count) } ?? count
      while i < end {
        result.append(items[i])
        let (sum, overflow) = i.addingReportingOverflow(step)
        if overflow { break }
        i = sum
      }
    } else {
      var i = start.map { clamp($0, -1...(count - 1)) } ?? count - 1
      let end = stop.map { clamp($0, -1...(count - 1)) } ?? -1
      while i > end {
        result.append(items[i])
        let (sum, overflow) = i.addingReportingOverflow(step)
        if overflow { break }
        i = sum
      }
    }
    try charge(result.count / 16)
    return result
  }

  private func loopAttribute(_ name: String, _ id: Int) throws -> TemplateObject? {
    guard let state = loops[id] else { throw TemplateFault("this loop has ended") }
    let count = state.items.count
    switch name {
    case "index": return .int(state.index + 1)
    case "index0": return .int(state.index)
    case "revindex": return .int(count - state.index)
    case "revindex0": return .int(count - state.index - 1)
    case "first": return .bool(state.index == 0)
    case "last": return .bool(state.index == count - 1)
    case "length": return .int(count)
    // jinja2 counts recursive loops only.
    case "depth": return .int(1)
    case "depth0": return .int(0)
    case "previtem":
      return state.index > 0 ? state.items[state.index - 1] : .undefined("there is no previous item")
    case "nextitem":
      return state.index + 1 < count ? state.items[state.index + 1] : .undefined("there is no next item")
    case "cycle", "changed": return .callable(.method(.loop(id), name))
    default: return nil
    }
  }

  // MARK: Calls

  func call(_ callee: TemplateObject, _ arguments: TemplateCallArguments) throws -> TemplateObject {
    switch callee {
    case .undefined(let message): throw TemplateFault(message)
    case .callable(.macro(let id)): return try callMacro(id, arguments)
    case .callable(.function(let function)): return try call(function, arguments)
    case .callable(.method(let receiver, let name)): return try method(name, of: receiver, arguments)
    default: throw TemplateFault("'\(callee.typeName)' object is not callable")
    }
  }

  private func call(_ function: TemplateFunction, _ arguments: TemplateCallArguments) throws -> TemplateObject {
    switch function {
    case .range:
      let bounds = try arguments.bound(to: ["start", "stop", "step"], of: "range").compactMap(\.self).map { value in
        guard let integer = value.integer else {
          throw TemplateFault("'\(value.typeName)' object cannot be interpreted as an integer")
        }
        return integer
      }
      guard let first = bounds.first else { throw TemplateFault("range expected at least 1 argument, got 0") }
      return try range(
        from: bounds.count > 1 ? first : 0, to: bounds.count > 1 ? bounds[1] : first,
        step: bounds.count > 2 ? bounds[2] : 1)
    case .dict:
      return .dict(try dictionary(arguments, of: "dict"))
    case .namespace:
      try charge(50)
      var values: [String: TemplateObject] = [:]
      for (key, value) in try dictionary(arguments, of: "namespace").entries {
        guard case .string(let name) = key, !name.hasPrefix("_") else {
          throw TemplateFault("a namespace holds names that do not start with an underscore only")
        }
        values[name] = value
      }
      namespaces.append(values)
      return .namespace(namespaces.count - 1)
    case .raiseException:
      let message = try arguments.bound(to: ["message"], of: "raise_exception")[0]
      throw TemplateFault(
        try message.map { try text(of: $0) } ?? "raise_exception without a message", isRaisedByTemplate: true)
    case .strftimeNow:
      guard case .string(let format)? = try arguments.bound(to: ["format"], of: "strftime_now")[0] else {
        throw TemplateFault("strftime_now needs a format")
      }
      return try made(TemplateDate.format(format, now, timeZone))
    }
  }

  private func range(from start: Int, to stop: Int, step: Int) throws -> TemplateObject {
    guard step != 0 else { throw TemplateFault("range() arg 3 must not be zero") }
    var values: [TemplateObject] = []
    for value in stride(from: start, to: stop, by: step) {
      guard values.count < TemplateLimits.range else {
        throw TemplateFault("a range is longer than \(TemplateLimits.range)")
      }
      values.append(.int(value))
    }
    try charge(values.count)
    return try .list(values)
  }

  /// `dict(mapping or pairs, key=value…)`
  private func dictionary(_ arguments: TemplateCallArguments, of callee: String) throws -> TemplateDictionary {
    var pairs: [(TemplateObject, TemplateObject)] = []
    guard arguments.positional.count <= 1 else { throw TemplateFault("\(callee) takes at most 1 positional argument") }
    switch arguments.positional.first {
    case nil: break
    case .dict(let dictionary)?: pairs = dictionary.entries.map { ($0.key, $0.value) }
    case .some(let value):
      for item in try items(of: value) {
        let pair = try items(of: item)
        guard pair.count == 2 else { throw TemplateFault("\(callee) needs pairs") }
        try charge(hashing: pair[0])
        pairs.append((pair[0], pair[1]))
      }
    }
    try charge(pairs.count)
    return try TemplateDictionary(pairs + arguments.keyword.map { (.string($0.name), $0.value) })
  }
}
