import Foundation
import JSON

/// `strftime` in the C locale, for templates that print today's date.
enum TemplateDate {
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  /// - Throws: `TemplateFault` for a directive that is not known.
  static func format(_ format: String, _ date: Date, _ timeZone: TimeZone) throws -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second, .weekday, .dayOfYear], from: date)
    let (year, month, day) = (parts.year ?? 1970, parts.month ?? 1, parts.day ?? 1)
    let (hour, minute, second) = (parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0)
    let dayName = days[((parts.weekday ?? 1) - 1) % 7]
    let monthName = months[(month - 1) % 12]
    let hour12 = (hour + 11) % 12 + 1

    var result = ""
    var rest = Substring(format)
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      // glibc's `%-d`: no padding.
      let isBare = rest.first == "-"
      if isBare { rest.removeFirst() }
      func padded(_ value: Int, _ width: Int = 2, with pad: Character = "0") -> String {
        isBare ? String(value) : String(value).padded(to: width, with: pad)
      }
      guard let directive = rest.popFirst() else { throw TemplateFault("strftime_now: the format ends in %") }
      switch directive {
      case "Y": result += String(year)
      case "y": result += padded(year % 100)
      case "m": result += padded(month)
      case "B": result += monthName
      case "b", "h": result += monthName.prefix(3)
      case "d": result += padded(day)
      case "e": result += padded(day, with: " ")
      case "A": result += dayName
      case "a": result += dayName.prefix(3)
      case "w": result += String((parts.weekday ?? 1) - 1)
      case "H": result += padded(hour)
      case "I": result += padded(hour12)
      case "M": result += padded(minute)
      case "S": result += padded(second)
      case "p": result += hour < 12 ? "AM" : "PM"
      case "j": result += padded(parts.dayOfYear ?? 1, 3)
      case "F": result += "\(year)-\(padded(month))-\(padded(day))"
      case "T": result += "\(padded(hour)):\(padded(minute)):\(padded(second))"
      case "D": result += "\(padded(month))/\(padded(day))/\(padded(year % 100))"
      case "n": result += "\n"
      case "t": result += "\t"
      case "%": result += "%"
      default: throw TemplateFault("strftime_now: the directive %\(directive) is not supported")
      }
    }
    return result
  }
}
