/// A line of small bars, one a value, newest at the right.
enum Sparkline {
  static func text(_ values: [Double], columns: Int, tier: GlyphTier) -> String {
    guard columns > 0 else { return "" }
    let levels: [Character] =
      switch tier {
      case .braille: ["▁", "▂", "▃", "▄", "▅", "▆", "▇"]
      case .halfBlock: ["_", "▄", "█"]
      case .ascii: ["_", ".", "-", "=", "+", "*", "#"]
      }
    let shown = values.suffix(columns)
    let finite = shown.filter(\.isFinite)
    let low = finite.min() ?? 0
    let span = (finite.max() ?? 0) - low
    let bars = shown.map { value -> Character in
      guard value.isFinite else { return tier == .ascii ? "x" : "×" }
      // Values that are all the same stand in the middle.
      let share = span > 0 && span.isFinite ? (value - low) / span : 0.5
      return levels[min(levels.count - 1, NumberText.whole(share * Double(levels.count)))]
    }
    return String(repeating: " ", count: max(0, columns - bars.count)) + String(bars)
  }
}

/// Shares of a whole side by side in one bar.
enum StackedBar {
  /// Columns of each share; they add up to exactly `columns` (largest remainders), for shares that add up to 1.
  static func columns(_ shares: [Double], columns: Int) -> [Int] {
    let clean = shares.map { $0.isFinite ? max(0, $0) : 0 }
    let total = clean.reduce(0, +)
    guard total > 0, columns > 0 else { return Array(repeating: 0, count: shares.count) }
    let exact = clean.map { $0 / total * Double(columns) }
    var result = exact.map { NumberText.whole($0.rounded(.down)) }
    let order = exact.indices.sorted { exact[$0] - exact[$0].rounded(.down) > exact[$1] - exact[$1].rounded(.down) }
    var missing = columns - result.reduce(0, +)
    for index in order where missing > 0 {
      result[index] += 1
      missing -= 1
    }
    return result
  }

  static func draw(_ shares: [Double], x: Int, y: Int, columns: Int, on painter: inout Painter) {
    var at = x
    for (index, width) in Self.columns(shares, columns: columns).enumerated() {
      let style = style(index)
      let fill = fill(index, painter)
      for _ in 0..<width {
        painter.put(fill, style, x: at, y: y)
        at += 1
      }
    }
  }

  /// Colour tells the shares apart; without it, patterns do.
  static func fill(_ index: Int, _ painter: Painter) -> Character {
    guard painter.monochrome || painter.tier == .ascii else { return painter.signs.full }
    return painter.signs.shareFills[index % painter.signs.shareFills.count]
  }

  static func style(_ index: Int) -> Style { Style(Role.shares[index % Role.shares.count]) }
}

/// How far something has come.
enum ProgressBar {
  static func draw(_ fraction: Double?, x: Int, y: Int, columns: Int, on painter: inout Painter) {
    guard columns > 0 else { return }
    let filled =
      fraction.map { NumberText.whole((max(0, min(1, $0.isFinite ? $0 : 0)) * Double(columns)).rounded()) } ?? 0
    for column in 0..<columns {
      let done = column < filled
      painter.put(
        done ? painter.signs.progress : painter.signs.horizontal, done ? Style(.focus, bold: true) : .faint,
        x: x + column, y: y)
    }
  }
}
