/// Numbers, strings and operators inside tags.
extension TemplateLexer {
  mutating func lexSymbol() throws -> String {
    if at + 1 < source.count {
      let two = Self.string(source[at..<at + 2])
      if ["**", "//", "==", "!=", ">=", "<="].contains(two) {
        at += 2
        return two
      }
    }
    let one = source[at]
    guard "+-/*%~[](){}><=.:|,;".unicodeScalars.contains(one) else {
      throw error("unexpected character \"\(one)\"", at: at)
    }
    at += 1
    return String(Character(one))
  }

  mutating func lexNumber() throws -> TemplateToken.Kind {
    let start = at
    if source[at] == "0",
      let base = ["b": 2, "o": 8, "x": 16][scalar(at + 1).map { $0.properties.lowercaseMapping } ?? ""]
    {
      at += 2
      let digits = lexDigits { Int(String(Character($0)), radix: base) != nil }
      guard let value = Int(digits, radix: base) else { throw error("not an integer this program can hold", at: start) }
      return .integer(value)
    }
    var text = lexDigits(Self.isDigit)
    var isFloat = false
    // `a.0.5` are two subscripts, not a float.
    let followsPoint = start > 0 && source[start - 1] == "."
    if !followsPoint, scalar(at) == ".", let next = scalar(at + 1), Self.isDigit(next) {
      at += 1
      text += "." + lexDigits(Self.isDigit)
      isFloat = true
    }
    if !followsPoint, scalar(at) == "e" || scalar(at) == "E" {
      let isSigned = scalar(at + 1) == "+" || scalar(at + 1) == "-"
      if let next = scalar(at + (isSigned ? 2 : 1)), Self.isDigit(next) {
        let sign = isSigned ? String(Character(source[at + 1])) : ""
        at += isSigned ? 2 : 1
        text += "e" + sign + lexDigits(Self.isDigit)
        isFloat = true
      }
    }
    if isFloat, let value = Double(text) { return .float(value) }
    guard let value = Int(text) else { throw error("not an integer this program can hold", at: start) }
    return .integer(value)
  }

  private mutating func lexDigits(_ isDigit: (Unicode.Scalar) -> Bool) -> String {
    var digits = ""
    while let next = scalar(at) {
      if isDigit(next) {
        digits.unicodeScalars.append(next)
      } else if next != "_" || digits.isEmpty || !(scalar(at + 1).map(isDigit) ?? false) {
        break
      }
      at += 1
    }
    return digits
  }

  /// A Python string literal's escapes; unknown ones keep their backslash.
  mutating func lexString(quote: Unicode.Scalar) throws -> String {
    let start = at
    at += 1
    var text = String.UnicodeScalarView()
    while at < source.count, source[at] != quote {
      guard source[at] == "\\", let escaped = scalar(at + 1) else {
        text.append(source[at])
        at += 1
        continue
      }
      at += 2
      switch escaped {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "r": text.append("\r")
      case "a": text.append("\u{7}")
      case "b": text.append("\u{8}")
      case "f": text.append("\u{C}")
      case "v": text.append("\u{B}")
      case "\\", "'", "\"": text.append(escaped)
      case "\n": break
      case "x": text.append(try lexEscape(digits: 2))
      case "u": text.append(try lexEscape(digits: 4))
      case "U": text.append(try lexEscape(digits: 8))
      case "0"..."7":
        var value = escaped.value - 48
        var count = 1
        while count < 3, let next = scalar(at), ("0"..."7").contains(next) {
          value = value * 8 + next.value - 48
          at += 1
          count += 1
        }
        if let scalar = Unicode.Scalar(value) { text.append(scalar) }
      default:
        text.append("\\")
        text.append(escaped)
      }
    }
    guard at < source.count else { throw error("this string is never closed", at: start) }
    at += 1
    return String(text)
  }

  private mutating func lexEscape(digits: Int) throws -> Unicode.Scalar {
    let start = at - 2
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let next = scalar(at), let digit = UInt32(String(Character(next)), radix: 16) else {
        throw error("an escape needs \(digits) hexadecimal digits", at: start)
      }
      // Eight digits fill 32 bits exactly.
      value = value << 4 | digit
      at += 1
    }
    guard let scalar = Unicode.Scalar(value) else { throw error("not a Unicode character", at: start) }
    return scalar
  }
}
