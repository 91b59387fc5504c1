/// Raw values as a quiet band, their moving average as a line.
enum LossPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let loss = state.metrics.loss
    var values: [[Piece]] = []
    if let last = loss.smoothed(state.smoothing).value(at: state.cursor) {
      values.append([Piece(NumberText.plain(last, decimals: 4), Style(.smooth, bold: true))])
    }
    if let evaluation = state.metrics.evaluationLoss.value(at: state.cursor) {
      values.append([Piece("eval ○ \(NumberText.plain(evaluation, decimals: 4))", Style(.evaluation))])
    }
    var curves: [LineChart.Curve] = []
    if state.smoothing == .off {
      curves = [.line(loss.raw, Style(.smooth), dashed: false, layer: .line)]
    } else {
      curves = [
        .extent(loss.raw, Style(.raw)),
        .line(loss.smoothed(state.smoothing), Style(.smooth), dashed: false, layer: .line),
      ]
    }
    curves.append(.points(state.metrics.evaluationLoss, Style(.evaluation, bold: true)))
    CurvePane.draw(
      state, rect, title: Frame.title("1", "loss", focused: focused), details: values, quiet: state.smoothing.title,
      ranges: [loss.raw, state.metrics.evaluationLoss], curves: curves, focused: focused, on: &painter)
  }
}

/// How far the best response is ahead of the drawn one: the middle and the outer tenths of the newest visits.
enum MarginPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let metrics = state.metrics
    var values: [[Piece]] = []
    if let low = metrics.margin10.value(at: state.cursor), let middle = metrics.margin50.value(at: state.cursor),
      let high = metrics.margin90.value(at: state.cursor)
    {
      values = [
        [Piece("p50 ", .dim), Piece(NumberText.signed(middle), Style(.median, bold: true))],
        [Piece("p10 ", .dim), Piece(NumberText.signed(low), Style(low < 0 ? .bad : .text))],
        [Piece("p90 ", .dim), Piece(NumberText.signed(high), .text)],
      ]
    }
    CurvePane.draw(
      state, rect, title: Frame.title(nil, "reward margins", focused: focused), details: values, quiet: nil,
      ranges: [metrics.margin10, metrics.margin90],
      curves: [
        .between(metrics.margin10, metrics.margin90, Style(.band)),
        .line(metrics.margin50, Style(.median), dashed: false, layer: .line),
      ], base: 0, focused: focused, on: &painter)
  }
}

/// Implicit rewards of the chosen and the rejected responses.
enum RewardsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let metrics = state.metrics
    let chosen = metrics.chosenReward.smoothed(state.smoothing)
    let rejected = metrics.rejectedReward.smoothed(state.smoothing)
    var values: [[Piece]] = []
    if let up = chosen.value(at: state.cursor), let down = rejected.value(at: state.cursor) {
      // The long words only where both fit.
      let names = rect.width >= 56 ? ("chosen ━ ", "rejected ╌ ") : ("ch ━ ", "rej ╌ ")
      values = [
        [Piece(names.0, Style(.chosen)), Piece(NumberText.signed(up), Style(.chosen, bold: true))],
        [Piece(names.1, Style(.rejected)), Piece(NumberText.signed(down), Style(.rejected, bold: true))],
      ]
    }
    if let accuracy = metrics.accuracy.smoothed(state.smoothing).value(at: state.cursor) {
      values.append([Piece("acc ", .dim), Piece(NumberText.percent(accuracy), .text)])
    }
    CurvePane.draw(
      state, rect, title: Frame.title(nil, "rewards", focused: focused), details: values, quiet: nil,
      ranges: [chosen, rejected],
      curves: [
        .line(rejected, Style(.rejected), dashed: true, layer: .lower),
        .line(chosen, Style(.chosen), dashed: false, layer: .upper),
      ], base: 0, focused: focused, on: &painter)
  }
}

/// What all panes with curves over steps share.
enum CurvePane {
  static func draw(
    _ state: ScreenState, _ rect: Rect, title: [Piece], details: [[Piece]], quiet: String?, ranges: [Series],
    curves: [LineChart.Curve],
    base: Double? = nil, focused: Bool, on painter: inout Painter
  ) {
    // The scale depends on the axis' width, the axis on the values in view: two rounds settle it.
    let first = state.metrics.loss.raw.steps.first ?? 1
    let last = max(first, state.metrics.loss.raw.lastStep ?? first)
    let columns = rect.width >= 4 && rect.height >= 3 ? rect.width - 2 : rect.width
    var domain = StepDomain(state.domain, first: first, last: last, dots: 1)
    var range = ValueRange(Series.Extent())
    var gutter = 6
    for _ in 0..<2 {
      let dots = DotCanvas.width(columns: columns - gutter, tier: state.tier)
      domain = StepDomain(state.domain, first: first, last: last, dots: dots)
      var extent = Series.Extent()
      let end = domain.steps(ofDot: domain.dots - 1).to
      for series in ranges { extent.add(series.extent(from: domain.from, to: end)) }
      range = ValueRange(extent)
      gutter = LineChart.gutter(range)
    }
    var chart = LineChart(curves: curves, domain: domain, range: range, marks: state.marks, base: base)
    chart.now = state.lastStep?.step
    chart.showsNow = state.replay?.showsWhole ?? false
    var corner = [[Piece(chart.scaleText, .dim)], [Piece(state.domain.title, .dim)]]
    if let quiet { corner.append([Piece(quiet, .dim)]) }
    let inside = Frame(title: title, details: details, corner: corner, cornerFirst: quiet != nil, focused: focused)
      .draw(rect, on: &painter)
    guard ranges.contains(where: { $0.count > 0 }) else {
      EmptyView.draw(state.phase == .loading ? "loading" : "no steps yet", inside, on: &painter)
      return
    }
    chart.draw(inside, on: &painter)
  }

  static func gradient(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    single(
      state, rect, state.metrics.gradientNorm, name: "gradient norm", unit: "",
      format: { NumberText.plain($0, decimals: 3) }, focused: focused, on: &painter)
  }

  static func speed(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    single(
      state, rect, state.metrics.stepTime, name: "step time", unit: " s",
      format: { NumberText.plain($0, decimals: 3) }, focused: focused, on: &painter)
  }

  static func learningRate(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let series = state.metrics.learningRate
    let value =
      series.value(at: state.cursor).map { [[Piece(NumberText.scientific($0), Style(.smooth, bold: true))]] } ?? []
    draw(
      state, rect, title: Frame.title(nil, "learning rate", focused: focused), details: value, quiet: nil,
      ranges: [series],
      curves: [.line(series, Style(.smooth), dashed: false, layer: .line)], focused: focused, on: &painter)
  }

  private static func single(
    _ state: ScreenState, _ rect: Rect, _ series: SmoothedSeries, name: String, unit: String,
    format: (Double) -> String, focused: Bool, on painter: inout Painter
  ) {
    let smooth = series.smoothed(state.smoothing)
    let value = smooth.value(at: state.cursor).map { [[Piece(format($0) + unit, Style(.smooth, bold: true))]] } ?? []
    draw(
      state, rect, title: Frame.title(nil, name, focused: focused), details: value, quiet: nil, ranges: [series.raw],
      curves: [
        .extent(series.raw, Style(.raw)), .line(smooth, Style(.smooth), dashed: false, layer: .line),
      ], focused: focused, on: &painter)
  }
}
