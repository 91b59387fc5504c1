/// A JSON document, read strictly (RFC 8259): objects keep their order and may not name a key twice, whole numbers stay
/// exact, and depth and size are bounded, so that a hostile file costs bounded stack and memory.
enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// As it would be quoted in an error message.
  var brief: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .string(let value): CheckpointError.quoted(value)
    case .array(let values): values.count <= 4 ? "[" + values.map(\.brief).joined(separator: ", ") + "]" : "a list"
    case .object: "an object"
    }
  }

  var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  var string: String? {
    if case .string(let value) = self { value } else { nil }
  }
}

/// An object's members, in the file's order.
struct JSONObject: Equatable, Sendable {
  private(set) var members: [(key: String, value: JSONValue)] = []
  private var positions: [String: Int] = [:]

  subscript(key: String) -> JSONValue? {
    positions[key].map { members[$0].value }
  }

  /// Returns false, and changes nothing, where the key is already there.
  mutating func insert(_ key: String, _ value: JSONValue) -> Bool {
    guard positions[key] == nil else { return false }
    positions[key] = members.count
    members.append((key, value))
    return true
  }

  static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members.elementsEqual(right.members) { $0.key == $1.key && $0.value == $1.value }
  }
}
