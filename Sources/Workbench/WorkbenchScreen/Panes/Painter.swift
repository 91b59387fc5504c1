/// A grid to draw on and the glyphs to draw with. `say` writes the screen's own words, `data` foreign text.
struct Painter {
  var grid: CellGrid
  let tier: GlyphTier
  /// There is no colour: shapes alone have to tell things apart.
  let monochrome: Bool
  let signs: Signs

  init(size: Size, tier: GlyphTier, monochrome: Bool) {
    grid = CellGrid(size)
    self.tier = tier
    signs = tier.signs
    self.monochrome = monochrome
  }

  @discardableResult
  mutating func say(_ text: String, _ style: Style, x: Int, y: Int, limit: Int = .max) -> Int {
    grid.write(tier.spell(text), style, x: x, y: y, limit: limit, ellipsis: limit == .max ? nil : signs.ellipsis)
  }

  @discardableResult
  mutating func data(_ text: String, _ style: Style, x: Int, y: Int, limit: Int = .max) -> Int {
    grid.write(text, style, x: x, y: y, limit: limit, ellipsis: signs.ellipsis)
  }

  mutating func put(_ glyph: Character, _ style: Style, x: Int, y: Int) {
    grid.put(glyph, style, x: x, y: y)
  }

  /// Columns that the screen's own `text` takes in this tier.
  func width(_ text: String) -> Int { DisplayText.width(tier.spell(text)) }

  /// Pieces of different styles after one another, cut at `limit` columns.
  @discardableResult
  mutating func say(_ pieces: [Piece], x: Int, y: Int, limit: Int) -> Int {
    var used = 0
    for piece in pieces where used < limit {
      if piece.isData {
        used += data(piece.text, piece.style, x: x + used, y: y, limit: limit - used)
      } else {
        used += say(piece.text, piece.style, x: x + used, y: y, limit: limit - used)
      }
    }
    return used
  }

  func width(_ pieces: [Piece]) -> Int { pieces.reduce(0) { $0 + width($1.text) } }
}

/// Text with a style.
struct Piece: Equatable, Sendable {
  var text: String
  var style: Style
  var isData = false

  init(_ text: String, _ style: Style = .text, isData: Bool = false) {
    self.text = text
    self.style = style
    self.isData = isData
  }
}

/// A pane's border with what is written in it. Where room is short, whole groups are left out, never parts of a number.
struct Frame {
  /// Always shown, cut if it must be.
  var title: [Piece]
  /// After the title, most important first.
  var details: [[Piece]] = []
  /// At the right of the top border, the most important outermost.
  var corner: [[Piece]] = []
  /// The corner's first group has room before any detail.
  var cornerFirst = false
  var focused: Bool

  /// Draws the border and returns the space inside. Too small a pane has no border.
  func draw(_ rect: Rect, on painter: inout Painter) -> Rect {
    guard rect.width >= 4, rect.height >= 3 else { return rect }
    let style = Style(focused ? .focus : .border)
    let signs = painter.signs
    for x in rect.x + 1..<rect.right - 1 {
      painter.put(signs.horizontal, style, x: x, y: rect.y)
      painter.put(signs.horizontal, style, x: x, y: rect.bottom - 1)
    }
    for y in rect.y + 1..<rect.bottom - 1 {
      painter.put(signs.vertical, style, x: rect.x, y: y)
      painter.put(signs.vertical, style, x: rect.right - 1, y: y)
    }
    painter.put(signs.topLeft, style, x: rect.x, y: rect.y)
    painter.put(signs.topRight, style, x: rect.right - 1, y: rect.y)
    painter.put(signs.bottomLeft, style, x: rect.x, y: rect.bottom - 1)
    painter.put(signs.bottomRight, style, x: rect.right - 1, y: rect.bottom - 1)
    drawTitle(rect, on: &painter)
    return rect.inside
  }

  private func drawTitle(_ rect: Rect, on painter: inout Painter) {
    let space = Piece(" ", Style(.border))
    let room = rect.width - 4
    var left = title
    var right: [[Piece]] = []
    func width() -> Int {
      let corner = right.reduce(0) { $0 + painter.width($1) + 1 }
      // A space before and after the corner, and a line of the border between it and the title.
      return painter.width(left) + (right.isEmpty ? 0 : corner + 2)
    }
    func add(_ group: [Piece]) {
      left += [space] + group
      if width() > room { left.removeLast(group.count + 1) }
    }
    func addCorner(_ group: [Piece]) {
      right.append(group)
      if width() > room { right.removeLast() }
    }
    if cornerFirst, let first = corner.first { addCorner(first) }
    for group in details { add(group) }
    for group in corner.dropFirst(cornerFirst ? 1 : 0) { addCorner(group) }
    painter.say([space] + left + [space], x: rect.x + 1, y: rect.y, limit: room + 2)
    guard !right.isEmpty else { return }
    let pieces = right.reversed().flatMap { [space] + $0 } + [space]
    painter.say(pieces, x: rect.right - 1 - painter.width(pieces), y: rect.y, limit: room)
  }

  /// A title's usual pieces: the tab's digit and the name.
  static func title(_ digit: String? = nil, _ name: String, focused: Bool) -> [Piece] {
    (digit.map { [Piece($0 + " ", Style(.key))] } ?? []) + [Piece(name, Style(.title, bold: focused))]
  }
}
