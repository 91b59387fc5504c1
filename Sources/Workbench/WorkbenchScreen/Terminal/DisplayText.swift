import CTerminal

/// Text made safe and measured for a terminal.
///
/// Text of data and models is foreign: it may hold escape sequences, direction overrides or piles of combining marks.
/// Controls are shown as pictures (`␛`, `↵`), never sent. Joiners, variation selectors and skin tones are left out, so
/// that every terminal gives a sequence the same width: the sum of its scalars' `wcwidth`.
public enum DisplayText {
  struct Cluster: Equatable, Sendable {
    var glyph: Character
    var width: Int
  }

  struct Fitted: Equatable, Sendable {
    var clusters: [Cluster] = []
    var columns = 0
    /// Some of the text did not fit.
    var cut = false
  }

  /// More combining marks than this on one glyph are dropped; a terminal cell of ncurses holds no more.
  static let marksPerGlyph = 2

  /// The first `columns` columns of `text`. Reads no more of it than it needs.
  static func clusters(_ text: String, columns: Int) -> Fitted {
    var fitted = Fitted()
    var marks = 0
    for scalar in text.unicodeScalars {
      if isLeftOut(scalar) { continue }
      if let picture = picture(of: scalar) {
        guard append(picture, width: picture.count, to: &fitted, columns: columns) else { return fitted }
        marks = marksPerGlyph
        continue
      }
      let width = width(of: scalar)
      if width == 0 {
        guard marks < marksPerGlyph, let last = fitted.clusters.last else { continue }
        var glyph = last.glyph.unicodeScalars
        glyph.append(scalar)
        // A mark that does not join its base in Swift's eyes would change the count of characters.
        let joined = String(glyph)
        guard joined.count == 1 else { continue }
        fitted.clusters[fitted.clusters.count - 1].glyph = Character(joined)
        marks += 1
        continue
      }
      guard append([Character(scalar)], width: width, to: &fitted, columns: columns) else { return fitted }
      marks = 0
    }
    return fitted
  }

  private static func append(_ glyphs: [Character], width: Int, to fitted: inout Fitted, columns: Int) -> Bool {
    guard fitted.columns + width <= columns else {
      fitted.cut = true
      return false
    }
    for glyph in glyphs { fitted.clusters.append(Cluster(glyph: glyph, width: width / glyphs.count)) }
    fitted.columns += width
    return true
  }

  /// Columns that `text` takes.
  public static func width(_ text: String) -> Int {
    clusters(text, columns: .max).columns
  }

  /// Cuts or pads with spaces to exactly `columns`.
  static func pad(_ text: String, to columns: Int, alignRight: Bool = false) -> String {
    guard columns > 0 else { return "" }
    let fitted = clusters(text, columns: columns)
    let shown = String(fitted.clusters.map(\.glyph))
    let space = String(repeating: " ", count: columns - fitted.columns)
    return alignRight ? space + shown : shown + space
  }

  /// Breaks text into lines of at most `columns`, at spaces where it can, at line ends always; at most `lines` of them.
  static func wrap(_ text: String, columns: Int, lines: Int) -> (lines: [String], cut: Bool) {
    guard columns > 0, lines > 0 else { return ([], !text.isEmpty) }
    var result: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var rest = Substring(paragraph)
      if rest.last == "\r" { rest = rest.dropLast() }
      repeat {
        if result.count == lines { return (result, true) }
        let head = takeLine(&rest, columns: columns)
        result.append(head)
      } while !rest.isEmpty
    }
    return (result, false)
  }

  private static func takeLine(_ rest: inout Substring, columns: Int) -> String {
    let scalars = rest.unicodeScalars
    var used = 0
    var index = scalars.startIndex
    var lastSpace: Substring.UnicodeScalarView.Index?
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let width = isLeftOut(scalar) ? 0 : picture(of: scalar)?.count ?? width(of: scalar)
      if used + width > columns { break }
      if scalar == " " { lastSpace = index }
      used += width
      index = scalars.index(after: index)
    }
    if index == scalars.endIndex {
      let line = String(rest)
      rest = ""
      return line
    }
    if scalars[index] == " " {
      let line = String(rest[..<index])
      rest = rest[scalars.index(after: index)...]
      return line
    }
    if let lastSpace, lastSpace > scalars.startIndex {
      let line = String(rest[..<lastSpace])
      rest = rest[scalars.index(after: lastSpace)...]
      return line
    }
    // A scalar wider than the line still has to be consumed.
    if index == scalars.startIndex { index = scalars.index(after: index) }
    let line = String(rest[..<index])
    rest = rest[index...]
    return line
  }

  /// Spacing scalars: 1 or 2. Combining marks: 0. Unassigned ones are shown by terminals as one column.
  static func width(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return 1 }
    // Box drawing, blocks and braille: the screen's own glyphs.
    if (0x2500...0x25FF).contains(value) || (0x2800...0x28FF).contains(value) { return 1 }
    let width = ct_width(value)
    return width < 0 ? 1 : Int(width)
  }

  /// What is shown in place of a scalar that must not reach the terminal.
  private static func picture(of scalar: Unicode.Scalar) -> [Character]? {
    switch scalar.value {
    case 0x09: [" "]
    case 0x0A: ["↵"]
    case 0x00...0x1F: Unicode.Scalar(0x2400 + scalar.value).map { [Character($0)] }
    case 0x7F: ["␡"]
    case 0x80...0x9F: Array("\\x" + String(scalar.value, radix: 16))
    // Direction marks and overrides, line and paragraph separators.
    case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0x061C: ["�"]
    // Private use, noncharacters and tags have no agreed width.
    case 0xE000...0xF8FF, 0xF0000...0x10FFFF, 0xE0000...0xE0FFF, 0xFFF0...0xFFFB, 0xFFFE, 0xFFFF: ["�"]
    default: nil
    }
  }

  private static func isLeftOut(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0D, 0xAD, 0x200B...0x200D, 0x2060...0x2064, 0xFE00...0xFE0F, 0xFEFF, 0x1F3FB...0x1F3FF: true
    default: false
    }
  }
}
