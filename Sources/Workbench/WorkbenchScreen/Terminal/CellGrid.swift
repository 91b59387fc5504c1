/// A frame: what every cell of the terminal shows. Writing outside is cut off, never an error.
public struct CellGrid: Equatable, Sendable {
  public let size: Size
  public private(set) var cells: [Cell]

  public init(_ size: Size) {
    self.size = size
    cells = Array(repeating: .blank, count: size.width * size.height)
  }

  public subscript(x: Int, y: Int) -> Cell? {
    guard x >= 0, x < size.width, y >= 0, y < size.height else { return nil }
    return cells[y * size.width + x]
  }

  /// Puts a glyph of one column. Half of a wide glyph that it covers becomes a space.
  mutating func put(_ glyph: Character, _ style: Style, x: Int, y: Int) {
    guard x >= 0, x < size.width, y >= 0, y < size.height else { return }
    let index = y * size.width + x
    release(index, x: x)
    cells[index] = Cell(glyph, style)
  }

  /// Writes text from (x, y), at most `limit` columns and never beyond the grid; returns the columns used.
  /// The text is made safe first (`DisplayText`); what does not fit is cut, with `ellipsis` in its place if given.
  @discardableResult
  mutating func write(
    _ text: String, _ style: Style, x: Int, y: Int, limit: Int = .max, ellipsis: Character? = nil
  ) -> Int {
    guard y >= 0, y < size.height, x < size.width, x >= 0 else { return 0 }
    let room = min(limit, size.width - x)
    guard room > 0 else { return 0 }
    var fitted = DisplayText.clusters(text, columns: room)
    if fitted.cut, let ellipsis {
      while fitted.columns > room - 1, let last = fitted.clusters.popLast() { fitted.columns -= last.width }
      fitted.clusters.append(DisplayText.Cluster(glyph: ellipsis, width: 1))
      fitted.columns += 1
    }
    var column = x
    for cluster in fitted.clusters {
      let index = y * size.width + column
      release(index, x: column)
      if cluster.width == 2 {
        release(index + 1, x: column + 1)
        cells[index] = Cell(cluster.glyph, style, width: 2)
        cells[index + 1] = Cell(" ", style, width: 0)
      } else {
        cells[index] = Cell(cluster.glyph, style)
      }
      column += cluster.width
    }
    return column - x
  }

  /// Gives every cell of a row's part another style, keeping its glyphs.
  mutating func restyle(x: Int, y: Int, columns: Int, _ change: (inout Style) -> Void) {
    guard y >= 0, y < size.height else { return }
    for column in max(0, x)..<max(max(0, x), min(size.width, x + columns)) {
      change(&cells[y * size.width + column].style)
    }
  }

  mutating func clear(_ rect: Rect, _ style: Style = .text) {
    let inside = rect.intersection(Rect(x: 0, y: 0, width: size.width, height: size.height))
    for y in inside.y..<inside.y + inside.height {
      for x in inside.x..<inside.x + inside.width { put(" ", style, x: x, y: y) }
    }
  }

  /// Breaks a wide glyph of which the cell at `index` is one half.
  private mutating func release(_ index: Int, x: Int) {
    switch cells[index].width {
    case 0 where x > 0: cells[index - 1] = Cell(" ", cells[index - 1].style)
    case 2 where x + 1 < size.width: cells[index + 1] = Cell(" ", cells[index + 1].style)
    default: break
    }
    cells[index].width = 1
  }

  /// The frame as text, one line a row, spaces at the ends of lines left out.
  public var text: String {
    var lines: [String] = []
    for y in 0..<size.height {
      var line = ""
      for cell in cells[y * size.width..<(y + 1) * size.width] where cell.width != 0 { line.append(cell.glyph) }
      while line.last == " " { line.removeLast() }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
