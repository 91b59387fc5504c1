import CZlib

/// A strict JSON parser (RFC 8259) for one row at a time, with limits on depth and on the number of values so that no
/// input can exhaust the stack or the memory. It exists because Foundation's costs more than reading the file does.
struct JSONParser {
  static let maximumDepth = 128
  static let maximumValues = 1_000_000

  private let bytes: [UInt8]
  private var position = 0
  private var values = 0
  private var scratch: [UInt8] = []

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Throws `malformedJSON`, `invalidText` or `rowTooLong`.
  static func parse(_ bytes: [UInt8]) throws(DropReason) -> JSONValue {
    var parser = JSONParser(bytes)
    parser.skipSpace()
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw .malformedJSON }
    return value
  }

  // MARK: values

  private mutating func value(depth: Int) throws(DropReason) -> JSONValue {
    guard depth < JSONParser.maximumDepth, position < bytes.count else { throw .malformedJSON }
    values += 1
    guard values <= JSONParser.maximumValues else { throw .rowTooLong }
    switch bytes[position] {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "N"): return try literal("NaN", .number(.nan))
    case UInt8(ascii: "I"): return try literal("Infinity", .number(.infinity))
    default: return .number(try number())
    }
  }

  private mutating func object(depth: Int) throws(DropReason) -> JSONObject {
    position += 1
    var result = JSONObject()
    skipSpace()
    if take(UInt8(ascii: "}")) { return result }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw .malformedJSON }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw .malformedJSON }
      skipSpace()
      result.members.append((key, try value(depth: depth + 1)))
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { throw .malformedJSON }
      return result
    }
  }

  private mutating func array(depth: Int) throws(DropReason) -> [JSONValue] {
    position += 1
    var result: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return result }
    while true {
      skipSpace()
      result.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "]")) else { throw .malformedJSON }
      return result
    }
  }

  private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(DropReason) -> JSONValue {
    let text = word.description.utf8
    guard bytes.count - position >= text.count, bytes[position..<position + text.count].elementsEqual(text) else {
      throw .malformedJSON
    }
    position += text.count
    return value
  }

  private mutating func number() throws(DropReason) -> Double {
    let start = position
    let negative = take(UInt8(ascii: "-"))
    if negative, position < bytes.count, bytes[position] == UInt8(ascii: "I") {
      _ = try literal("Infinity", .null)
      return -.infinity
    }
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else { throw .malformedJSON }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard digits() > 0 else { throw .malformedJSON }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw .malformedJSON }
    }
    if isInteger, whole <= 15 {
      let value = bytes[(position - whole)..<position].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      return negative ? -Double(value) : Double(value)
    }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else { throw .malformedJSON }
    return value
  }

  /// Skips decimal digits; returns how many.
  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    return position - start
  }

  // MARK: strings

  private mutating func string() throws(DropReason) -> String {
    position += 1
    let start = position
    position = runEnd(from: position)
    guard position < bytes.count else { throw .malformedJSON }
    if bytes[position] == UInt8(ascii: "\"") {
      defer { position += 1 }
      return try text(bytes[start..<position])
    }
    scratch.removeAll(keepingCapacity: true)
    var run = start
    while true {
      scratch.append(contentsOf: bytes[run..<position])
      guard position < bytes.count else { throw .malformedJSON }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return try text(scratch[...])
      case UInt8(ascii: "\\"):
        position += 1
        try escape()
      default:
        throw .malformedJSON  // a raw control character
      }
      run = position
      position = runEnd(from: position)
    }
  }

  private mutating func escape() throws(DropReason) {
    guard position < bytes.count else { throw .malformedJSON }
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(letter)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "u"): try unicodeEscape()
    default: throw .malformedJSON
    }
  }

  /// "\uXXXX" after its u; surrogates must come in pairs.
  private mutating func unicodeEscape() throws(DropReason) {
    var code = try hexadecimal()
    if code & 0xFC00 == 0xD800 {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw .invalidText }
      let low = try hexadecimal()
      guard low & 0xFC00 == 0xDC00 else { throw .invalidText }
      code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
    }
    guard let scalar = Unicode.Scalar(code) else { throw .invalidText }
    UTF8.encode(scalar).map { scratch.append(contentsOf: $0) }
  }

  private mutating func hexadecimal() throws(DropReason) -> UInt32 {
    guard bytes.count - position >= 4 else { throw .malformedJSON }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw .malformedJSON }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  private func text(_ slice: ArraySlice<UInt8>) throws(DropReason) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else { throw .invalidText }
    return text
  }

  private func runEnd(from start: Int) -> Int {
    Int(cz_json_run_end(bytes, Int64(start), Int64(bytes.count)))
  }

  // MARK: scanning

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }
}
