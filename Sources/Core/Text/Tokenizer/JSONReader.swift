/// A pull reader of JSON (RFC 8259) over UTF-8 bytes.
///
/// A tokenizer.json is a small description beside a vocabulary of up to 10 MB. The reader lets the vocabulary and the
/// merges go from the file straight into their tables, and hands everything else out as `JSONValue`.
struct JSONReader {
  /// Nesting beyond which a file is refused, so that a hostile one cannot exhaust the stack.
  static let depthLimit = 128

  private let bytes: [UInt8]
  private let file: String
  /// The offset of the next unread byte.
  var position = 0

  init(bytes: [UInt8], file: String) throws {
    guard bytes.count < Int(Int32.max) else {
      throw TokenizerError.invalid(file: file, problem: "is larger than 2 GiB")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw TokenizerError.invalid(file: file, problem: "is not valid UTF-8")
    }
    self.bytes = bytes
    self.file = file
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The whole input as one value, with nothing but white space after it.
  static func value(of bytes: [UInt8], file: String) throws -> JSONValue {
    var reader = try JSONReader(bytes: bytes, file: file)
    let value = try reader.readValue()
    try reader.readEnd()
    return value
  }

  func malformed(_ problem: String) -> TokenizerError {
    .malformedJSON(file: file, offset: min(position, bytes.count), problem: problem)
  }

  // MARK: Structure

  /// The next byte that is not white space, left unread.
  mutating func peek() throws -> UInt8 {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    throw malformed("the file ends too early")
  }

  mutating func readEnd() throws {
    while position < bytes.count {
      guard [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) else { throw malformed("text after the end") }
      position += 1
    }
  }

  private mutating func expect(_ byte: UInt8) throws {
    guard try peek() == byte else { throw malformed("expected \"\(Character(Unicode.Scalar(byte)))\"") }
    position += 1
  }

  /// Reads `{…}`; `body` gets each key and must read its value.
  mutating func readObject(_ body: (inout JSONReader, [UInt8]) throws -> Void) throws {
    try expect(UInt8(ascii: "{"))
    if try peek() == UInt8(ascii: "}") {
      position += 1
      return
    }
    var key: [UInt8] = []
    while true {
      key.removeAll(keepingCapacity: true)
      try readString(into: &key)
      try expect(UInt8(ascii: ":"))
      try body(&self, key)
      let next = try peek()
      guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else { throw malformed("expected \",\" or \"}\"") }
      position += 1
      if next == UInt8(ascii: "}") { return }
    }
  }

  /// Reads `[…]`; `body` must read one element each time it is called.
  mutating func readArray(_ body: (inout JSONReader) throws -> Void) throws {
    try expect(UInt8(ascii: "["))
    if try peek() == UInt8(ascii: "]") {
      position += 1
      return
    }
    while true {
      try body(&self)
      let next = try peek()
      guard next == UInt8(ascii: ",") || next == UInt8(ascii: "]") else { throw malformed("expected \",\" or \"]\"") }
      position += 1
      if next == UInt8(ascii: "]") { return }
    }
  }

  // MARK: Values

  mutating func readValue(depth: Int = 0) throws -> JSONValue {
    guard depth < Self.depthLimit else { throw malformed("nested more than \(Self.depthLimit) deep") }
    switch try peek() {
    case UInt8(ascii: "{"):
      var object = JSONObject()
      try readObject { reader, key in
        object.set(String(decoding: key, as: UTF8.self), try reader.readValue(depth: depth + 1))
      }
      return .object(object)
    case UInt8(ascii: "["):
      var array: [JSONValue] = []
      try readArray { array.append(try $0.readValue(depth: depth + 1)) }
      return .array(array)
    case UInt8(ascii: "\""):
      var string: [UInt8] = []
      try readString(into: &string)
      return .string(String(decoding: string, as: UTF8.self))
    case UInt8(ascii: "t"):
      try readWord("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try readWord("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try readWord("null")
      return .null
    default: return try readNumber()
    }
  }

  /// Checks one value and drops it, without keeping any of it.
  mutating func skipValue(depth: Int = 0) throws {
    guard depth < Self.depthLimit else { throw malformed("nested more than \(Self.depthLimit) deep") }
    switch try peek() {
    case UInt8(ascii: "{"): try readObject { reader, _ in try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["): try readArray { try $0.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): try skipString()
    default: _ = try readValue(depth: depth)
    }
  }

  /// An integer, or nil where the value is anything else (which is then read and dropped).
  mutating func readInteger() throws -> Int? { try readValue().integer }

  private mutating func readWord(_ word: StaticString) throws {
    let expected = Array(word.description.utf8)
    guard bytes.count - position >= expected.count,
      bytes[position..<position + expected.count].elementsEqual(expected)
    else { throw malformed("expected a value") }
    position += expected.count
  }

  private mutating func readNumber() throws -> JSONValue {
    let start = position
    func digits(_ position: inout Int) -> Int {
      let first = position
      while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
      return position - first
    }
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let integerStart = position
    let count = digits(&position)
    guard count > 0 else { throw malformed("expected a value") }
    guard count == 1 || bytes[integerStart] != 0x30 else { throw malformed("a number starts with 0") }
    var isInteger = true
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard digits(&position) > 0 else { throw malformed("a number ends with a point") }
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: "e") || bytes[position] == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
        position += 1
      }
      guard digits(&position) > 0 else { throw malformed("a number has an empty exponent") }
    }
    if isInteger, let value = smallInteger(start..<position) { return .integer(value) }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw malformed("expected a number")
    }
    return .number(value)
  }

