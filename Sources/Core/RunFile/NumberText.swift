/// Numbers as people write them in YAML: `16`, `-2.5`, `5e-5` (a float here, though not in YAML 1.1), `1_000`, `.inf`.
enum NumberText {
  static func double(_ text: String) -> Double? {
    switch text.lowercased() {
    case ".inf", "+.inf", "inf", "+inf": return .infinity
    case "-.inf", "-inf": return -.infinity
    case ".nan", "nan": return .nan
    default: break
    }
    guard isNumber(text) else { return nil }
    return Double(text.filter { $0 != "_" })
  }

  /// nil: not a whole number. `.some(nil)`: whole, but outside `Int`.
  static func integer(_ text: String) -> Int?? {
    guard isNumber(text) else { return nil }
    let digits = text.filter { $0 != "_" }
    if let integer = Int(digits) { return .some(integer) }
    if digits.allSatisfy({ $0.isNumber || $0 == "-" || $0 == "+" }) { return .some(nil) }
    // 1e3 and 200.0 are whole as well.
    guard let double = Double(digits), double.rounded() == double else { return nil }
    return .some(Int(exactly: double))
  }

  /// Sign, ASCII digits with single underscores between them, at most one point, at most one exponent.
  static func isNumber(_ text: String) -> Bool {
    var rest = Substring(text)
    guard rest.utf8.count <= 64 else { return false }
    func dropSign() { if let first = rest.first, first == "-" || first == "+" { rest.removeFirst() } }
    func dropDigits() -> Int {
      var count = 0
      while let first = rest.utf8.first {
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        let isSeparator =
          first == UInt8(ascii: "_") && count > 0
          && rest.utf8.dropFirst().first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
        guard isDigit || isSeparator else { break }
        if isDigit { count += 1 }
        rest = rest[rest.utf8.index(after: rest.startIndex)...]
      }
      return count
    }
    dropSign()
    var digits = dropDigits()
    if rest.first == "." {
      rest.removeFirst()
      digits += dropDigits()
    }
    guard digits > 0 else { return false }
    if rest.first == "e" || rest.first == "E" {
      rest.removeFirst()
      dropSign()
      guard dropDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
