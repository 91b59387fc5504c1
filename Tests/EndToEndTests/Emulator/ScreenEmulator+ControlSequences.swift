/// Control sequences: what begins with ESC [.
extension ScreenEmulator {
  /// Carries out `CSI mark parameters intermediates final`.
  /// - Returns: false for a sequence that is not known.
  mutating func csi(_ mark: UInt8?, _ parameters: [Int?], _ intermediates: [UInt8], _ final: UInt8) -> Bool {
    let final = UnicodeScalar(final)
    guard intermediates.isEmpty else {
      // The soft reset and the cursor's shape.
      return intermediates == [UInt8(ascii: "!")] && final == "p"
        || intermediates == [UInt8(ascii: " ")] && final == "q"
    }
    if mark == UInt8(ascii: "?") {
      guard final == "h" || final == "l" else { return "Jnu$".unicodeScalars.contains(final) }
      parameters.forEach { if let mode = $0 { set(mode, final == "h") } }
      return true
    }
    // Reports about keys and the terminal's version show nothing.
    if mark != nil { return "mcuqn".unicodeScalars.contains(final) }
    return move(final, parameters) || edit(final, parameters) || change(final, parameters)
  }

  /// The parameter at `index`; absent and 0 are 1.
  private func count(_ parameters: [Int?], _ index: Int = 0) -> Int {
    max(1, parameters.indices.contains(index) ? parameters[index] ?? 1 : 1)
  }

  /// Moves the cursor; false where `final` does something else.
  private mutating func move(_ final: UnicodeScalar, _ parameters: [Int?]) -> Bool {
    let count = count(parameters)
    switch final {
    case "A": moveRow(-count)
    case "B", "e": moveRow(count)
    case "C", "a": moveColumn(cursor.column + count)
    case "D": moveColumn(cursor.column - count)
    case "E":
      moveRow(count)
      moveColumn(0)
    case "F":
      moveRow(-count)
      moveColumn(0)
    case "G", "`": moveColumn(count - 1)
    case "d": place(count - 1, cursor.column)
    case "H", "f": place(count - 1, self.count(parameters, 1) - 1)
    case "I":
      for _ in 0..<min(count, columns) { control(0x09) }
    case "Z":
      for _ in 0..<min(count, columns) {
        cursor.column = (0..<cursor.column).last { $0 == 0 || tabs.contains($0) } ?? 0
      }
      cursor.wraps = false
    case "s": saved = cursor
    case "u": cursor = clamped(saved)
    default: return false
    }
    return true
  }

  /// Erases, inserts, deletes and scrolls; false where `final` does something else.
  private mutating func edit(_ final: UnicodeScalar, _ parameters: [Int?]) -> Bool {
    let count = count(parameters)
    let kind = parameters.first.flatMap { $0 } ?? 0
    // What is erased or comes in takes the present background (bce).
    let background = cursor.style.background
    switch final {
    case "J": erase(kind)
    case "K": eraseLine(kind)
    case "X": blank(row: cursor.row, cursor.column..<min(columns, cursor.column + count))
    case "@":
      grid.insert(count, row: cursor.row, column: cursor.column, background)
      cursor.wraps = false
    case "P":
      grid.delete(count, row: cursor.row, column: cursor.column, background)
      cursor.wraps = false
    case "L":
      if (top...bottom).contains(cursor.row) { grid.scrollDown(count, cursor.row...bottom, background) }
      moveColumn(0)
    case "M":
      if (top...bottom).contains(cursor.row) { grid.scrollUp(count, cursor.row...bottom, background) }
      moveColumn(0)
    case "S": grid.scrollUp(count, top...bottom, background)
    case "T": grid.scrollDown(count, top...bottom, background)
    case "b":
      if let last {
        for _ in 0..<min(count, rows * columns) { put(last) }
      }
    default: return false
    }
    return true
  }

  /// Changes colours, margins, modes and tab stops; false where `final` is not known.
  private mutating func change(_ final: UnicodeScalar, _ parameters: [Int?]) -> Bool {
    let kind = parameters.first.flatMap { $0 } ?? 0
    switch final {
    case "m":
      let codes = parameters.isEmpty ? [0] : parameters.map { $0 ?? 0 }
      unknown += cursor.style.apply(codes).map { "SGR \($0)" }
    case "r":
      let first = count(parameters) - 1
      let end = parameters.count > 1 ? (parameters[1] ?? rows) : rows
      if first < min(end == 0 ? rows : end, rows) - 1 {
        top = first
        bottom = min(end == 0 ? rows : end, rows) - 1
      }
      place(0, 0)
    case "h": if kind == 4 { inserts = true }
    case "l": if kind == 4 { inserts = false }
    case "g": if kind == 3 { tabs = [] } else { tabs.remove(cursor.column) }
    // Window operations (the title stack), status reports, identity.
    case "t", "n", "c": break
    default: return false
    }
    return true
  }
}
