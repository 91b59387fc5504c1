/// What a terminal of the xterm kind shows after the bytes it was fed: enough of ECMA-48 and of xterm for what ncurses
/// writes with TERM=xterm-256color. Sequences that it does not know are kept in `unknown`.
struct ScreenEmulator {
  struct Cursor: Equatable {
    var row = 0
    var column = 0
    /// The last column was written: the next character goes to the next row.
    var wraps = false
    var style = ScreenCell.Style()
    /// G0…G3 are DEC's line-drawing set.
    var graphics = [false, false, false, false]
    var shift = 0
    var origin = false
  }

  private(set) var rows: Int
  private(set) var columns: Int
  private(set) var cells: [[ScreenCell]]
  private(set) var cursor = Cursor()
  private(set) var isAlternate = false
  private(set) var isCursorVisible = true
  /// Private modes that are on, such as 1 (application cursor keys), 1000 (mouse), 2004 (bracketed paste).
  private(set) var modes: Set<Int> = [7]
  private(set) var isKeypadApplication = false
  /// Times the whole screen was erased, and updates (mode 2026) that were completed.
  private(set) var erasures = 0
  private(set) var updates = 0
  private(set) var unknown: [String] = []

  private var parser = EscapeParser()
  private var top = 0
  private var bottom: Int
  private var inserts = false
  private var saved = Cursor()
  private var primary: (cells: [[ScreenCell]], cursor: Cursor)?
  private var last: Unicode.Scalar?
  private var tabs: Set<Int>

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    bottom = rows - 1
    cells = Self.grid(rows, columns)
    tabs = Set(stride(from: 8, to: 1000, by: 8))
  }

  /// The rows as text, trailing blanks left out.
  var text: [String] {
    cells.map { row in
      var line = row.map(\.text).joined()
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// The cells as an eye can tell them apart.
  var visible: [[ScreenCell]] { cells.map { $0.map(\.visible) } }

  func contains(_ text: String) -> Bool { self.text.contains { $0.contains(text) } }

  /// Nothing half read and no update under way: what is shown is a whole frame.
  var isSettled: Bool { parser.isIdle && !modes.contains(2026) }

  mutating func feed(_ bytes: some Sequence<UInt8>) {
    var tokens: [EscapeParser.Token] = []
    for byte in bytes {
      parser.feed(byte) { tokens.append($0) }
      for token in tokens { apply(token) }
      tokens.removeAll(keepingCapacity: true)
    }
  }

  /// As xterm's alternate screen does: what is cut off is lost, what is new is blank.
  mutating func resize(rows: Int, columns: Int) {
    func fitted(_ cells: [[ScreenCell]]) -> [[ScreenCell]] {
      var result = cells.prefix(rows).map { row in
        Array(row.prefix(columns)) + Array(repeating: .blank(), count: max(0, columns - row.count))
      }
      while result.count < rows { result.append(Array(repeating: .blank(), count: columns)) }
      return result
    }
    cells = fitted(cells)
    if let kept = primary { primary = (fitted(kept.cells), clamped(kept.cursor, rows, columns)) }
    cursor = clamped(cursor, rows, columns)
    saved = clamped(saved, rows, columns)
    self.rows = rows
    self.columns = columns
    top = 0
    bottom = rows - 1
  }

  private func clamped(_ cursor: Cursor, _ rows: Int, _ columns: Int) -> Cursor {
    var cursor = cursor
    cursor.row = min(cursor.row, rows - 1)
    cursor.column = min(cursor.column, columns - 1)
    cursor.wraps = false
    return cursor
  }

  private static func grid(_ rows: Int, _ columns: Int) -> [[ScreenCell]] {
    Array(repeating: Array(repeating: .blank(), count: columns), count: rows)
  }

  // MARK: Tokens

  private mutating func apply(_ token: EscapeParser.Token) {
    switch token {
    case .character(let scalar): put(scalar)
    case .control(let byte): control(byte)
    case .escape(let intermediates, let final): escape(intermediates, final)
    case .csi(let mark, let parameters, let intermediates, let final):
      if !csi(mark, parameters, intermediates, final) {
        let parts = parameters.map { $0.map(String.init) ?? "" }.joined(separator: ";")
        let before = mark.map { String(UnicodeScalar($0)) } ?? ""
        unknown.append("CSI \(before)\(parts)\(String(decoding: intermediates + [final], as: UTF8.self))")
      }
    // Titles, colours of the palette, clipboards: nothing that shows.
    case .string: break
    }
  }

  private mutating func control(_ byte: UInt8) {
    switch byte {
    case 0x08:
      if cursor.column > 0 { cursor.column -= 1 }
      cursor.wraps = false
    case 0x09:
      cursor.column = (cursor.column + 1..<columns).first { tabs.contains($0) } ?? columns - 1
    case 0x0a, 0x0b, 0x0c: lineFeed()
    case 0x0d:
      cursor.column = 0
      cursor.wraps = false
    case 0x0e: cursor.shift = 1
    case 0x0f: cursor.shift = 0
    default: break
    }
  }

  private mutating func escape(_ intermediates: [UInt8], _ final: UInt8) {
    switch (intermediates.first.map { UnicodeScalar($0) }, UnicodeScalar(final)) {
    case ("(", let set): cursor.graphics[0] = set == "0"
    case (")", let set): cursor.graphics[1] = set == "0"
    case ("*", let set): cursor.graphics[2] = set == "0"
    case ("+", let set): cursor.graphics[3] = set == "0"
    case (nil, "7"): saved = cursor
    case (nil, "8"): cursor = clamped(saved, rows, columns)
    case (nil, "D"): lineFeed()
    case (nil, "E"):
      cursor.column = 0
      lineFeed()
    case (nil, "M"):
      cursor.wraps = false
      if cursor.row == top { scrollDown(1, from: top) } else { cursor.row = max(0, cursor.row - 1) }
    case (nil, "H"): tabs.insert(cursor.column)
    case (nil, "="): isKeypadApplication = true
    case (nil, ">"): isKeypadApplication = false
    case (nil, "c"): self = ScreenEmulator(rows: rows, columns: columns)
    case (nil, "\\"): break
    default: unknown.append("ESC \(String(decoding: intermediates + [final], as: UTF8.self))")
    }
  }

  /// False for a sequence that is not known.
  private mutating func csi(_ mark: UInt8?, _ parameters: [Int?], _ intermediates: [UInt8], _ final: UInt8) -> Bool {
    let final = UnicodeScalar(final)
    guard intermediates.isEmpty else {
      // The soft reset and the cursor's shape.
      return intermediates == [UInt8(ascii: "!")] && final == "p" || intermediates == [UInt8(ascii: " ")] && final == "q"
    }
    if mark == UInt8(ascii: "?") {
      guard final == "h" || final == "l" else { return "Jnu$".unicodeScalars.contains(final) }
      parameters.forEach { if let mode = $0 { set(mode, final == "h") } }
      return true
    }
    // Reports about keys and the terminal's version show nothing.
    if mark != nil { return "mcuqn".unicodeScalars.contains(final) }

    /// The parameter at `index`; absent and 0 are 1.
    func count(_ index: Int = 0) -> Int {
      max(1, parameters.indices.contains(index) ? parameters[index] ?? 1 : 1)
    }
    let kind = parameters.first.flatMap { $0 } ?? 0
    switch final {
    case "A": moveRow(-count())
    case "B", "e": moveRow(count())
    case "C", "a": moveColumn(cursor.column + count())
    case "D": moveColumn(cursor.column - count())
    case "E":
      moveRow(count())
      moveColumn(0)
    case "F":
      moveRow(-count())
      moveColumn(0)
    case "G", "`": moveColumn(count() - 1)
    case "d": place(count() - 1, cursor.column)
    case "H", "f": place(count() - 1, count(1) - 1)
    case "I":
      for _ in 0..<min(count(), columns) { control(0x09) }
    case "Z":
      for _ in 0..<min(count(), columns) {
        cursor.column = (0..<cursor.column).last { $0 == 0 || tabs.contains($0) } ?? 0
      }
      cursor.wraps = false
    case "J": erase(kind)
    case "K": eraseLine(kind)
    case "X": blank(row: cursor.row, cursor.column..<min(columns, cursor.column + count()))
    case "@": insertBlanks(count())
    case "P": deleteCharacters(count())
    case "L":
      if (top...bottom).contains(cursor.row) { scrollDown(count(), from: cursor.row) }
      cursor.column = 0
    case "M":
      if (top...bottom).contains(cursor.row) { scrollUp(count(), from: cursor.row) }
      cursor.column = 0
    case "S": scrollUp(count(), from: top)
    case "T": scrollDown(count(), from: top)
    case "b":
      if let last {
        for _ in 0..<min(count(), rows * columns) { put(last) }
      }
    case "m": setStyle(parameters.isEmpty ? [0] : parameters.map { $0 ?? 0 })
    case "r":
      let first = count() - 1
      let end = parameters.count > 1 ? (parameters[1] ?? rows) : rows
      if first < min(end == 0 ? rows : end, rows) - 1 {
        top = first
        bottom = min(end == 0 ? rows : end, rows) - 1
      }
      place(0, 0)
    case "s": saved = cursor
    case "u": cursor = clamped(saved, rows, columns)
    case "h": if kind == 4 { inserts = true }
    case "l": if kind == 4 { inserts = false }
    case "g": if kind == 3 { tabs = [] } else { tabs.remove(cursor.column) }
    // Window operations (the title stack), status reports, identity.
    case "t", "n", "c": break
    default: return false
    }
    return true
  }

  private mutating func set(_ mode: Int, _ on: Bool) {
    if mode == 2026, !on, modes.contains(2026) { updates += 1 }
    if on { modes.insert(mode) } else { modes.remove(mode) }
    switch mode {
    case 6:
      cursor.origin = on
      place(0, 0)
    case 25: isCursorVisible = on
    case 47, 1047: swap(on)
    case 1048: if on { saved = cursor } else { cursor = clamped(saved, rows, columns) }
    case 1049:
      if on, !isAlternate { saved = cursor }
      let was = isAlternate
      swap(on)
      if !on, was { cursor = clamped(saved, rows, columns) }
    default: break
    }
  }

  private mutating func swap(_ alternate: Bool) {
    guard alternate != isAlternate else { return }
    isAlternate = alternate
    if alternate {
      primary = (cells, cursor)
      cells = Self.grid(rows, columns)
    } else if let kept = primary {
      cells = kept.cells
      primary = nil
    }
  }

  // MARK: Characters

  /// DEC's special graphics, from 0x5f on.
  private static let graphics = Array(" ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·".unicodeScalars)

  private mutating func put(_ scalar: Unicode.Scalar) {
    var shown = scalar
    if cursor.graphics[cursor.shift], (0x5f...0x7e).contains(scalar.value) {
      shown = Self.graphics[Int(scalar.value) - 0x5f]
    }
    let width = CharacterWidth.of(shown)
    if width == 0 {
      combine(shown)
      return
    }
    last = scalar
    if cursor.wraps, modes.contains(7) {
      cursor.column = 0
      lineFeed()
    }
    if width == 2, cursor.column == columns - 1 {
      guard modes.contains(7), columns >= 2 else { return }
      cursor.column = 0
      lineFeed()
    }
    if inserts { insertBlanks(width) }
    clearHalves(cursor.row, cursor.column..<min(columns, cursor.column + width))
    cells[cursor.row][cursor.column] = ScreenCell(text: String(shown), style: cursor.style)
    if width == 2 { cells[cursor.row][cursor.column + 1] = ScreenCell(text: "", style: cursor.style) }
    if cursor.column + width >= columns {
      cursor.column = columns - 1
      cursor.wraps = true
    } else {
      cursor.column += width
    }
  }

  /// A mark joins the character before the cursor.
  private mutating func combine(_ scalar: Unicode.Scalar) {
    var column = cursor.wraps ? cursor.column : cursor.column - 1
    if column >= 0, cells[cursor.row][column].isRightHalf { column -= 1 }
    guard column >= 0 else { return }
    cells[cursor.row][column].text.unicodeScalars.append(scalar)
  }

  /// Half of a wide character cannot stay when the other half is overwritten.
  private mutating func clearHalves(_ row: Int, _ range: Range<Int>) {
    guard let first = range.first, let end = range.last else { return }
    if cells[row][first].isRightHalf, first > 0 { cells[row][first - 1].text = " " }
    if end + 1 < columns, cells[row][end + 1].isRightHalf { cells[row][end + 1].text = " " }
  }

  // MARK: Moving

  private mutating func lineFeed() {
    cursor.wraps = false
    if cursor.row == bottom { scrollUp(1, from: top) } else if cursor.row < rows - 1 { cursor.row += 1 }
  }

  /// Up and down stop at the margins when they begin within them.
  private mutating func moveRow(_ count: Int) {
    let low = cursor.row >= top ? top : 0
    let high = cursor.row <= bottom ? bottom : rows - 1
    cursor.row = max(low, min(high, cursor.row + count))
    cursor.wraps = false
  }

  private mutating func moveColumn(_ column: Int) {
    cursor.column = max(0, min(columns - 1, column))
    cursor.wraps = false
  }

  private mutating func place(_ row: Int, _ column: Int) {
    let (low, high) = cursor.origin ? (top, bottom) : (0, rows - 1)
    cursor.row = max(low, min(high, row + low))
    moveColumn(column)
  }

  // MARK: Erasing and shifting. What is erased takes the present background (bce).

  private mutating func blank(row: Int, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    clearHalves(row, range)
    for column in range { cells[row][column] = .blank(cursor.style.background) }
  }

  private mutating func erase(_ kind: Int) {
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

  private mutating func eraseLine(_ kind: Int) {
    switch kind {
    case 0: blank(row: cursor.row, cursor.column..<columns)
    case 1: blank(row: cursor.row, 0..<cursor.column + 1)
    default: blank(row: cursor.row, 0..<columns)
    }
    cursor.wraps = false
  }

  private mutating func insertBlanks(_ count: Int) {
    let count = min(count, columns - cursor.column)
    clearHalves(cursor.row, cursor.column..<cursor.column)
    cells[cursor.row].insert(
      contentsOf: Array(repeating: .blank(cursor.style.background), count: count), at: cursor.column)
    cells[cursor.row].removeLast(count)
    repair(cursor.row)
    cursor.wraps = false
  }

  private mutating func deleteCharacters(_ count: Int) {
    let count = min(count, columns - cursor.column)
    cells[cursor.row].removeSubrange(cursor.column..<cursor.column + count)
    cells[cursor.row] += Array(repeating: .blank(cursor.style.background), count: count)
    repair(cursor.row)
    cursor.wraps = false
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

  private mutating func scrollUp(_ count: Int, from first: Int) {
    let count = min(count, bottom - first + 1)
    cells.removeSubrange(first..<first + count)
    let fresh = Array(repeating: ScreenCell.blank(cursor.style.background), count: columns)
    cells.insert(contentsOf: Array(repeating: fresh, count: count), at: bottom + 1 - count)
  }

  private mutating func scrollDown(_ count: Int, from first: Int) {
    let count = min(count, bottom - first + 1)
    cells.removeSubrange(bottom + 1 - count..<bottom + 1)
    let fresh = Array(repeating: ScreenCell.blank(cursor.style.background), count: columns)
    cells.insert(contentsOf: Array(repeating: fresh, count: count), at: first)
  }

  // MARK: SGR

  private mutating func setStyle(_ codes: [Int]) {
    var rest = codes[...]
    while let code = rest.popFirst() {
      switch code {
      case 0: cursor.style = ScreenCell.Style()
      case 1: cursor.style.bold = true
      case 2: cursor.style.dim = true
      case 3: cursor.style.italic = true
      case 4: cursor.style.underline = true
      case 5: cursor.style.blink = true
      case 7: cursor.style.reverse = true
      case 8: cursor.style.hidden = true
      case 22: (cursor.style.bold, cursor.style.dim) = (false, false)
      case 23: cursor.style.italic = false
      case 24: cursor.style.underline = false
      case 25: cursor.style.blink = false
      case 27: cursor.style.reverse = false
      case 28: cursor.style.hidden = false
      case 30...37: cursor.style.foreground = .indexed(code - 30)
      case 38: cursor.style.foreground = Self.colour(&rest) ?? cursor.style.foreground
      case 39: cursor.style.foreground = nil
      case 40...47: cursor.style.background = .indexed(code - 40)
      case 48: cursor.style.background = Self.colour(&rest) ?? cursor.style.background
      case 49: cursor.style.background = nil
      case 90...97: cursor.style.foreground = .indexed(code - 82)
      case 100...107: cursor.style.background = .indexed(code - 92)
      default: unknown.append("SGR \(code)")
      }
    }
  }

  /// What follows 38 and 48: 5;index or 2;red;green;blue.
  private static func colour(_ rest: inout ArraySlice<Int>) -> ScreenCell.Colour? {
    switch rest.popFirst() {
    case 5: return rest.popFirst().map { .indexed($0) }
    case 2:
      guard let red = rest.popFirst(), let green = rest.popFirst(), let blue = rest.popFirst() else { return nil }
      return .rgb(red, green, blue)
    default: return nil
    }
  }
}
