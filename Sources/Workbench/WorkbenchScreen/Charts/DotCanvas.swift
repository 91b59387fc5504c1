/// A drawing of small dots on cells: 2 × 4 a cell in braille, 1 × 2 in half-blocks, 1 × 3 in ASCII.
///
/// A cell has one colour, so layers have an order. A line clears a band's dots from the cells it passes and is never
/// hidden by one; two lines in one cell keep both their dots and take the colour of the higher.
struct DotCanvas {
  enum Layer: Int, Comparable {
    case band, lower, line, upper

    var isLine: Bool { self != .band }
    static func < (left: Layer, right: Layer) -> Bool { left.rawValue < right.rawValue }
  }

  private struct CellDots {
    var mask: UInt8 = 0
    var style = Style.text
    var layer = Layer.band
  }

  let columns: Int
  let rows: Int
  let tier: GlyphTier
  private var cells: [CellDots]

  init(columns: Int, rows: Int, tier: GlyphTier) {
    self.columns = max(0, columns)
    self.rows = max(0, rows)
    self.tier = tier
    cells = Array(repeating: CellDots(), count: self.columns * self.rows)
  }

  private static func dotsPerCell(_ tier: GlyphTier) -> (x: Int, y: Int) {
    switch tier {
    case .braille: (2, 4)
    case .halfBlock: (1, 2)
    case .ascii: (1, 3)
    }
  }

  /// Dots across a chart of that many columns.
  static func width(columns: Int, tier: GlyphTier) -> Int { max(0, columns) * dotsPerCell(tier).x }

  var width: Int { columns * Self.dotsPerCell(tier).x }
  var height: Int { rows * Self.dotsPerCell(tier).y }

  /// Sets the dot at (x, y), y counted from the top; outside is ignored.
  mutating func dot(x: Int, y: Int, _ style: Style, _ layer: Layer) {
    guard x >= 0, x < width, y >= 0, y < height else { return }
    let per = Self.dotsPerCell(tier)
    let index = (y / per.y) * columns + x / per.x
    let bit = Self.bit(x: x % per.x, y: y % per.y, tier)
    if cells[index].mask == 0 || layer > cells[index].layer {
      let keep = layer.isLine && cells[index].layer.isLine ? cells[index].mask : 0
      cells[index] = CellDots(mask: keep | bit, style: style, layer: layer)
    } else if layer == cells[index].layer || layer.isLine {
      cells[index].mask |= bit
    }
  }

  /// All dots of column x from `top` to `bottom`.
  mutating func column(x: Int, from top: Int, to bottom: Int, _ style: Style, _ layer: Layer) {
    let first = max(0, min(top, bottom))
    let last = min(height - 1, max(top, bottom))
    guard first <= last else { return }
    for y in first...last { dot(x: x, y: y, style, layer) }
  }

  private static func bit(x: Int, y: Int, _ tier: GlyphTier) -> UInt8 {
    switch tier {
    case .braille:
      // Unicode numbers the dots 1–3 and 7 down the left, 4–6 and 8 down the right.
      y == 3 ? (x == 0 ? 0x40 : 0x80) : UInt8(1 << (y + 3 * x))
    case .halfBlock, .ascii: UInt8(1 << y)
    }
  }

  private func glyph(_ dots: CellDots) -> Character {
    switch tier {
    case .braille:
      return Unicode.Scalar(0x2800 + UInt32(dots.mask)).map(Character.init) ?? " "
    case .halfBlock:
      if dots.layer == .band { return "░" }
      return dots.mask == 1 ? "▀" : dots.mask == 2 ? "▄" : "█"
    case .ascii:
      if dots.layer == .band { return ":" }
      switch dots.mask {
      case 1: return "'"
      case 2: return "-"
      case 4: return "."
      default: return "|"
      }
    }
  }

  /// Puts the drawing on the grid; cells without dots stay as they were.
  func draw(at x: Int, _ y: Int, on painter: inout Painter) {
    for row in 0..<rows {
      for column in 0..<columns {
        let dots = cells[row * columns + column]
        if dots.mask != 0 { painter.put(glyph(dots), dots.style, x: x + column, y: y + row) }
      }
    }
  }
}
