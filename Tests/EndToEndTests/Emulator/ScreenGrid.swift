/// Rows of cells and what a terminal does to whole stretches of them. What comes in takes the given background (bce),
/// and half of a wide character never stays without the other half.
struct ScreenGrid: Equatable {
  private(set) var rows: Int
  private(set) var columns: Int
  private(set) var cells: [[ScreenCell]]

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    cells = Array(repeating: Array(repeating: .blank(), count: columns), count: rows)
  }

  /// What is cut off is lost, what is new is blank.
  mutating func resize(rows: Int, columns: Int) {
    cells = cells.prefix(rows).map { row in
      Array(row.prefix(columns)) + Array(repeating: .blank(), count: max(0, columns - row.count))
    }
    while cells.count < rows { cells.append(Array(repeating: .blank(), count: columns)) }
    self.rows = rows
    self.columns = columns
  }

  /// - Parameter width: 1, or 2 where a column follows.
  mutating func put(_ text: String, width: Int, _ style: ScreenCell.Style, row: Int, column: Int) {
    clearHalves(row, column..<min(columns, column + width))
    cells[row][column] = ScreenCell(text: text, style: style)
    if width == 2 { cells[row][column + 1] = ScreenCell(text: "", style: style) }
  }

  /// Adds a combining mark to the character that ends at `column`.
  mutating func combine(_ scalar: Unicode.Scalar, row: Int, column: Int) {
    let base = column > 0 && cells[row][column].isRightHalf ? column - 1 : column
    cells[row][base].text.unicodeScalars.append(scalar)
  }

  mutating func blank(row: Int, _ range: Range<Int>, _ background: ScreenCell.Colour?) {
    guard !range.isEmpty else { return }
    clearHalves(row, range)
    for column in range { cells[row][column] = .blank(background) }
  }

  /// Shifts the rest of the row right.
  mutating func insert(_ count: Int, row: Int, column: Int, _ background: ScreenCell.Colour?) {
    let count = min(count, columns - column)
    cells[row].insert(contentsOf: Array(repeating: .blank(background), count: count), at: column)
    cells[row].removeLast(count)
    repair(row)
  }

  /// Shifts the rest of the row left.
  mutating func delete(_ count: Int, row: Int, column: Int, _ background: ScreenCell.Colour?) {
    let count = min(count, columns - column)
    cells[row].removeSubrange(column..<column + count)
    cells[row] += Array(repeating: .blank(background), count: count)
    repair(row)
  }

  mutating func scrollUp(_ count: Int, _ region: ClosedRange<Int>, _ background: ScreenCell.Colour?) {
    let count = min(count, region.count)
    cells.removeSubrange(region.lowerBound..<region.lowerBound + count)
    cells.insert(contentsOf: fresh(count, background), at: region.upperBound + 1 - count)
  }

  mutating func scrollDown(_ count: Int, _ region: ClosedRange<Int>, _ background: ScreenCell.Colour?) {
    let count = min(count, region.count)
    cells.removeSubrange(region.upperBound + 1 - count..<region.upperBound + 1)
    cells.insert(contentsOf: fresh(count, background), at: region.lowerBound)
  }

  private func fresh(_ count: Int, _ background: ScreenCell.Colour?) -> [[ScreenCell]] {
    Array(repeating: Array(repeating: .blank(background), count: columns), count: count)
  }

  /// The other halves of wide characters that are about to be overwritten become blanks.
  private mutating func clearHalves(_ row: Int, _ range: Range<Int>) {
    guard let first = range.first, let end = range.last else { return }
    if cells[row][first].isRightHalf, first > 0 { cells[row][first - 1].text = " " }
    if end + 1 < columns, cells[row][end + 1].isRightHalf { cells[row][end + 1].text = " " }
  }

  /// Turns halves of wide characters whose other half was shifted away into blanks.
  private mutating func repair(_ row: Int) {
    for column in 0..<columns {
      let cell = cells[row][column]
      let isWide = cell.text.unicodeScalars.first.map { CharacterWidth.of($0) == 2 } ?? false
      let halfFollows = column + 1 < columns && cells[row][column + 1].isRightHalf
      if isWide, !halfFollows { cells[row][column].text = " " }
      if cell.isRightHalf {
        let before = column > 0 ? cells[row][column - 1].text.unicodeScalars.first : nil
        if before.map({ CharacterWidth.of($0) != 2 }) ?? true { cells[row][column].text = " " }
      }
    }
  }
}
