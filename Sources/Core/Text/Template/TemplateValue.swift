/// Data handed to a chat template beside the messages (tools, a date, a flag). The cases are JSON's.
public enum TemplateValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([TemplateValue])
  /// In this order.
  case dict([Entry])

  public struct Entry: Sendable, Equatable {
    public var key: String
    public var value: TemplateValue

    public init(_ key: String, _ value: TemplateValue) {
      self.key = key
      self.value = value
    }
  }
}

/// A value while a template is rendered: Python's, as far as templates can tell.
///
/// Lists and dicts are immutable (jinja2's sandbox forbids changing them) and know their nesting, which is bounded, so
/// that nothing that walks or frees them recurses deeply. Namespaces, loops and macros are numbers into tables of the
/// interpreter for the same reason.
enum TemplateObject {
  /// The message jinja2 has for its use: `'x' is undefined`.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list(TemplateItems)
  case tuple(TemplateItems)
  case dict(TemplateDictionary)
  case namespace(Int)
  case loop(Int)
  case callable(TemplateCallable)
}

indirect enum TemplateCallable {
  case function(TemplateFunction)
  case macro(Int)
  case method(TemplateObject, String)
}

/// The global functions of transformers' template environment.
enum TemplateFunction: String, CaseIterable {
  case range, dict, namespace, raiseException = "raise_exception", strftimeNow = "strftime_now"
}

struct TemplateItems {
  let values: [TemplateObject]
  let depth: Int

  init(_ values: [TemplateObject]) throws {
    self.values = values
    depth = try Self.depth(of: values)
  }

  static func depth(of values: some Sequence<TemplateObject>) throws -> Int {
    var deepest = 0
    for value in values { deepest = max(deepest, value.depth) }
    guard deepest < TemplateLimits.valueDepth else {
      throw TemplateFault("a value is nested more than \(TemplateLimits.valueDepth) levels deep")
    }
    return deepest + 1
  }
}

extension TemplateObject {
  fileprivate var depth: Int {
    switch self {
    case .list(let items), .tuple(let items): items.depth
    case .dict(let dictionary): dictionary.depth
    case .callable(.method(let receiver, _)): receiver.depth
    default: 0
    }
  }

  static func list(_ values: [TemplateObject]) throws -> TemplateObject { .list(try TemplateItems(values)) }
  static func tuple(_ values: [TemplateObject]) throws -> TemplateObject { .tuple(try TemplateItems(values)) }

  init(_ value: TemplateValue) throws {
    switch value {
    case .none: self = .none
    case .bool(let bool): self = .bool(bool)
    case .int(let int): self = .int(int)
    case .float(let double): self = .float(double)
    case .string(let string): self = .string(string)
    case .list(let values): self = try .list(values.map(TemplateObject.init))
    case .dict(let entries):
      self = .dict(
        try TemplateDictionary(entries.map { (TemplateObject.string($0.key), try TemplateObject($0.value)) }))
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// Python's truth.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let bool): bool
    case .int(let int): int != 0
    case .float(let double): double != 0
    case .string(let string): !string.isEmpty
    case .list(let items), .tuple(let items): !items.values.isEmpty
    case .dict(let dictionary): dictionary.count > 0
    case .namespace, .loop, .callable: true
    }
  }

  /// The name of the Python type.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .string: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dict: "dict"
    case .namespace: "Namespace"
    case .loop: "LoopContext"
    case .callable(.macro): "Macro"
    case .callable: "function"
    }
  }

  /// As an integer where Python takes one: int and bool.
  var integer: Int? {
    switch self {
    case .int(let int): int
    case .bool(let bool): bool ? 1 : 0
    default: nil
    }
  }

  /// As a number where Python takes one: int, bool and float.
  var number: Double? {
    if case .float(let double) = self { return double }
    return integer.map(Double.init)
  }
}
