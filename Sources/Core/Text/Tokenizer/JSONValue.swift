/// A JSON value, for the small parts of a tokenizer's files. Objects keep the file's order; a key met twice keeps its
/// last value, as HF's reader does.
enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits in 64 bits.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  var isNull: Bool { self == .null }

  var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  var integer: Int? {
    if case .integer(let value) = self { return value }
    return nil
  }

  var array: [JSONValue]? {
    if case .array(let value) = self { return value }
    return nil
  }

  var object: JSONObject? {
    if case .object(let value) = self { return value }
    return nil
  }
}

/// A JSON object.
struct JSONObject: Sendable, Equatable {
  private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  /// The value of `key`; nil where the key is absent or its value is `null`.
  subscript(key: String) -> JSONValue? {
    guard let value = values[key], !value.isNull else { return nil }
    return value
  }

  func contains(_ key: String) -> Bool { values[key] != nil }

  mutating func set(_ key: String, _ value: JSONValue) {
    if values.updateValue(value, forKey: key) == nil { keys.append(key) }
  }
}
