/// Metrics that no other pane draws: a line chart each, as many as there is room for; up and down go through the rest.
enum OtherMetricsPane {
  /// Rows that a chart needs to be read.
  private static let rows = 7

  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let keys = state.run.metrics.others
    guard !keys.isEmpty else {
      let inside = Frame(head).draw(rect, on: &painter)
      EmptyView.draw("every metric of this run has a pane of its own", inside, on: &painter)
      return
    }
    let count = max(1, min(keys.count, rect.height / rows))
    let top = max(0, min(state.view.otherMetricsScroll, keys.count - count))
    for (place, cell) in rect.rows(count).enumerated() {
      let key = keys[top + place]
      // A key is data: a record may come from anybody.
      var title = [Piece(key.name, Style(.title, bold: head.focused), isData: true)]
      if rect.width >= 50 { title = head.title + [Piece(" ")] + title }
      CurvePane.single(
        state, cell, PaneHead(title: title, focused: head.focused), key,
        details: { value in
          let text = Piece(NumberText.plain(value, decimals: 4), Style(.smooth, bold: true))
          return [[text]] + (keys.count > count ? [[Piece("\(top + place + 1) of \(keys.count)", .dim)]] : [])
        }, on: &painter)
    }
  }
}

extension Pane {
  static let otherMetrics = Pane(
    "otherMetrics", title: "other metrics", seats: [Seat(.charts, .middle, rank: 8), Seat(.system, .side)],
    isPresent: { !$0.metrics.others.isEmpty },
    keys: PaneKeys(move: { state, by in
      let last = max(0, state.run.metrics.others.count - 1)
      state.view.otherMetricsScroll = max(0, min(last, state.view.otherMetricsScroll + by))
      return []
    }), draw: OtherMetricsPane.draw)
}
