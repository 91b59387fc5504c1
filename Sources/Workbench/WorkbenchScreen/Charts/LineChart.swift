/// Curves over steps in a pane: value axis at the left, steps and marks in the bottom border.
struct LineChart {
  enum Curve {
    /// Minimum to maximum of each dot's steps.
    case extent(Series, Style)
    /// From one series to another, filled.
    case between(Series, Series, Style)
    /// The newest value of each dot's steps, joined. Dashed lines can be told apart without colour.
    case line(Series, Style, dashed: Bool, layer: DotCanvas.Layer)
    /// Single points.
    case points(Series, Style)
  }

  var curves: [Curve] = []
  var domain: StepDomain
  var range: ValueRange
  var marks: [Mark] = []
  /// The newest step, marked on the axis.
  var now: Int?
  /// `now` is a crosshair: an upright through the whole plot.
  var showsNow = false
  /// A line at this value, such as 0 for margins.
  var base: Double?

  /// Columns that the value axis takes.
  static func gutter(_ range: ValueRange) -> Int {
    max(range.label(range.low).count, range.label(range.high).count, 3) + 1
  }

  /// Draws inside `rect`; marks and step labels go in the row below it, which is the pane's border.
  func draw(_ rect: Rect, on painter: inout Painter) {
    let gutter = Self.gutter(range)
    let plot = Rect(x: rect.x + gutter, y: rect.y, width: rect.width - gutter, height: rect.height)
    guard plot.width >= 2, plot.height >= 1 else { return }
    drawValueAxis(rect, gutter: gutter, on: &painter)
    var canvas = DotCanvas(columns: plot.width, rows: plot.height, tier: painter.tier)
    var gaps: Set<Int> = []
    if let base, base > range.low, base < range.high {
      // Dots between those of the curves in braille; elsewhere they would be as large as the curves, so a thin line.
      if painter.tier == .braille {
        let y = range.row(of: base, height: canvas.height)
        for x in stride(from: 0, to: canvas.width, by: 4) { canvas.dot(x: x, y: y, .faint, .band) }
      } else {
        let y = plot.y + range.row(of: base, height: plot.height)
        for x in stride(from: plot.x, to: plot.right, by: 2) { painter.put(painter.signs.base, .faint, x: x, y: y) }
      }
    }
    for curve in curves { draw(curve, on: &canvas, gaps: &gaps) }
    let perColumn = max(1, canvas.width / max(1, plot.width))
    if showsNow, let now {
      drawCrosshair(at: domain.dot(ofStep: max(domain.from, now)) / perColumn, plot, on: &painter)
    }
    canvas.draw(at: plot.x, plot.y, on: &painter)
    // A value that is no number leaves a gap; the gap is marked where it is.
    for dot in gaps {
      painter.put(painter.signs.cross, Style(.bad, bold: true), x: plot.x + dot / perColumn, y: plot.bottom - 1)
    }
    for case .points(let series, let style) in curves {
      drawPoints(series, style, plot, canvas, on: &painter)
    }
    drawStepAxis(plot, perColumn: perColumn, on: &painter)
  }

  private func draw(_ curve: Curve, on canvas: inout DotCanvas, gaps: inout Set<Int>) {
    let height = canvas.height
    switch curve {
    case .extent(let series, let style):
      for x in 0..<canvas.width {
        let steps = domain.steps(ofDot: x)
        let extent = series.extent(from: steps.from, to: steps.to)
        if extent.invalid > 0 { gaps.insert(x) }
        guard !extent.isEmpty else { continue }
        canvas.column(
          x: x, from: range.row(of: extent.maximum, height: height), to: range.row(of: extent.minimum, height: height),
          style, .band)
      }
    case .between(let lower, let upper, let style):
      for x in 0..<canvas.width {
        let steps = domain.steps(ofDot: x)
        guard let low = lower.lastValue(from: steps.from, to: steps.to),
          let high = upper.lastValue(from: steps.from, to: steps.to)
        else { continue }
        canvas.column(
          x: x, from: range.row(of: high, height: height), to: range.row(of: low, height: height), style, .band)
      }
    case .line(let series, let style, let dashed, let layer):
      var previous: (x: Int, y: Int)?
      for x in 0..<canvas.width {
        let steps = domain.steps(ofDot: x)
        let indices = series.indices(from: steps.from, to: steps.to)
        guard !indices.isEmpty else { continue }
        guard let value = series.lastValue(from: steps.from, to: steps.to) else {
          gaps.insert(x)
          previous = nil
          continue
        }
        let y = range.row(of: value, height: height)
        defer { previous = (x, y) }
        if dashed, x % 6 >= 4 { continue }
        guard let previous, previous.x == x - 1 else {
          canvas.dot(x: x, y: y, style, layer)
          continue
        }
        // Half of a jump belongs to each of the two columns, so that the line stays one dot thin.
        let middle = (previous.y + y) / 2
        canvas.column(x: x, from: y == previous.y ? y : middle, to: y, style, layer)
        if abs(previous.y - y) > 1, !dashed {
          canvas.column(x: x - 1, from: previous.y, to: middle, style, layer)
        }
      }
    case .points: break
    }
  }

