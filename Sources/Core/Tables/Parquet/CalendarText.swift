import JSON

/// Days, times and moments in ISO 8601, in the proleptic Gregorian calendar. A fraction has three, six or nine digits,
/// as many as the unit has, and is left out where it is zero.
enum CalendarText {
  /// - Parameter day: since 1970-01-01.
  static func date(day: Int) -> String {
    // Years that begin in March end with the leap day, so that days of the year give the month without a table
    // (Richards 2013, "Calendars"). Eras of 400 years are all alike.
    let shifted = day + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    return "\(words(year))-\(digits(month >= 10 ? month - 9 : month + 3, 2))-\(digits(dayOfMonth, 2))"
  }

  /// - Parameters:
  ///   - value: since midnight.
  ///   - units: how many there are in a second.
  static func time(_ value: Int, units: Int) -> String {
    let magnitude = Int(clamping: value.magnitude)
    let seconds = magnitude / units
    let fraction = magnitude % units
    return (value < 0 ? "-" : "")
      + "\(digits(seconds / 3_600, 2)):\(digits(seconds / 60 % 60, 2)):\(digits(seconds % 60, 2))"
      + (fraction == 0 ? "" : "." + digits(fraction, units == 1_000 ? 3 : units == 1_000_000 ? 6 : 9))
  }

  /// - Parameters:
  ///   - value: since 1970-01-01T00:00:00.
  ///   - units: how many there are in a second.
  ///   - isUTC: whether it is a moment, the same everywhere, or what a clock shows somewhere.
  static func timestamp(_ value: Int, units: Int, isUTC: Bool) -> String {
    let day = floorDivide(value, 86_400 * units)
    // Less than a day from the day's start; the multiple may lie beyond the smallest number, the difference not.
    let rest = value &- day &* (86_400 * units)
    return date(day: day) + "T" + time(rest, units: units) + (isUTC ? "Z" : "")
  }

  /// Impala's and Spark's old timestamps: nanoseconds of the day, then the Julian day.
  static func int96(_ bytes: ArraySlice<UInt8>) -> String {
    let start = bytes.startIndex
    let nanoseconds = Int(truncatingIfNeeded: bytes.littleEndian(at: start, width: 8))
    let day = Int(UInt32(truncatingIfNeeded: bytes.littleEndian(at: start + 8, width: 4))) - 2_440_588
    let carry = floorDivide(nanoseconds, 86_400_000_000_000)
    let rest = nanoseconds &- carry &* 86_400_000_000_000
    return date(day: day + carry) + "T" + time(rest, units: 1_000_000_000)
  }

  /// Months, days and milliseconds, as a duration.
  static func interval(_ bytes: ArraySlice<UInt8>) -> String {
    let parts = (0..<3).map { bytes.littleEndian(at: bytes.startIndex + 4 * $0, width: 4) }
    let fraction = parts[2] % 1_000 == 0 ? "" : "." + digits(Int(parts[2] % 1_000), 3)
    return "P\(parts[0])M\(parts[1])DT\(parts[2] / 1_000)\(fraction)S"
  }

  private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }

  private static func digits(_ value: Int, _ width: Int) -> String { String(value).padded(to: width, with: "0") }

  /// Four digits; beyond them a sign, as ISO 8601 has it.
  private static func words(_ year: Int) -> String {
    if (0...9_999).contains(year) { return digits(year, 4) }
    return (year < 0 ? "-" : "+") + digits(Int(year.magnitude), 4)
  }
}
