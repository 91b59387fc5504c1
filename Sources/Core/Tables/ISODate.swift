/// Dates and times of tables as ISO 8601 texts, in the proleptic Gregorian calendar.
enum ISODate {
  /// Days since 1970-01-01. Hand-worked: 0 → 1970-01-01, −1 → 1969-12-31, 19,782 → 2024-02-29.
  static func date(days: Int64) -> String {
    // H. Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years that begin in March.
    let (shifted, overflow) = days.addingReportingOverflow(719_468)
    guard !overflow else { return "\(days) days" }
    let era = shifted.floored(146_097)
    let day = shifted - era * 146_097
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let calendarMonth = month < 10 ? month + 3 : month - 9
    let calendarYear = year + era * 400 + (calendarMonth <= 2 ? 1 : 0)
    return "\(padded(calendarYear, 4))-\(padded(calendarMonth, 2))-\(padded(dayOfMonth, 2))"
  }

  /// A time since midnight in units of 10^−digits seconds; the fraction of a second is left out where it is 0.
  static func time(_ count: Int64, digits: Int) -> String {
    let unit = power(digits)
    let seconds = count.floored(unit)
    let fraction = count &- seconds &* unit
    let clock = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    guard fraction > 0 else { return clock }
    return clock + "." + padded(fraction, digits)
  }

  /// A point in time since 1970 in units of 10^−digits seconds.
  static func timestamp(_ count: Int64, digits: Int) -> String {
    let day = 86_400 * power(digits)
    let days = count.floored(day)
    return date(days: days) + "T" + time(count &- days &* day, digits: digits)
  }

  private static func power(_ digits: Int) -> Int64 { (0..<digits).reduce(1) { product, _ in product * 10 } }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number.magnitude)
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Int64 {
  /// The quotient rounded down; `divisor` is above 0.
  func floored(_ divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
