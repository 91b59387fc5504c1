import JSON

/// What the values of a leaf become. Numbers are stored as whole numbers or as the bits of floating-point ones, all
/// else as bytes.
enum LeafType: Equatable {
  // Stored as numbers.
  case bool, integer, unsigned32, unsigned64, float, double
  case date
  case time(units: Int)
  case timestamp(units: Int, isUTC: Bool)
  case decimal(scale: Int)
  // Stored as bytes.
  case text, json, binary, half, uuid, interval, int96
  case decimalBytes(scale: Int)

  /// An annotation that does not fit the type is passed over.
  init(_ type: PhysicalType, width: Int, _ annotation: Annotation) {
    switch type {
    case .boolean: self = .bool
    case .float: self = .float
    case .double: self = .double
    case .int96: self = .int96
    case .int32, .int64: self = Self.number(type, annotation)
    case .byteArray, .fixedLengthByteArray:
      self =
        switch annotation {
        case .text: .text
        case .json: .json
        case .decimal(let scale): .decimalBytes(scale: scale)
        case .half where type == .fixedLengthByteArray && width == 2: .half
        case .uuid where type == .fixedLengthByteArray && width == 16: .uuid
        case .interval where type == .fixedLengthByteArray && width == 12: .interval
        default: .binary
        }
    }
  }

  private static func number(_ type: PhysicalType, _ annotation: Annotation) -> LeafType {
    switch annotation {
    case .integer(_, isSigned: false): type == .int32 ? .unsigned32 : .unsigned64
    case .date where type == .int32: .date
    case .time(let units): .time(units: units)
    case .timestamp(let units, let isUTC): .timestamp(units: units, isUTC: isUTC)
    case .decimal(let scale): .decimal(scale: scale)
    default: .integer
    }
  }

  /// - Parameter number: of 32-bit values with their sign, of floating-point ones the bits.
  func value(of number: Int64) -> JSONValue {
    switch self {
    case .bool: .bool(number != 0)
    case .integer: .integer(Int(number))
    case .unsigned32: .integer(Int(UInt32(truncatingIfNeeded: number)))
    case .unsigned64: number >= 0 ? .integer(Int(number)) : .number(Double(UInt64(bitPattern: number)))
    case .float: .number(Double(Float(bitPattern: UInt32(truncatingIfNeeded: number))))
    case .double: .number(Double(bitPattern: UInt64(bitPattern: number)))
    case .date: .string(CalendarText.date(day: Int(number)))
    case .time(let units): .string(CalendarText.time(Int(number), units: units))
    case .timestamp(let units, let isUTC): .string(CalendarText.timestamp(Int(number), units: units, isUTC: isUTC))
    case .decimal(let scale): .number(DecimalNumber.value(of: number, scale: scale))
    case .text, .json, .binary, .half, .uuid, .interval, .int96, .decimalBytes: .null
    }
  }

  /// - Returns: nil for a text that is not UTF-8.
  func value(of bytes: ArraySlice<UInt8>) -> JSONValue? {
    switch self {
    case .text: String(validating: bytes, as: UTF8.self).map { .string($0) }
    case .json: Self.json(bytes)
    // Files of before 2014, and of some writers since, do not say that their texts are texts.
    case .binary: String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .null
    case .half: .number(Self.half(UInt16(truncatingIfNeeded: bytes.littleEndian(at: bytes.startIndex, width: 2))))
    case .uuid: .string(Self.uuid(bytes))
    case .interval: .string(CalendarText.interval(bytes))
    case .int96: .string(CalendarText.int96(bytes))
    case .decimalBytes(let scale): DecimalNumber.value(of: bytes, scale: scale).map { .number($0) } ?? .null
    case .bool, .integer, .unsigned32, .unsigned64, .float, .double, .date, .time, .timestamp, .decimal: .null
    }
  }

  /// Bytes of memory that a byte of JSON may come to: "[0]," is an array, its storage and its place in another.
  static let memoryOfJSON = 16

  /// The value that a text of JSON writes; a text that is none stays a text.
  private static func json(_ bytes: ArraySlice<UInt8>) -> JSONValue? {
    let options = JSONOptions(duplicateKeys: .lastWins, acceptsNonFinite: true)
    if let value = try? JSONValue(parsing: Array(bytes), options) { return value }
    return String(validating: bytes, as: UTF8.self).map { .string($0) }
  }

  /// IEEE 754 binary16.
  private static func half(_ bits: UInt16) -> Double {
    let sign = bits >> 15 == 0 ? 1.0 : -1.0
    let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF))
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }

  private static func uuid(_ bytes: ArraySlice<UInt8>) -> String {
    var text = ""
    for (position, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(position) { text += "-" }
      text += String.hexadecimal(UInt32(byte), width: 2)
    }
    return text
  }
}
