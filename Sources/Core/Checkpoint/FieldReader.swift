import JSON

/// Typed, range-checked access to a JSON object's fields; each refusal names the file, the key's path and the value.
/// An explicit null counts as absent, as in Hugging Face's configurations.
public struct FieldReader {
  public let object: JSONObject
  package let file: String
  /// "rope_parameters." inside that object; empty at the top.
  var prefix = ""
  /// Names that the file may have for a key.
  var otherNames: [String: String] = [:]

  /// The fields of an object that stands in `file` itself, whatever format that has.
  package static func top(_ object: JSONObject, file: String) -> FieldReader {
    FieldReader(object: object, file: file)
  }

  public func value(_ key: String) -> JSONValue? { object.nonNull(name(key)) }

  /// What the file calls a key: its other name where that alone is there.
  private func name(_ key: String) -> String {
    guard let other = otherNames[key], object[key] == nil else { return key }
    return other
  }

  public func invalid(_ key: String, allowed: String) -> CheckpointError {
    let key = name(key)
    // A key may come from the file; without its quotes, `quoted` is the key itself unless it holds odd characters.
    return .invalidValue(
      file: file, key: prefix + CheckpointError.quoted(key).dropFirst().dropLast(),
      value: object[key]?.brief ?? "absent",
      allowed: allowed)
  }

  /// A refusal of something that is understood, but not computed.
  public func unsupported(_ feature: String, supported: String) -> CheckpointError {
    .unsupported(file: file, feature: feature, supported: supported)
  }

  public func integer(_ key: String, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
    if let result = try optionalInteger(key, range) ?? fallback { return result }
    throw invalid(key, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
  }

  public func optionalInteger(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.wholeNumber, range.contains(number) else {
      throw invalid(key, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A number in an open-below interval: `bounds.lowerBound < x <= bounds.upperBound`.
  public func positive(_ key: String, above lower: Double = 0, upTo upper: Double, default fallback: Double? = nil)
    throws
    -> Double
  {
    let allowed = "a number above \(JSONValue.number(lower)) and at most \(JSONValue.number(upper))"
    guard let value = value(key) else {
      if let fallback { return fallback }
      throw invalid(key, allowed: allowed)
    }
    guard let number = value.number, number > lower, number <= upper else { throw invalid(key, allowed: allowed) }
    return number
  }

  public func bool(_ key: String, default fallback: Bool) throws -> Bool {
    switch value(key) {
    case nil: return fallback
    case .bool(let value): return value
    default: throw invalid(key, allowed: "true or false")
    }
  }

  public func string(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else { throw invalid(key, allowed: "a string") }
    return text
  }

  public func object(_ key: String) throws -> FieldReader? {
    guard let value = value(key) else { return nil }
    guard case .object(let object) = value else { throw invalid(key, allowed: "an object") }
    return FieldReader(object: object, file: file, prefix: prefix + key + ".")
  }

  public func strings(_ key: String) throws -> [String]? {
    guard let value = value(key) else { return nil }
    guard case .array(let values) = value else { throw invalid(key, allowed: "a list of strings") }
    return try values.map {
      guard let text = $0.string else { throw invalid(key, allowed: "a list of strings") }
      return text
    }
  }

  /// A list of numbers, each in an open-below interval.
  public func numbers(_ key: String, above lower: Double, upTo upper: Double) throws -> [Double] {
    let allowed = "a list of numbers above \(JSONValue.number(lower)) and at most \(JSONValue.number(upper))"
    guard case .array(let values)? = value(key) else { throw invalid(key, allowed: allowed) }
    return try values.map {
      guard let number = $0.number, number > lower, number <= upper else { throw invalid(key, allowed: allowed) }
      return number
    }
  }

  /// One number or a list of them.
  public func integers(_ key: String, _ range: ClosedRange<Int>) throws -> [Int] {
    guard let value = value(key) else { return [] }
    let values = if case .array(let values) = value { values } else { [value] }
    return try values.map {
      guard let number = $0.wholeNumber, range.contains(number) else {
        throw invalid(key, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound), or a list of them")
      }
      return number
    }
  }
}
