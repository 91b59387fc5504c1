/// Raw values as a quiet band, their moving average as a line.
enum LossPane {
  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let loss = state.run.metrics[.loss]
    var values: [[Piece]] = []
    if let last = loss.smoothed(state.view.smoothing).value(at: state.cursor) {
      values.append([Piece(NumberText.plain(last, decimals: 4), Style(.smooth, bold: true))])
    }
    if let evaluation = state.run.metrics[.evaluationLoss].raw.value(at: state.cursor) {
      values.append([Piece("eval ○ \(NumberText.plain(evaluation, decimals: 4))", Style(.evaluation))])
    }
    var curves: [LineChart.Curve] = []
    if state.view.smoothing == .off {
      curves = [.line(loss.raw, Style(.smooth), dashed: false, layer: .line)]
    } else {
      curves = [
        .extent(loss.raw, Style(.raw)),
        .line(loss.smoothed(state.view.smoothing), Style(.smooth), dashed: false, layer: .line),
      ]
    }
    curves.append(.points(state.run.metrics[.evaluationLoss].raw, Style(.evaluation, bold: true)))
    CurvePane.draw(
      state, rect, head, details: values,
      quiet: state.view.smoothing.title,
      ranges: [loss.raw, state.run.metrics[.evaluationLoss].raw], curves: curves, on: &painter)
  }
}

/// How far the best response is ahead of the drawn one: the middle and the outer tenths of the newest visits.
enum MarginPane {
  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let metrics = state.run.metrics
    var values: [[Piece]] = []
    if let low = metrics[.marginP10].raw.value(at: state.cursor),
      let middle = metrics[.marginP50].raw.value(at: state.cursor),
      let high = metrics[.marginP90].raw.value(at: state.cursor)
    {
      values = [
        [Piece("p50 ", .dim), Piece(NumberText.signed(middle), Style(.median, bold: true))],
        [Piece("p10 ", .dim), Piece(NumberText.signed(low), Style(low < 0 ? .bad : .text))],
        [Piece("p90 ", .dim), Piece(NumberText.signed(high), .text)],
      ]
    }
    CurvePane.draw(
      state, rect, head, details: values, quiet: nil,
      ranges: [metrics[.marginP10].raw, metrics[.marginP90].raw],
      curves: [
        .between(metrics[.marginP10].raw, metrics[.marginP90].raw, Style(.band)),
        .line(metrics[.marginP50].raw, Style(.median), dashed: false, layer: .line),
      ], base: 0, on: &painter)
  }
}

/// Implicit rewards of the chosen and the rejected responses.
enum RewardsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let metrics = state.run.metrics
    let chosen = metrics[.chosenReward].smoothed(state.view.smoothing)
    let rejected = metrics[.rejectedReward].smoothed(state.view.smoothing)
    var values: [[Piece]] = []
    if let up = chosen.value(at: state.cursor), let down = rejected.value(at: state.cursor) {
      // The long words only where both fit.
      let names = rect.width >= 56 ? ("chosen ━ ", "rejected ╌ ") : ("ch ━ ", "rej ╌ ")
      values = [
        [Piece(names.0, Style(.chosen)), Piece(NumberText.signed(up), Style(.chosen, bold: true))],
        [Piece(names.1, Style(.rejected)), Piece(NumberText.signed(down), Style(.rejected, bold: true))],
      ]
    }
    if let accuracy = metrics[.accuracy].smoothed(state.view.smoothing).value(at: state.cursor) {
      values.append([Piece("acc ", .dim), Piece(NumberText.percent(accuracy), .text)])
    }
    CurvePane.draw(
      state, rect, head, details: values, quiet: nil,
      ranges: [chosen, rejected],
      curves: [
        .line(rejected, Style(.rejected), dashed: true, layer: .lower),
        .line(chosen, Style(.chosen), dashed: false, layer: .upper),
      ], base: 0, on: &painter)
  }
}

