import Foundation

/// Numbers as the screen writes them: short, aligned, with the sign where it carries meaning.
enum NumberText {
  /// "+1.20"; "+12.3" and "+123" for larger ones; "nan", "inf" in words.
  static func signed(_ value: Double, decimals: Int = 2) -> String {
    guard value.isFinite else { return words(value) }
    let text = plain(value, decimals: decimals)
    return text.hasPrefix("-") ? text : "+" + text
  }

  /// "1.20", fewer decimals as the number grows, and powers of ten beyond a million.
  static func plain(_ value: Double, decimals: Int = 2) -> String {
    guard value.isFinite else { return words(value) }
    let size = abs(value)
    if size >= 1e6 { return String(format: "%.1e", value) }
    let digits = size >= 1_000 ? 0 : size >= 100 ? min(decimals, 1) : decimals
    let text = String(format: "%.*f", digits, value)
    // A zero has no sign.
    return text.hasPrefix("-") && !text.contains(where: { "123456789".contains($0) }) ? String(text.dropFirst()) : text
  }

  private static func words(_ value: Double) -> String {
    value.isNaN ? "nan" : value > 0 ? "+inf" : "-inf"
  }

  /// "14 %"
  static func percent(_ share: Double) -> String {
    guard share.isFinite else { return words(share) + " %" }
    return "\(whole((share * 100).rounded())) %"
  }

  /// "5e-05", "3.2e-04"
  static func scientific(_ value: Double) -> String {
    guard value.isFinite else { return words(value) }
    if value == 0 { return "0" }
    let text = String(format: "%.2e", value)
    let parts = text.split(separator: "e")
    guard parts.count == 2 else { return text }
    var mantissa = String(parts[0])
    while mantissa.contains("."), mantissa.last == "0" || mantissa.last == "." {
      if mantissa.removeLast() == "." { break }
    }
    return mantissa + "e" + parts[1]
  }

  /// "3m44s", "2h05m", "0.4s"
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    if seconds < 10 { return String(format: "%.1fs", seconds) }
    let whole = self.whole(seconds.rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3_600 { return "\(whole / 60)m" + two(whole % 60) + "s" }
    if whole < 86_400 * 4 { return "\(whole / 3_600)h" + two(whole % 3_600 / 60) + "m" }
    return "\(whole / 86_400)d" + two(whole % 86_400 / 3_600) + "h"
  }

  /// "81.2 k", "3.4 M"
  static func count(_ value: Int) -> String {
    let size = Double(value)
    if abs(size) < 10_000 { return String(value) }
    if abs(size) < 1e6 { return String(format: "%.1f k", size / 1e3) }
    if abs(size) < 1e9 { return String(format: "%.1f M", size / 1e6) }
    return String(format: "%.1f G", size / 1e9)
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

  /// Conversion that cannot trap.
  static func whole(_ value: Double) -> Int {
    guard value.isFinite else { return 0 }
    return Int(max(-9e15, min(9e15, value)))
  }
}
