import Foundation

/// One JSON object of a line of output, with its keys in the order they were written.
struct JSONObject {
  let line: String
  let keys: [String]
  private let values: [String: Any]

  /// nil if the line is not one JSON object.
  init?(_ line: String) {
    guard let parsed = try? JSONSerialization.jsonObject(with: Data(line.utf8)), let values = parsed as? [String: Any]
    else { return nil }
    self.line = line
    self.values = values
    keys = Self.topLevelKeys(line)
  }

  func number(_ key: String) -> Double? {
    // A boolean is an NSNumber as well; the formats at hand have none where a number is looked for.
    (values[key] as? NSNumber)?.doubleValue
  }
  func integer(_ key: String) -> Int? { (values[key] as? NSNumber)?.intValue }
  func text(_ key: String) -> String? { values[key] as? String }
  func numbers(_ key: String) -> [Double]? { (values[key] as? [NSNumber])?.map(\.doubleValue) }
  func texts(_ key: String) -> [String]? { values[key] as? [String] }

  /// "paused", "finished", …; nil for lines of numbers.
  var event: String? { text("event") }
  /// The line of an optimizer step.
  var isStep: Bool { keys.first == "step" && keys.contains("loss") }

  /// The line without `key`, for comparisons: its value is a number.
  func line(without key: String) -> String {
    line.replacingOccurrences(of: "\"\(key)\": [-+0-9.eE]+", with: "\"\(key)\": -", options: .regularExpression)
  }

  /// The line without the time that its step took, which no two runs share.
  var lineWithoutTime: String { line(without: "step_time") }

  /// The keys of the outermost object: the texts at depth 1 that a colon follows.
  private static func topLevelKeys(_ line: String) -> [String] {
    var keys: [String] = []
    var depth = 0
    var text: String?
    var last: String?
    var escaped = false
    for character in line {
      if let open = text {
        if escaped {
          text = open + String(character)
          escaped = false
        } else if character == "\\" {
          escaped = true
        } else if character == "\"" {
          last = open
          text = nil
        } else {
          text = open + String(character)
        }
        continue
      }
      switch character {
      case "\"": text = ""
      case "{", "[": depth += 1
      case "}", "]": depth -= 1
      case ":":
        if depth == 1, let last { keys.append(last) }
      default: break
      }
    }
    return keys
  }
}
