/// Where the cursor goes, and what is erased from where it stands.
extension ScreenEmulator {
  mutating func lineFeed() {
    cursor.wraps = false
    if cursor.row == bottom {
      grid.scrollUp(1, top...bottom, cursor.style.background)
    } else if cursor.row < rows - 1 {
      cursor.row += 1
    }
  }

  /// Up and down stop at the margins when they begin within them.
  mutating func moveRow(_ count: Int) {
    let low = cursor.row >= top ? top : 0
    let high = cursor.row <= bottom ? bottom : rows - 1
    cursor.row = max(low, min(high, cursor.row + count))
    cursor.wraps = false
  }

  mutating func moveColumn(_ column: Int) {
    cursor.column = max(0, min(columns - 1, column))
    cursor.wraps = false
  }

  mutating func place(_ row: Int, _ column: Int) {
    let (low, high) = cursor.origin ? (top, bottom) : (0, rows - 1)
    cursor.row = max(low, min(high, row + low))
    moveColumn(column)
  }

  // MARK: Erasing

  mutating func blank(row: Int, _ range: Range<Int>) { grid.blank(row: row, range, cursor.style.background) }

  mutating func erase(_ kind: Int) {
    cursor.wraps = false
    switch kind {
    case 0:
      if cursor.row == 0, cursor.column == 0 { erasures += 1 }
      blank(row: cursor.row, cursor.column..<columns)
      for row in cursor.row + 1..<max(rows, cursor.row + 1) { blank(row: row, 0..<columns) }
    case 1:
      for row in 0..<cursor.row { blank(row: row, 0..<columns) }
      blank(row: cursor.row, 0..<cursor.column + 1)
    case 2:
      erasures += 1
      for row in 0..<rows { blank(row: row, 0..<columns) }
    // 3 is the lines scrolled away, which are not kept here.
    default: break
    }
  }

  mutating func eraseLine(_ kind: Int) {
    switch kind {
    case 0: blank(row: cursor.row, cursor.column..<columns)
    case 1: blank(row: cursor.row, 0..<cursor.column + 1)
    default: blank(row: cursor.row, 0..<columns)
    }
    cursor.wraps = false
  }
}
