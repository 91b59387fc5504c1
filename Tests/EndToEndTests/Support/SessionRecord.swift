import Foundation
import Session

/// What a session's database holds, as the lines that a headless run prints.
enum SessionRecord {
  /// Empty where nothing was recorded yet.
  static func lines(_ folder: String) -> [String] {
    guard let reader = try? SessionReader(folder: folder) else { return [] }
    var lines: [String] = []
    var cursor: Int64 = 0
    while let page = try? reader.events(after: cursor), page.cursor != cursor {
      lines += page.events.compactMap(\.event.line)
      cursor = page.cursor
    }
    return lines
  }

  static func objects(_ folder: String) -> [JSONObject] { lines(folder).compactMap(JSONObject.init) }

  /// A line without its paths: the record names them by where the session lies now.
  static func comparable(_ line: JSONObject) -> String {
    line.line.replacingOccurrences(
      of: #""(session|checkpoint|path)": "[^"]*""#, with: "\"$1\": -", options: .regularExpression)
  }
}
