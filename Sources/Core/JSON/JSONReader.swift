/// A pull reader of JSON over UTF-8 bytes: callers walk a large text and keep only what they need, or take any value in
/// it whole. It exists because Foundation's reader takes longer than reading the file does.
///
/// Depth and number of values are bounded, so that no text exhausts the stack or the memory. A reader that has thrown
/// must not be used again.
public struct JSONReader {
  let bytes: [UInt8]
  /// The offset of the next unread byte. A caller may come back to where a value starts.
  public var position = 0
  /// The last string that had escapes, decoded.
  var scratch: [UInt8] = []
  private let options: JSONOptions
  private var depth = 0
  private var values = 0

  public init(_ bytes: [UInt8], _ options: JSONOptions = .strict) {
    self.bytes = bytes
    self.options = options
  }

  func fault(_ problem: JSONFault.Problem) -> JSONFault {
    JSONFault(problem: problem, offset: min(position, bytes.count), isAtEnd: position >= bytes.count)
  }

  // MARK: Structure

  /// The byte that the next value starts with, left unread.
  public mutating func peek() throws(JSONFault) -> UInt8 {
    guard let byte = next() else { throw fault(.valueExpected) }
    return byte
  }

  /// The next byte that is not white space, left unread; nil at the end.
  mutating func next() -> UInt8? {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    return nil
  }

  /// Makes sure that nothing but white space is left.
  public mutating func readEnd() throws(JSONFault) {
    guard next() == nil else { throw fault(.trailingText) }
  }

  /// Reads `{…}`; `body` gets each key in UTF-8 and must read its value. Keys that come twice are handed out twice.
  public mutating func readObject(_ body: (inout JSONReader, [UInt8]) throws -> Void) throws {
    guard try enter(.object) else { return }
    var key: [UInt8] = []
    repeat {
      key.removeAll(keepingCapacity: true)
      try readString(into: &key, else: .keyExpected)
      try readColon()
      try body(&self, key)
    } while try proceed(.object)
  }

  /// Reads `[…]`; `body` must read one element each time it is called.
  public mutating func readArray(_ body: (inout JSONReader) throws -> Void) throws {
    guard try enter(.array) else { return }
    repeat { try body(&self) } while try proceed(.array)
  }

  private enum Container {
    case object, array

    var open: UInt8 { self == .object ? UInt8(ascii: "{") : UInt8(ascii: "[") }
    var close: UInt8 { self == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
  }

  /// Reads the opening bracket; false where the closing one follows, which is then read too.
  private mutating func enter(_ container: Container) throws(JSONFault) -> Bool {
    guard next() == container.open else { throw fault(container == .object ? .objectExpected : .arrayExpected) }
    guard depth < options.maximumDepth else { throw fault(.tooDeep(limit: options.maximumDepth)) }
    position += 1
    guard next() != container.close else {
      position += 1
      return false
    }
    depth += 1
    return true
  }

  /// Reads what follows an element: true for a comma, false for the closing bracket.
  private mutating func proceed(_ container: Container) throws(JSONFault) -> Bool {
    let byte = next()
    if byte == UInt8(ascii: ",") {
      position += 1
      return true
    }
    guard byte == container.close else { throw fault(container == .object ? .objectUnfinished : .arrayUnfinished) }
    position += 1
    depth -= 1
    return false
  }

  private mutating func readColon() throws(JSONFault) {
    guard next() == UInt8(ascii: ":") else { throw fault(.colonExpected) }
    position += 1
  }

  // MARK: Values

  public mutating func readValue() throws(JSONFault) -> JSONValue {
    values += 1
    guard values <= options.maximumValues else { throw fault(.tooManyValues(limit: options.maximumValues)) }
    switch try peek() {
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "{"): return .object(try readObject())
    case UInt8(ascii: "["): return .array(try readArray())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
    case UInt8(ascii: "t") where take("true"): return .bool(true)
    case UInt8(ascii: "f") where take("false"): return .bool(false)
    case UInt8(ascii: "n") where take("null"): return .null
    case UInt8(ascii: "N") where options.acceptsNonFinite && take("NaN"): return .number(.nan)
    case UInt8(ascii: "I") where options.acceptsNonFinite && take("Infinity"): return .number(.infinity)
    default: throw fault(.valueExpected)
    }
  }

  private mutating func readObject() throws(JSONFault) -> JSONObject {
    var object = JSONObject()
    guard try enter(.object) else { return object }
    repeat {
      let key = try readString(else: .keyExpected)
      try readColon()
      let value = try readValue()
      switch options.duplicateKeys {
      case .lastWins: object.set(key, value)
      case .refused: guard object.insert(key, value) else { throw fault(.duplicateKey(key)) }
      }
    } while try proceed(.object)
    return object
  }

  private mutating func readArray() throws(JSONFault) -> [JSONValue] {
    var array: [JSONValue] = []
    guard try enter(.array) else { return array }
    repeat { array.append(try readValue()) } while try proceed(.array)
    return array
  }

  /// Checks one value and drops it, without keeping any of it.
  public mutating func skipValue() throws(JSONFault) {
    switch try peek() {
    case UInt8(ascii: "\""): _ = try readText()
    case UInt8(ascii: "{"):
      guard try enter(.object) else { return }
      repeat {
        _ = try readText(else: .keyExpected)
        try readColon()
        try skipValue()
      } while try proceed(.object)
    case UInt8(ascii: "["):
      guard try enter(.array) else { return }
      repeat { try skipValue() } while try proceed(.array)
    default:
      _ = try readValue()
      values -= 1
    }
  }

  /// Reads `word` where it stands next.
  private mutating func take(_ word: StaticString) -> Bool {
    let text = word.description.utf8
    guard bytes[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }

  // MARK: Numbers

  private mutating func readNumber() throws(JSONFault) -> JSONValue {
    let start = position
    let isNegative = take(UInt8(ascii: "-"))
    if isNegative, options.acceptsNonFinite, take("Infinity") { return .number(-.infinity) }
    let firstDigit = position
    let count = skipDigits()
    guard count > 0 else { throw fault(.numberWithoutDigits) }
    guard count == 1 || bytes[firstDigit] != UInt8(ascii: "0") else { throw fault(.leadingZero) }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      guard skipDigits() > 0 else { throw fault(.fractionWithoutDigits) }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw fault(.exponentWithoutDigits) }
    }
    if isWhole, count <= 18 {  // Any 18 digits fit in 64 bits.
      let value = bytes[firstDigit..<position].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      return .integer(isNegative ? -value : value)
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite || options.acceptsNonFinite else { throw fault(.numberTooLarge) }
    return .number(value)
  }

  /// Returns how many digits were skipped.
  private mutating func skipDigits() -> Int {
    let start = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    return position - start
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }
}

extension JSONValue {
  /// The whole text as one value.
  public init(parsing bytes: [UInt8], _ options: JSONOptions = .strict) throws(JSONFault) {
    var reader = JSONReader(bytes, options)
    self = try reader.readValue()
    try reader.readEnd()
  }
}
