import JSON

/// Python's operations on texts, by code points: what `str` methods do that Swift's, by grapheme clusters and canonical
/// equivalence, would not.
enum PythonText {
  /// `str.isspace` of one code point.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 9...13, 28...32, 0x85, 0xA0: true
    case 0..<0x1680: false
    default: scalar.properties.isWhitespace
    }
  }

  static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  // MARK: Searching (UTF-8 is self-synchronising: a match of bytes is a match of code points)

  /// Offsets at which `pattern` starts, left to right without overlaps; at most `limit`.
  static func occurrences(of pattern: [UInt8], in text: [UInt8], limit: Int = .max) -> [Int] {
    guard let first = pattern.first, pattern.count <= text.count, limit > 0 else { return [] }
    var found: [Int] = []
    var i = 0
    let last = text.count - pattern.count
    while i <= last {
      if text[i] == first, text[i..<i + pattern.count].elementsEqual(pattern) {
        found.append(i)
        if found.count == limit { break }
        i += pattern.count
      } else {
        i += 1
      }
    }
    return found
  }

  static func contains(_ text: String, _ pattern: String) -> Bool {
    pattern.isEmpty || !occurrences(of: Array(pattern.utf8), in: Array(text.utf8), limit: 1).isEmpty
  }

  static func hasPrefix(_ text: String, _ prefix: String) -> Bool { text.utf8.starts(with: prefix.utf8) }

  static func hasSuffix(_ text: String, _ suffix: String) -> Bool {
    text.utf8.reversed().starts(with: suffix.utf8.reversed())
  }

  static func isEqual(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  /// By code points, which is the order of UTF-8 bytes.
  static func isLess(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

  // MARK: Stripping and splitting

  enum Side { case both, left, right }

  static func strip(_ text: String, _ side: Side = .both, characters: String? = nil) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? isSpace(scalar) }
    var rest = Substring(text).unicodeScalars
    if side != .right { while let first = rest.first, isStripped(first) { rest.removeFirst() } }
    if side != .left { while let last = rest.last, isStripped(last) { rest.removeLast() } }
    return String(rest)
  }

  /// `str.split(separator, limit)`; a negative limit is none.
  static func split(_ text: String, separator: String, limit: Int) -> [String] {
    let bytes = Array(text.utf8)
    let pattern = Array(separator.utf8)
    var parts: [String] = []
    var start = 0
    for offset in occurrences(of: pattern, in: bytes, limit: limit < 0 ? .max : limit) {
      parts.append(self.text(bytes[start..<offset]))
      start = offset + pattern.count
    }
    parts.append(self.text(bytes[start...]))
    return parts
  }

  static func splitFromRight(_ text: String, separator: String, limit: Int) -> [String] {
    let reversed = self.text(text.unicodeScalars.reversed())
    let pattern = self.text(separator.unicodeScalars.reversed())
    return split(reversed, separator: pattern, limit: limit).reversed().map { self.text($0.unicodeScalars.reversed()) }
  }

  /// `str.split()`: runs of white space separate, none at the ends.
  static func splitSpace(_ text: String, limit: Int) -> [String] {
    var parts: [String] = []
    var rest = Substring(text).unicodeScalars
    while true {
      while let first = rest.first, isSpace(first) { rest.removeFirst() }
      guard !rest.isEmpty else { return parts }
      if limit >= 0, parts.count == limit {
        parts.append(String(rest))
        return parts
      }
      let word = rest.prefix { !isSpace($0) }
      parts.append(String(word))
      rest = rest[word.endIndex...]
    }
  }

  static func splitLines(_ text: String, keepsEnds: Bool) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var iterator = text.unicodeScalars.makeIterator()
    var pending = iterator.next()
    while let scalar = pending {
      pending = iterator.next()
      switch scalar.value {
      case 10...13, 28...30, 0x85, 0x2028, 0x2029:
        if keepsEnds { line.append(scalar) }
        if scalar == "\r", pending == "\n" {
          if keepsEnds { line.append("\n") }
          pending = iterator.next()
        }
        lines.append(String(line))
        line = String.UnicodeScalarView()
      default:
        line.append(scalar)
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  // MARK: Case

  static func capitalize(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return "" }
    return first.properties.titlecaseMapping + self.text(text.unicodeScalars.dropFirst()).lowercased()
  }

  /// `str.title`: a letter after anything that is not a cased letter is raised.
  static func title(_ text: String) -> String {
    var result = ""
    var followsCased = false
    for scalar in text.unicodeScalars {
      result += followsCased ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      followsCased = scalar.properties.isCased
    }
    return result
  }

  /// jinja2's `title` filter: words are separated by white space, `-`, and opening brackets.
  static func titleFilter(_ text: String) -> String {
    var result = ""
    var startsWord = true
    for scalar in text.unicodeScalars {
      let separates = isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar)
      result +=
        separates
        ? String(Character(scalar))
        : startsWord ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
      startsWord = separates
    }
    return result
  }

  // MARK: repr

  static func repr(_ text: String) -> String {
    let quote: Unicode.Scalar =
      text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = ""
    result.appendQuoted(text, with: quote) { scalar in
      switch scalar {
      case _ where isPrintable(scalar): nil
      case _ where scalar.value < 0x100: "\\x" + String.hexadecimal(scalar.value, width: 2)
      case _ where scalar.value < 0x10000: "\\u" + String.hexadecimal(scalar.value, width: 4)
      default: "\\U" + String.hexadecimal(scalar.value, width: 8)
      }
    }
    return result
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  /// `repr(float)`: the shortest digits that read back, positional for exponents from −4 to 15.
  static func float(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let description = "\(value.magnitude)"
    let sign = value.sign == .minus ? "-" : ""
    let parts = description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = String(mantissa[0]) + (mantissa.count > 1 ? String(mantissa[1]) : "")
    var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + mantissa[0].count - 1
    // One significant digit first, none that is zero at the ends.
    while digits.first == "0", digits.count > 1 {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.last == "0", digits.count > 1 { digits.removeLast() }
    if digits == "0" { return sign + "0.0" }
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.dropFirst()
      let magnitude = String(exponent.magnitude)
      let padded = magnitude.count < 2 ? "0" + magnitude : magnitude
      let significand = fraction.isEmpty ? String(digits.prefix(1)) : "\(digits.prefix(1)).\(fraction)"
      return "\(sign)\(significand)e\(exponent < 0 ? "-" : "+")\(padded)"
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
    let whole = digits.prefix(exponent + 1)
    let fraction = digits.dropFirst(exponent + 1)
    return sign + whole + String(repeating: "0", count: exponent + 1 - whole.count) + "."
      + (fraction.isEmpty ? "0" : fraction)
  }
}
