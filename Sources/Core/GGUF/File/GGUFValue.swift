import Base
import Checkpoint
import JSON

/// The types of metadata values, numbered as in the file.
enum GGUFValueType: UInt32 {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of a value; for strings and arrays, the least that one can take.
  var width: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}

/// A metadata value. Arrays stay in the file until they are asked for: a vocabulary has hundreds of thousands of strings.
enum GGUFValue {
  case scalar(JSONValue)
  case array(GGUFArray)
}

/// Where an array of the metadata lies.
struct GGUFArray {
  let key: String
  let type: GGUFValueType
  let count: Int
  /// Position of the first element in the file.
  let start: Int
  let file: MappedFile

  /// - Throws: `CheckpointError` where the elements are not strings.
  func strings() throws -> [[UInt8]] {
    guard type == .string else { throw wrong("a list of texts") }
    var cursor = HeaderCursor(file: file, position: start)
    return try (0..<count).map { _ in Array(try cursor.string()) }
  }

  /// - Throws: `CheckpointError` where the elements are not numbers.
  func numbers() throws -> [Double] {
    guard ![.string, .array, .bool].contains(type) else { throw wrong("a list of numbers") }
    var cursor = HeaderCursor(file: file, position: start)
    return try (0..<count).map { _ in try cursor.scalar(type).number ?? .nan }
  }

  /// - Throws: `CheckpointError` where the elements are not booleans.
  func flags() throws -> [Bool] {
    guard type == .bool else { throw wrong("a list of true and false") }
    var cursor = HeaderCursor(file: file, position: start)
    return try (0..<count).map { _ in try cursor.scalar(type).bool ?? false }
  }

  private func wrong(_ allowed: String) -> CheckpointError {
    .invalidValue(file: file.path, key: key, value: "a list of another type", allowed: allowed)
  }
}

extension HeaderCursor {
  private static let deepest = 4

  mutating func valueType() throws -> GGUFValueType {
    let number = UInt32(try unsigned(width: 4))
    guard let type = GGUFValueType(rawValue: number) else {
      throw malformed("its metadata holds a value of the unknown type \(number)")
    }
    return type
  }

  mutating func value(key: String) throws -> GGUFValue {
    let type = try valueType()
    guard type == .array else { return .scalar(try scalar(type)) }
    let element = try valueType()
    let count = try count("elements of \(CheckpointError.quoted(key))", minimum: element.width)
    let array = GGUFArray(key: key, type: element, count: count, start: position, file: file)
    try skipElements(element, count, depth: 1)
    return .array(array)
  }

  /// A number, a boolean or a text; a whole number beyond 63 bits becomes a floating-point one.
  mutating func scalar(_ type: GGUFValueType) throws -> JSONValue {
    switch type {
    case .uint8, .uint16, .uint32, .uint64:
      let value = try unsigned(width: type.width)
      return Int(exactly: value).map { .integer($0) } ?? .number(Double(value))
    case .int8: return .integer(Int(Int8(truncatingIfNeeded: try unsigned(width: 1))))
    case .int16: return .integer(Int(Int16(truncatingIfNeeded: try unsigned(width: 2))))
    case .int32: return .integer(Int(Int32(truncatingIfNeeded: try unsigned(width: 4))))
    case .int64: return .integer(Int(Int64(truncatingIfNeeded: try unsigned(width: 8))))
    case .float32: return .number(Double(Float(bitPattern: UInt32(try unsigned(width: 4)))))
    case .float64: return .number(Double(bitPattern: try unsigned(width: 8)))
    case .bool: return .bool(try unsigned(width: 1) != 0)
    case .string: return .string(String(decoding: try string(), as: UTF8.self))
    case .array: throw malformed("a list stands where a value is expected")
    }
  }

  private mutating func skipElements(_ type: GGUFValueType, _ count: Int, depth: Int) throws {
    switch type {
    case .string:
      for _ in 0..<count { try skip(try self.count("bytes of text", minimum: 1)) }
    case .array:
      guard depth < Self.deepest else { throw malformed("its metadata nests lists more than \(Self.deepest) deep") }
      for _ in 0..<count {
        let element = try valueType()
        try skipElements(element, try self.count("elements", minimum: element.width), depth: depth + 1)
      }
    default: try skip(count * type.width)
    }
  }
}
