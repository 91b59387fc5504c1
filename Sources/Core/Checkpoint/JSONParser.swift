/// A recursive-descent JSON reader over bytes; recursion is at most `maximumDepth` frames deep.
struct JSONParser {
  /// A clause ("a string does not end").
  struct Failure: Error, Equatable {
    let problem: String
    let offset: Int
  }

  /// Deepest nesting of lists and objects. Hugging Face files nest up to about 5.
  static let maximumDepth = 64
  /// Most values in a document. A 400-layer model's index has about 4,000.
  static let maximumValues = 1_000_000

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  private var values = 0

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  static func parse(_ bytes: [UInt8]) throws -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.failure("text follows the JSON value") }
    return value
  }

  /// Parses a file's content as one object.
  static func object(_ bytes: [UInt8], file: String) throws -> JSONObject {
    do {
      guard case .object(let object) = try parse(bytes) else {
        throw CheckpointError.malformed(file: file, problem: "its JSON is not an object")
      }
      return object
    } catch let failure as Failure {
      throw CheckpointError.malformed(file: file, problem: "\(failure.problem) (JSON byte \(failure.offset))")
    }
  }

  private func failure(_ problem: String) -> Failure {
    Failure(problem: problem, offset: position)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func value() throws -> JSONValue {
    values += 1
    guard values <= Self.maximumValues else { throw failure("it holds more than \(Self.maximumValues) values") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try nested { try $0.object() })
    case UInt8(ascii: "["): return .array(try nested { try $0.array() })
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where take(word: "true"): return .bool(true)
    case UInt8(ascii: "f") where take(word: "false"): return .bool(false)
    case UInt8(ascii: "n") where take(word: "null"): return .null
    case nil: throw failure("the JSON ends too early")
    case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return try number()
    default: throw failure("a JSON value is expected")
    }
  }

  private mutating func nested<Result>(_ read: (inout JSONParser) throws -> Result) throws -> Result {
    guard depth < Self.maximumDepth else { throw failure("it is nested more than \(Self.maximumDepth) deep") }
    depth += 1
    defer { depth -= 1 }
    position += 1
    return try read(&self)
  }

  private mutating func array() throws -> [JSONValue] {
    var result: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return result }
    while true {
      result.append(try value())
      skipSpace()
      if take(UInt8(ascii: "]")) { return result }
      guard take(UInt8(ascii: ",")) else { throw failure("a list does not end") }
    }
  }

  private mutating func object() throws -> JSONObject {
    var result = JSONObject()
    skipSpace()
    if take(UInt8(ascii: "}")) { return result }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("an object's key is expected") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("a colon is expected") }
      guard result.insert(key, try value()) else {
        throw failure("the key \(CheckpointError.quoted(key)) stands twice in one object")
      }
      skipSpace()
      if take(UInt8(ascii: "}")) { return result }
      guard take(UInt8(ascii: ",")) else { throw failure("an object does not end") }
    }
  }

  private mutating func string() throws -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw failure("a string is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
      case 0..<0x20: throw failure("a string holds a control character")
      default: text.append(byte)
      }
    }
    throw failure("a string does not end")
  }

  /// The UTF-8 of one escape; `position` is just after the backslash.
  private mutating func escape() throws -> [UInt8] {
    guard let byte = next else { throw failure("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = UInt32(try hexadecimal())
      if code & 0xFC00 == 0xD800, take(word: "\\u") {
        let low = UInt32(try hexadecimal())
        guard low & 0xFC00 == 0xDC00 else { throw failure("a surrogate pair is broken") }
        code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("a surrogate stands alone") }
      return Array(String(Character(scalar)).utf8)
    default: throw failure("an escape is unknown")
    }
  }

  private mutating func hexadecimal() throws -> UInt16 {
    var code: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits are expected")
      }
      position += 1
      code = code << 4 | UInt16(digit)
    }
    return code
  }

  private mutating func number() throws -> JSONValue {
    let start = position
    var isWhole = true
    _ = take(UInt8(ascii: "-"))
    let firstDigit = position
    digits()
    guard position > firstDigit, position == firstDigit + 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
      throw failure("a number is malformed")
    }
    if take(UInt8(ascii: ".")) {
      isWhole = false
      let start = position
      digits()
      guard position > start else { throw failure("a number is malformed") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      let start = position
      digits()
      guard position > start else { throw failure("a number is malformed") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw failure("a number is too large") }
    return .number(value)
  }

  private mutating func digits() {
    while let byte = next, Self.isDigit(byte) { position += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
