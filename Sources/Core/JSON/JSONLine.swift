/// One JSON object on one line, keys in the order they were added. `JSONEncoder` offers sorted or hashed order only,
/// and refuses NaN; readers of a log want the same order each time and `null` for a number that is none.
public struct JSONLine: Sendable {
  private var body = ""

  public init() {}

  public mutating func add(_ key: String, _ value: Double?) {
    guard let value, value.isFinite else { return raw(key, "null") }
    // Swift prints the shortest text that reads back as the same double.
    raw(key, "\(value)")
  }

  public mutating func add(_ key: String, _ value: Int) { raw(key, String(value)) }

  public mutating func add(_ key: String, _ value: Bool) { raw(key, value ? "true" : "false") }

  public mutating func add(_ key: String, _ value: String?) { raw(key, value.map(JSONValue.quoted) ?? "null") }

  public mutating func add(_ key: String, _ values: [Double]) {
    raw(key, "[" + values.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ", ") + "]")
  }

  public mutating func add(_ key: String, _ values: [Int]) {
    raw(key, "[" + values.map(String.init).joined(separator: ", ") + "]")
  }

  public mutating func add(_ key: String, _ values: [String]) {
    raw(key, "[" + values.map(JSONValue.quoted).joined(separator: ", ") + "]")
  }

  /// `json` is a JSON value already.
  private mutating func raw(_ key: String, _ json: String) {
    body += (body.isEmpty ? "" : ", ") + JSONValue.quoted(key) + ": " + json
  }

  public var text: String { "{" + body + "}" }
}