  /// The curves are drawn over it.
  private func drawCrosshair(at column: Int, _ plot: Rect, on painter: inout Painter) {
    guard column >= 0, column < plot.width else { return }
    for y in plot.y..<plot.bottom { painter.put(painter.signs.now, Style(.now), x: plot.x + column, y: y) }
  }

  private func drawPoints(
    _ series: Series, _ style: Style, _ plot: Rect, _ canvas: DotCanvas, on painter: inout Painter
  ) {
    let perColumn = max(1, canvas.width / plot.width)
    let end = domain.steps(ofDot: domain.dots - 1).to
    let indices = series.indices(from: domain.from, to: end)
    // Never more points than columns.
    let stride = max(1, indices.count / plot.width)
    for index in Swift.stride(from: indices.lowerBound, to: indices.upperBound, by: stride) {
      let value = series.values[index]
      guard value.isFinite else { continue }
      let x = domain.dot(ofStep: series.steps[index]) / perColumn
      guard x >= 0, x < plot.width else { continue }
      painter.put(painter.signs.ring, style, x: plot.x + x, y: plot.y + range.row(of: value, height: plot.height))
    }
  }

  private func drawValueAxis(_ rect: Rect, gutter: Int, on painter: inout Painter) {
    func label(_ value: Double, _ y: Int) {
      let text = range.label(value)
      painter.say(text, .dim, x: rect.x + max(0, gutter - 1 - text.count), y: y, limit: gutter)
    }
    label(range.high, rect.y)
    guard rect.height > 1 else { return }
    label(range.low, rect.bottom - 1)
    // The middle only where its number is round.
    let middle = (range.low + range.high) / 2
    if rect.height >= 5, let shown = Double(range.label(middle)), abs(shown - middle) < (range.high - range.low) * 1e-6
    {
      label(middle, rect.y + range.row(of: middle, height: rect.height))
    }
  }

  private func drawStepAxis(_ plot: Rect, perColumn: Int, on painter: inout Painter) {
    let y = plot.bottom
    var taken = IntervalSet()
    func place(_ pieces: [Piece], at column: Int) -> Bool {
      let width = painter.width(pieces)
      guard column >= 0, column + width <= plot.width, taken.insert(column, column + width, margin: 1) else {
        return false
      }
      painter.say(pieces, x: plot.x + column, y: y, limit: width)
      return true
    }
    if let now {
      let column = domain.dot(ofStep: now) / perColumn
      let pieces = [Piece(String(painter.signs.now), Style(.now, bold: true)), Piece(String(now), Style(.now))]
      if !place(pieces, at: column) {
        _ = place(pieces.reversed(), at: column - painter.width(pieces) + 1)
      }
    }
    for mark in marks.suffix(64).reversed() where mark.kind == .override {
      let column = domain.dot(ofStep: mark.step) / perColumn
      guard column >= 0, column < plot.width else { continue }
      let sign = Piece(String(painter.signs.diamond), Style(.override, bold: true))
      // Without room for the words, the sign still goes wherever nothing is written.
      if !place([sign, Piece(mark.label, Style(.override))], at: column), taken.insert(column, column + 1, margin: 0) {
        painter.say([sign], x: plot.x + column, y: y, limit: 1)
      }
    }
    _ = place([Piece(String(domain.from), .dim)], at: 0)
    let last = domain.steps(ofDot: domain.dots - 1).to - 1
    _ = place([Piece(String(last), .dim)], at: plot.width - String(last).count)
  }

  /// "1px=4": steps that one dot stands for.
  var scaleText: String { "1px=\(domain.perDot)" }
}

/// Columns that are written on already.
struct IntervalSet {
  private var taken: [(Int, Int)] = []

  /// False, and nothing changes, where `from..<to` comes nearer than `margin` to what is taken.
  mutating func insert(_ from: Int, _ to: Int, margin: Int) -> Bool {
    guard !taken.contains(where: { from < $0.1 + margin && $0.0 < to + margin }) else { return false }
    taken.append((from, to))
    return true
  }
}