  /// The integer written in `range`, or nil where it does not fit in 64 bits.
  private func smallInteger(_ range: Range<Int>) -> Int? {
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    var value = 0
    for index in range where bytes[index] != UInt8(ascii: "-") {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(bytes[index]) - 0x30)
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return isNegative ? -value : value
  }

  // MARK: Strings

  /// Appends the next string's UTF-8 to `output`.
  mutating func readString(into output: inout [UInt8]) throws {
    try expect(UInt8(ascii: "\""))
    var runStart = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        output.append(contentsOf: bytes[runStart..<position])
        position += 1
        return
      }
      guard byte >= 0x20 else { throw malformed("a control character in a string") }
      if byte == UInt8(ascii: "\\") {
        output.append(contentsOf: bytes[runStart..<position])
        position += 1
        try readEscape(into: &output)
        runStart = position
      } else {
        position += 1
      }
    }
    throw malformed("the file ends inside a string")
  }

  private mutating func skipString() throws {
    try expect(UInt8(ascii: "\""))
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return }
      guard byte >= 0x20 else { throw malformed("a control character in a string") }
      if byte == UInt8(ascii: "\\") {
        var dropped: [UInt8] = []
        try readEscape(into: &dropped)
      }
    }
    throw malformed("the file ends inside a string")
  }

  private mutating func readEscape(into output: inout [UInt8]) throws {
    guard position < bytes.count else { throw malformed("the file ends inside a string") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0C)
    case UInt8(ascii: "n"): output.append(0x0A)
    case UInt8(ascii: "r"): output.append(0x0D)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "u"):
      var code = try readHexadecimal()
      if code >= 0xD800, code < 0xDC00 {
        guard bytes.count - position >= 6, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw malformed("a lone surrogate in a string") }
        position += 2
        let low = try readHexadecimal()
        guard low >= 0xDC00, low < 0xE000 else { throw malformed("a lone surrogate in a string") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw malformed("a lone surrogate in a string") }
      output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw malformed("an unknown escape in a string")
    }
  }

  private mutating func readHexadecimal() throws -> UInt32 {
    guard bytes.count - position >= 4 else { throw malformed("the file ends inside a string") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw malformed("a \\u escape without four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
