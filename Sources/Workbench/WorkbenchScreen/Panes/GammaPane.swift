/// The γ schedule over the whole run: the plan, the way gone so far, edits, and where it is now.
enum GammaPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    var values: [[Piece]] = []
    if let gamma = state.presentGamma {
      values.append([Piece("now ", .dim), Piece(NumberText.signed(gamma), Style(.now, bold: true))])
      if let end = state.gammaPlan.last { values.append([Piece("→ \(NumberText.signed(end)) at the end", .dim)]) }
    }
    guard state.hasGamma, let run = state.run else {
      let frame = Frame(title: Frame.title("2", "γ schedule", focused: focused), focused: focused)
      let inside = frame.draw(rect, on: &painter)
      EmptyView.draw(state.obstacleToGamma ?? "no schedule yet", inside, on: &painter)
      return
    }
    let total = max(1, run.totalSteps)
    var plan = Series()
    // A few points for each column suffice: a plan of a million steps need not be walked for every frame.
    let count = min(state.gammaPlan.count, total)
    let stride = max(1, count / max(100, rect.width * 4))
    for index in Swift.stride(from: 0, to: count, by: stride) { plan.append(step: index + 1, state.gammaPlan[index]) }
    if count > 0 { plan.append(step: count, state.gammaPlan[count - 1]) }
    var extent = plan.extent(0..<plan.count)
    extent.add(state.metrics.gamma.extent(0..<state.metrics.gamma.count))
    var asked: Double?
    if case .editor(let editor) = state.overlay, editor.target == .gamma, case .success(let value) = editor.value {
      asked = value
    }
    let range = ValueRange(extent, including: [0, asked ?? 0])
    let bordered = rect.width >= 4 && rect.height >= 3
    let columns = (bordered ? rect.width - 2 : rect.width) - LineChart.gutter(range)
    let dots = DotCanvas.width(columns: columns, tier: state.tier)
    // The whole run, whose length does not change: as wide as it fits.
    let domain = StepDomain(from: 1, perDot: (total + max(1, dots) - 1) / max(1, dots), dots: dots)
    let corner = [[Piece("1px=\(domain.perDot)", .dim)]]
    let inside = Frame(
      title: Frame.title("2", "γ schedule", focused: focused), details: values, corner: corner,
      cornerFirst: true, focused: focused
    ).draw(rect, on: &painter)
    var chart = LineChart(
      curves: [
        .line(plan, Style(.plan), dashed: true, layer: .lower),
        .line(state.metrics.gamma, Style(.now), dashed: false, layer: .upper),
      ], domain: domain, range: range, marks: state.marks, base: 0)
    chart.now = state.lastStep?.step
    chart.draw(inside, on: &painter)
    drawNow(state, chart, inside, asked: asked, on: &painter)
  }

  /// A dotted upright at the present step, a diamond on every edit, and the edited value before Enter.
  private static func drawNow(
    _ state: ScreenState, _ chart: LineChart, _ rect: Rect, asked: Double?, on painter: inout Painter
  ) {
    let gutter = LineChart.gutter(chart.range)
    let plot = Rect(x: rect.x + gutter, y: rect.y, width: rect.width - gutter, height: rect.height)
    guard plot.width > 0, plot.height > 0 else { return }
    let perColumn = max(1, DotCanvas.width(columns: 1, tier: state.tier))
    let column = max(0, chart.domain.dot(ofStep: max(1, state.completedSteps)) / perColumn)
    if column < plot.width {
      for y in plot.y..<plot.bottom where painter.grid[plot.x + column, y]?.glyph == " " {
        painter.put(painter.signs.now, Style(.now), x: plot.x + column, y: y)
      }
    }
    for mark in state.marks.suffix(64) where mark.kind == .override {
      guard let value = state.metrics.gamma.value(at: mark.step) ?? state.presentGamma else { continue }
      let x = chart.domain.dot(ofStep: mark.step) / perColumn
      guard x >= 0, x < plot.width else { continue }
      painter.put(
        painter.signs.diamond, Style(.override, bold: true), x: plot.x + x,
        y: plot.y + chart.range.row(of: value, height: plot.height))
    }
    if let asked, column < plot.width {
      painter.put(
        painter.signs.ring, Style(.whatIf, bold: true), x: plot.x + min(plot.width - 1, column + 1),
        y: plot.y + chart.range.row(of: asked, height: plot.height))
    }
  }
}
