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

  var grid: ScreenGrid
  var cursor = Cursor()
  private(set) var isAlternate = false
  private(set) var isCursorVisible = true
  /// Private modes that are on, such as 1 (application cursor keys), 1000 (mouse), 2004 (bracketed paste).
  private(set) var modes: Set<Int> = [7]
  private(set) var isKeypadApplication = false
  /// Times the whole screen was erased, and updates (mode 2026) that were completed.
  var erasures = 0
  private(set) var updates = 0
  var unknown: [String] = []

  private var parser = EscapeParser()
  /// The first row and the last one that scroll.
  var top = 0
  var bottom: Int
  var inserts = false
  /// What ESC 7 keeps: xterm has one place for each of the two screens.
  private var savedCursors = [Cursor(), Cursor()]
  private var primary: ScreenGrid?
  var last: Unicode.Scalar?
  var tabs: Set<Int>

  init(rows: Int, columns: Int) {
    grid = ScreenGrid(rows: rows, columns: columns)
    bottom = rows - 1
    tabs = Set(stride(from: 8, to: 1000, by: 8))
  }

  var rows: Int { grid.rows }
  var columns: Int { grid.columns }
  var cells: [[ScreenCell]] { grid.cells }

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

  /// As xterm's alternate screen does: nothing is wrapped anew.
  mutating func resize(rows: Int, columns: Int) {
    grid.resize(rows: rows, columns: columns)
    primary?.resize(rows: rows, columns: columns)
    cursor = clamped(cursor)
    savedCursors = savedCursors.map(clamped)
    top = 0
    bottom = rows - 1
  }

  var saved: Cursor {
    get { savedCursors[isAlternate ? 1 : 0] }
    set { savedCursors[isAlternate ? 1 : 0] = newValue }
  }

  func clamped(_ cursor: Cursor) -> Cursor {
    var cursor = cursor
    cursor.row = min(cursor.row, rows - 1)
    cursor.column = min(cursor.column, columns - 1)
    cursor.wraps = false
    return cursor
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

  mutating func control(_ byte: UInt8) {
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
    case (nil, "8"): cursor = clamped(saved)
    case (nil, "D"): lineFeed()
    case (nil, "E"):
      cursor.column = 0
      lineFeed()
    case (nil, "M"):
      cursor.wraps = false
      if cursor.row == top {
        grid.scrollDown(1, top...bottom, cursor.style.background)
      } else {
        cursor.row = max(0, cursor.row - 1)
      }
    case (nil, "H"): tabs.insert(cursor.column)
    case (nil, "="): isKeypadApplication = true
    case (nil, ">"): isKeypadApplication = false
    case (nil, "c"): self = ScreenEmulator(rows: rows, columns: columns)
    case (nil, "\\"): break
    default: unknown.append("ESC \(String(decoding: intermediates + [final], as: UTF8.self))")
    }
  }

  mutating func set(_ mode: Int, _ on: Bool) {
    if mode == 2026, !on, modes.contains(2026) { updates += 1 }
    if on { modes.insert(mode) } else { modes.remove(mode) }
    switch mode {
    case 6:
      cursor.origin = on
      place(0, 0)
    case 25: isCursorVisible = on
    case 47, 1047: swap(on)
    case 1048: if on { saved = cursor } else { cursor = clamped(saved) }
    case 1049:
      if on, !isAlternate { saved = cursor }
      let was = isAlternate
      swap(on)
      if !on, was { cursor = clamped(saved) }
    default: break
    }
  }

  private mutating func swap(_ alternate: Bool) {
    guard alternate != isAlternate else { return }
    isAlternate = alternate
    if alternate {
      primary = grid
      grid = ScreenGrid(rows: rows, columns: columns)
    } else if var kept = primary {
      kept.resize(rows: rows, columns: columns)
      grid = kept
      primary = nil
    }
  }

  // MARK: Characters

  /// DEC's special graphics, from 0x5f on.
  private static let graphics = Array(" ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·".unicodeScalars)

  mutating func put(_ scalar: Unicode.Scalar) {
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
    if inserts { grid.insert(width, row: cursor.row, column: cursor.column, cursor.style.background) }
    grid.put(String(shown), width: width, cursor.style, row: cursor.row, column: cursor.column)
    if cursor.column + width >= columns {
      cursor.column = columns - 1
      cursor.wraps = true
    } else {
      cursor.column += width
    }
  }

  /// A mark joins the character before the cursor.
  private mutating func combine(_ scalar: Unicode.Scalar) {
    let column = cursor.wraps ? cursor.column : cursor.column - 1
    if column >= 0 { grid.combine(scalar, row: cursor.row, column: column) }
  }
}
