/// Decimal numbers: a whole number and how many of its digits stand behind the point.
enum DecimalNumber {
  /// The nearest double.
  static func value(of whole: Int64, scale: Int) -> Double {
    if whole.magnitude <= 1 << 53, (0...22).contains(scale) {
      // Both are exact, so the quotient is rounded once.
      return Double(whole) / powers[scale]
    }
    return parse("\(whole)", scale: scale)
  }

  /// - Parameter bytes: two's complement, the highest first. Nil for more than any decimal type has.
  static func value(of bytes: ArraySlice<UInt8>, scale: Int) -> Double? {
    guard bytes.count <= 64 else { return nil }
    let isNegative = bytes.first.map { $0 >= 0x80 } ?? false
    if bytes.count <= 8 {
      let whole = bytes.reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
      return value(of: whole, scale: scale)
    }
    // Long division by 10⁹ of the magnitude: the digits come out from the lowest.
    var magnitude = isNegative ? bytes.map { ~$0 } : Array(bytes)
    if isNegative {
      for index in magnitude.indices.reversed() {
        magnitude[index] &+= 1
        if magnitude[index] != 0 { break }
      }
    }
    var digits = ""
    while magnitude.contains(where: { $0 != 0 }) {
      var remainder = 0
      for index in magnitude.indices {
        let dividend = remainder << 8 | Int(magnitude[index])
        magnitude[index] = UInt8(dividend / 1_000_000_000)
        remainder = dividend % 1_000_000_000
      }
      let group = String(remainder)
      digits = String(repeating: "0", count: 9 - group.count) + group + digits
    }
    return parse((isNegative ? "-" : "") + (digits.isEmpty ? "0" : digits), scale: scale)
  }

  private static let powers: [Double] = (0...22).map { (0..<$0).reduce(1.0) { power, _ in power * 10 } }

  private static func parse(_ digits: String, scale: Int) -> Double {
    // No decimal type has a scale beyond a hundred, and no double an exponent beyond a thousand.
    Double("\(digits)e\(-max(-1_000, min(1_000, scale)))") ?? .nan
  }
}
