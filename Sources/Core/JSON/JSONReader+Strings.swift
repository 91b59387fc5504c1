import CBytes

extension JSONReader {
  /// Appends the next string's bytes, escapes decoded, to `output`. They are UTF-8 if the text is.
  public mutating func readString(into output: inout [UInt8]) throws(JSONFault) {
    try readString(into: &output, else: .stringExpected)
  }

  mutating func readString(into output: inout [UInt8], else problem: JSONFault.Problem) throws(JSONFault) {
    if let range = try readText(else: problem) {
      output.append(contentsOf: bytes[range])
    } else {
      output.append(contentsOf: scratch)
    }
  }

  /// The next string; `problem` is what is wrong where none follows.
  mutating func readString(else problem: JSONFault.Problem = .stringExpected) throws(JSONFault) -> String {
    let text: String?
    if let range = try readText(else: problem) {
      text = String(validating: bytes[range], as: UTF8.self)
    } else {
      text = String(validating: scratch, as: UTF8.self)
    }
    guard let text else { throw fault(.notUTF8) }
    return text
  }

  /// Reads a string: where in `bytes` its text stands, or nil where it has escapes; it is in `scratch` then.
  mutating func readText(else problem: JSONFault.Problem = .stringExpected) throws(JSONFault) -> Range<Int>? {
    guard next() == UInt8(ascii: "\"") else { throw fault(problem) }
    position += 1
    var run = position
    position = runEnd()
    if take(UInt8(ascii: "\"")) { return run..<position - 1 }
    scratch.removeAll(keepingCapacity: true)
    while position < bytes.count {
      scratch.append(contentsOf: bytes[run..<position])
      if take(UInt8(ascii: "\"")) { return nil }
      guard take(UInt8(ascii: "\\")) else { throw fault(.controlCharacter) }
      try readEscape()
      run = position
      position = runEnd()
    }
    throw fault(.stringUnfinished)
  }

  /// Where the bytes that stand for themselves end.
  private func runEnd() -> Int {
    Int(cb_json_run_end(bytes, Int64(position), Int64(bytes.count)))
  }

  /// Reads an escape after its backslash.
  private mutating func readEscape() throws(JSONFault) {
    guard position < bytes.count else { throw fault(.stringUnfinished) }
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(letter)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "u"): try readCodePoint()
    default: throw fault(.unknownEscape)
    }
  }

  /// Reads "\uXXXX" after its u; surrogates must come in pairs.
  private mutating func readCodePoint() throws(JSONFault) {
    var code = try readHexadecimal()
    if code & 0xFC00 == 0xD800 {
      guard bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
        throw fault(.loneSurrogate)
      }
      position += 2
      let low = try readHexadecimal()
      guard low & 0xFC00 == 0xDC00 else { throw fault(.brokenSurrogatePair) }
      code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fault(.loneSurrogate) }
    UTF8.encode(scalar).map { scratch.append(contentsOf: $0) }
  }

  private mutating func readHexadecimal() throws(JSONFault) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count, let digit = Self.hexadecimalDigit(bytes[position]) else {
        throw fault(.hexadecimalExpected)
      }
      code = code << 4 | digit
      position += 1
    }
    return code
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
