import Foundation
import JSON

/// What a Split or Replace component looks for: a string, a pattern with a scanner of its own, or any other regular
/// expression, which ICU (through Foundation) runs.
///
/// HF tokenizers runs Oniguruma with Ruby's syntax. The differences from ICU that real patterns touch are translated:
/// `\s` is Unicode's White_Space, `^` and `$` match at lines, which only `\n` ends; `\h`, which means different things,
/// is refused. Characters newer than the ICU at hand are nobody's letters.
enum TextPattern: Sendable {
  case string([UInt8])
  case words(WordScanner)
  case expression(NSRegularExpression)

  /// How often ICU may report progress on a text (at each position, and every 10,000 steps) before it is stopped and the
  /// rest counts as without a match, so that a hostile pattern takes a bounded time. Sound patterns stay below.
  private static func patience(_ length: Int) -> Int { 200 + 4 * length }

  static let icuOptions: NSRegularExpression.Options = [.anchorsMatchLines, .useUnixLineSeparators]

  /// Reads `{"String": …}` or `{"Regex": …}`.
  init(_ value: JSONValue?, component: String, file: TokenizerFile) throws {
    if let string = value?.object?["String"]?.string ?? value?.string {
      self = .string(Array(string.utf8))
    } else if let pattern = value?.object?["Regex"]?.string {
      self = try Self.expression(pattern, component: component, file: file)
    } else {
      throw file.invalid("\(component) has no pattern")
    }
  }

  private static func expression(_ pattern: String, component: String, file: TokenizerFile) throws -> TextPattern {
    if let scanner = WordScanner.known[pattern] { return .words(scanner) }
    guard pattern.utf8.count <= 10_000, let translated = translate(pattern),
      let expression = try? NSRegularExpression(pattern: translated, options: icuOptions)
    else { throw file.invalid("the regular expression \(quoted(pattern)) of \(component) is not supported") }
    return .expression(expression)
  }

  /// The pattern in ICU's syntax, or nil where it uses what ICU reads differently.
  static func translate(_ pattern: String) -> String? {
    var output = ""
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      if isEscaped {
        isEscaped = false
        switch scalar {
        case "s": output += #"\p{White_Space}"#
        case "S": output += #"\P{White_Space}"#
        case "h", "H", "g", "K", "O", "R", "X": return nil
        default: output += "\\" + String(Character(scalar))
        }
      } else if scalar == "\\" {
        isEscaped = true
      } else {
        output.unicodeScalars.append(scalar)
      }
    }
    return isEscaped ? nil : output
  }

  /// The matches in `bytes[range]`, in order, as ranges of `bytes`; empty ones included, as HF has them.
  func matches(_ bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
    switch self {
    case .string(let string): return Self.occurrences(of: string, bytes, range)
    case .words(let scanner):
      var pieces: [Piece] = []
      scanner.scan(bytes, Piece(range, isAtStart: false), into: &pieces)
      return pieces.map(\.range)
    case .expression(let expression): return range.isEmpty ? [] : Self.matches(expression, bytes, range)
    }
  }

  private static func occurrences(of string: [UInt8], _ bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var index = range.lowerBound
    guard let first = string.first else {
      // The empty string lies before each character and behind the last.
      while index < range.upperBound {
        found.append(index..<index)
        index += utf8Length(bytes[index])
      }
      return range.isEmpty ? [] : found + [range.upperBound..<range.upperBound]
    }
    while index + string.count <= range.upperBound {
      var length = bytes[index] == first ? 1 : 0
      if length > 0 {
        while length < string.count, bytes[index + length] == string[length] { length += 1 }
      }
      if length == string.count {
        found.append(index..<index + length)
        index += length
      } else {
        index += 1
      }
    }
    return found
  }

  private static func matches(
    _ expression: NSRegularExpression, _ bytes: [UInt8], _ range: Range<Int>
  ) -> [Range<Int>] {
    let text = String(decoding: bytes[range], as: UTF8.self)
    var found: [Range<Int>] = []
    var offset = (utf16: 0, utf8: range.lowerBound)
    /// The UTF-8 offset of a UTF-16 offset; those asked for never decrease.
    func utf8Offset(_ target: Int) -> Int {
      while offset.utf16 < target, offset.utf8 < range.upperBound {
        let length = utf8Length(bytes[offset.utf8])
        offset.utf8 += length
        offset.utf16 += length == 4 ? 2 : 1
      }
      return offset.utf8
    }
    var reports = 0
    let patience = patience(range.count)
    let whole = NSRange(location: 0, length: text.utf16.count)
    expression.enumerateMatches(in: text, options: .reportProgress, range: whole) { result, flags, stop in
      if let result {
        let start = utf8Offset(result.range.location)
        let end = utf8Offset(result.range.location + result.range.length)
        // Right behind a match, Oniguruma's iterator does not count an empty one.
        if end > start || found.last?.upperBound != start { found.append(start..<end) }
      } else if flags.contains(.progress) {
        reports += 1
        if reports > patience { stop.pointee = true }
      }
    }
    return found
  }
}