/// What all panes with curves over steps share.
enum CurvePane {
  static func draw(
    _ state: ScreenState, _ rect: Rect, _ head: PaneHead, details: [[Piece]], quiet: String?, ranges: [Series],
    curves: [LineChart.Curve], base: Double? = nil, on painter: inout Painter
  ) {
    // The scale depends on the axis' width, the axis on the values in view: two rounds settle it.
    let first = state.run.metrics[.loss].raw.steps.first ?? 1
    let last = max(first, state.run.metrics[.loss].raw.lastStep ?? first)
    let columns = rect.width >= 4 && rect.height >= 3 ? rect.width - 2 : rect.width
    var domain = StepDomain(state.view.domain, first: first, last: last, dots: 1)
    var range = ValueRange(Series.Extent())
    var gutter = 6
    for _ in 0..<2 {
      let dots = DotCanvas.width(columns: columns - gutter, tier: state.view.tier)
      domain = StepDomain(state.view.domain, first: first, last: last, dots: dots)
      var extent = Series.Extent()
      let end = domain.steps(ofDot: domain.dots - 1).to
      for series in ranges { extent.add(series.extent(from: domain.from, to: end)) }
      range = ValueRange(extent)
      gutter = LineChart.gutter(range)
    }
    var chart = LineChart(curves: curves, domain: domain, range: range, marks: state.run.marks, base: base)
    chart.now = state.run.lastStep?.step
    chart.showsNow = state.view.replay?.showsWhole ?? false
    var corner = [[Piece(chart.scaleText, .dim)], [Piece(state.view.domain.title, .dim)]]
    if let quiet { corner.append([Piece(quiet, .dim)]) }
    let inside = Frame(head, details: details, corner: corner, cornerFirst: quiet != nil).draw(rect, on: &painter)
    guard ranges.contains(where: { $0.count > 0 }) else {
      EmptyView.draw(state.run.phase == .loading ? "loading" : "no steps yet", inside, on: &painter)
      return
    }
    chart.draw(inside, on: &painter)
  }

  /// One metric: raw values as a quiet band, their moving average as a line.
  static func single(
    _ state: ScreenState, _ rect: Rect, _ head: PaneHead, _ key: ChartedMetric.Key, details: (Double) -> [[Piece]],
    on painter: inout Painter
  ) {
    let series = state.run.metrics[key]
    let smooth = series.smoothed(state.view.smoothing)
    draw(
      state, rect, head, details: smooth.value(at: state.cursor).map(details) ?? [], quiet: nil, ranges: [series.raw],
      curves: [
        .extent(series.raw, Style(.raw)), .line(smooth, Style(.smooth), dashed: false, layer: .line),
      ], on: &painter)
  }

  static func learningRate(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let series = state.run.metrics[.learningRate].raw
    let value =
      series.value(at: state.cursor).map { [[Piece(NumberText.scientific($0), Style(.smooth, bold: true))]] } ?? []
    draw(
      state, rect, head, details: value, quiet: nil, ranges: [series],
      curves: [.line(series, Style(.smooth), dashed: false, layer: .line)], on: &painter)
  }
}

extension Pane {
  static let loss = Pane(
    .loss, title: "loss", tab: .charts, seats: [Seat(.charts, .upper, position: 0, rank: 1)], draw: LossPane.draw)
  static let margin = Pane(
    "margin", title: "reward margins", seats: [Seat(.charts, .upper, position: 1, rank: 3)], draw: MarginPane.draw)
  static let rewards = Pane(
    "rewards", title: "rewards", seats: [Seat(.charts, .middle, position: 0, rank: 5)], draw: RewardsPane.draw)
  static let gradientNorm = single("gradient", title: "gradient norm", .gradientNorm, unit: "")
  static let learningRate = Pane(
    "learningRate", title: "learning rate", seats: [Seat(.system, .side)], draw: CurvePane.learningRate)
  static let stepTime = single("speed", title: "step time", .stepTime, unit: " s")

  private static func single(_ id: Pane.ID, title: String, _ key: ChartedMetric.Key, unit: String) -> Pane {
    Pane(id, title: title, seats: [Seat(.system, .side)]) { state, rect, head, painter in
      CurvePane.single(
        state, rect, head, key,
        details: { [[Piece(NumberText.plain($0, decimals: 3) + unit, Style(.smooth, bold: true))]] }, on: &painter)
    }
  }
}
