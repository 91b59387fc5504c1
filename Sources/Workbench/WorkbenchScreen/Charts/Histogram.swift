import Foundation

/// Bars by rank: what was drawn █, where it was expected ╌, and what an edited γ would draw ░.
struct Histogram {
  /// By rank, index 0 the best response, which is never drawn and has no bar. Shares of 1.
  var drawn: [Double]
  var expected: [Double]
  var whatIf: [Double]?

  private struct Bin {
    /// Ranks as people count them, the best is 1.
    var ranks: ClosedRange<Int>
    var drawn = 0.0
    var expected = 0.0
    var whatIf = 0.0
  }

  private func bins(_ limit: Int) -> [Bin] {
    let ranks = max(drawn.count, expected.count, whatIf?.count ?? 0) - 1
    guard ranks > 0, limit > 0 else { return [] }
    let per = (ranks + limit - 1) / limit
    return stride(from: 1, through: ranks, by: per).map { first in
      let last = min(ranks, first + per - 1)
      var bin = Bin(ranks: first + 1...last + 1)
      for index in first...last {
        if index < drawn.count { bin.drawn += drawn[index] }
        if index < expected.count { bin.expected += expected[index] }
        if let whatIf, index < whatIf.count { bin.whatIf += whatIf[index] }
      }
      return bin
    }
  }

  func draw(_ rect: Rect, on painter: inout Painter) {
    let gutter = 6
    let plot = Rect(x: rect.x + gutter, y: rect.y, width: rect.width - gutter, height: rect.height - 1)
    guard plot.width >= 2, plot.height >= 1 else { return }
    let bins = bins(plot.width / 2)
    guard !bins.isEmpty else { return }
    let highest = bins.reduce(0) { max($0, $1.drawn, $1.expected, $1.whatIf) }
    // A round top with a little air; small changes do not move it.
    let top = [0.1, 0.2, 0.3, 0.5, 0.75, 1].first { $0 >= highest - 1e-9 } ?? 1
    let pitch = min(10, plot.width / bins.count)
    let bar = max(1, pitch - 1)
    painter.say(DisplayText.pad(NumberText.percent(top), to: gutter - 1, alignRight: true), .dim, x: rect.x, y: plot.y)
    if plot.height > 1 {
      painter.say(DisplayText.pad("0 %", to: gutter - 1, alignRight: true), .dim, x: rect.x, y: plot.bottom - 1)
    }
    for (index, bin) in bins.enumerated() {
      let x = plot.x + index * pitch
      // The what-if bar stands beside the drawn one, in half its width or in the gap.
      let ghost = whatIf == nil ? 0 : max(1, bar / 2)
      let solid = whatIf == nil ? bar : max(1, min(bar, pitch - ghost))
      if whatIf != nil {
        for column in 0..<ghost {
          drawBar(bin.whatIf / top, Style(.whatIf), x: x + solid + column, plot, light: true, on: &painter)
        }
      }
      for column in 0..<solid {
        drawBar(bin.drawn / top, Style(.drawn), x: x + column, plot, light: false, on: &painter)
      }
      if bin.expected > 0 || !expected.isEmpty {
        drawTick(bin.expected / top, x: x, width: solid, plot, on: &painter)
      }
    }
    drawRanks(bins, pitch: pitch, plot, on: &painter)
  }

  private func drawBar(
    _ share: Double, _ style: Style, x: Int, _ plot: Rect, light: Bool, on painter: inout Painter
  ) {
    guard share.isFinite, share > 0 else { return }
    let levels = painter.signs.levels
    let units = NumberText.whole((min(1, share) * Double(plot.height * levels.count)).rounded())
    for row in 0..<plot.height {
      let filled = min(levels.count, units - row * levels.count)
      guard filled > 0 else {
        // Something drawn is never shown as nothing.
        if row == 0, units == 0 {
          painter.put(light ? painter.signs.light : levels[0], style, x: x, y: plot.bottom - 1)
        }
        return
      }
      if light, filled * 2 < levels.count, row > 0 { return }
      painter.put(light ? painter.signs.light : levels[filled - 1], style, x: x, y: plot.bottom - 1 - row)
    }
  }

  private func drawTick(_ share: Double, x: Int, width: Int, _ plot: Rect, on painter: inout Painter) {
    guard share.isFinite else { return }
    let thirds = NumberText.whole((max(0, min(1, share)) * Double(plot.height * 3)).rounded(.down))
    let row = min(plot.height - 1, thirds / 3)
    let glyph = painter.signs.ticks[row == plot.height - 1 && thirds == plot.height * 3 ? 2 : thirds % 3]
    let y = plot.bottom - 1 - row
    for column in 0..<width {
      let below = painter.grid[x + column, y]?.glyph
      // On a full bar the tick is a notch in it, in a partial one it replaces the bar's top.
      let ground: Role? = below == painter.signs.full ? .drawn : nil
      painter.put(glyph, Style(.expected, bold: true, ground: ground), x: x + column, y: y)
    }
  }

  private func drawRanks(_ bins: [Bin], pitch: Int, _ plot: Rect, on painter: inout Painter) {
    painter.say("rank", .dim, x: plot.x - 6, y: plot.bottom)
    var free = plot.x
    for (index, bin) in bins.enumerated() {
      let x = plot.x + index * pitch
      let text = bin.ranks.count == 1 ? String(bin.ranks.lowerBound) : "\(bin.ranks.lowerBound)-\(bin.ranks.upperBound)"
      guard x >= free, x + text.count <= plot.right else { continue }
      painter.say(text, .dim, x: x, y: plot.bottom)
      free = x + text.count + 1
    }
  }
}
