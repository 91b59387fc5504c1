/// The other sessions, to be laid over the run's curves.
enum RunsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let book = state.view.peers
    let inside = Frame(
      head,
      details: book.runs.map { [[Piece("\($0.count) other sessions", .dim)]] } ?? [],
      corner: [[Piece("Enter", Style(.key)), Piece(" overlay", .dim)]]
    ).draw(rect, on: &painter)
    guard book.hasSource else {
      EmptyView.draw("other sessions cannot be read from here", inside, on: &painter)
      return
    }
    guard let runs = book.runs else {
      EmptyView.draw("reading the sessions beside this one", inside, on: &painter)
      return
    }
    guard !runs.isEmpty else {
      EmptyView.draw("no other session is in this folder", inside, on: &painter)
      return
    }
    let top = ListWindow.top(selected: book.selected, count: runs.count, rows: inside.height)
    for row in 0..<max(0, min(inside.height, runs.count - top)) {
      let run = runs[top + row]
      let y = inside.y + row
      let place = book.place(run.path)
      let isSelected = top + row == book.selected
      var x = inside.x
      x += painter.say(
        isSelected ? String(painter.signs.pointer) : " ", Style(.key, bold: true), x: x, y: y, limit: 1)
      let mark = place.map { String(OverlayPane.letter($0)) } ?? " "
      x += painter.say(mark + " ", OverlayPane.style(place ?? 0), x: x, y: y, limit: inside.right - x)
      x += painter.data(DisplayText.pad(run.name, to: 18) + " ", .strong, x: x, y: y, limit: inside.right - x)
      var text = (run.kinship?.text ?? "") + run.detail
      if let place {
        text =
          (run.kinship?.text ?? "")
          + (book.overlays[place].curves.map { $0.comparison ?? "no prompt in common to compare" } ?? "reading")
      }
      painter.data(text, place == nil ? .dim : .text, x: x, y: y, limit: inside.right - x)
      if isSelected {
        painter.grid.restyle(x: inside.x, y: y, columns: inside.width) { $0.ground = .selection }
      }
    }
  }
}

/// One metric of this run and of those laid over it.
enum OverlayPane {
  static func letter(_ place: Int) -> Character { Array("ABCDEF")[place % 6] }

  /// Far apart in hue; themes define them for the answer shares.
  static func style(_ place: Int) -> Style {
    Style([Role.evaluation, .median, .override, .good, .bad, .whatIf][place % 6], bold: true)
  }

  static func draw(
    _ metric: ChartedMetric.Key, _ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter
  ) {
    let smoothing = state.view.smoothing
    let mine = state.run.metrics[metric].smoothed(smoothing)
    var curves: [LineChart.Curve] = []
    var ranges = [mine]
    var details: [[Piece]] = []
    var differences: [[Piece]] = []
    if let value = mine.value(at: state.cursor) {
      details.append([Piece("this ", .dim), Piece(NumberText.plain(value, decimals: 3), Style(.smooth, bold: true))])
    }
    for (place, overlay) in state.view.peers.overlays.enumerated() {
      guard let curve = overlay.curves?.curves[metric]?.smoothed(smoothing), curve.count > 0 else { continue }
      ranges.append(curve)
      curves.append(.line(curve, style(place), dashed: place % 2 == 0, layer: .lower))
      // At the step that this run has come to, so that like is compared with like.
      if let value = curve.value(at: min(state.cursor, state.run.completedSteps)) {
        details.append([
          Piece("\(letter(place)) ", style(place)), Piece(NumberText.plain(value, decimals: 3), style(place)),
        ])
        if let own = mine.value(at: state.cursor), own.isFinite, value.isFinite {
          differences.append([
            Piece("vs \(letter(place)) ", .dim), Piece(NumberText.signed(own - value, decimals: 3), style(place)),
          ])
        }
      }
    }
    details += differences
    curves.append(.line(mine, Style(.smooth, bold: true), dashed: false, layer: .upper))
    CurvePane.draw(
      state, rect, head, details: details, quiet: smoothing.title,
      ranges: ranges, curves: curves, base: metric == .margin ? 0 : nil, on: &painter)
  }
}

extension Pane {
  static let runs = Pane(
    "runs", title: "runs", tab: .runs, seats: [Seat(.runs, .upper)],
    keys: PaneKeys(
      openHint: "overlay", open: { $0.toggleOverlay() },
      move: { state, by in
        let count = state.view.peers.runs?.count ?? 0
        state.view.peers.selected = max(0, min(count - 1, state.view.peers.selected + by))
        return []
      }), draw: RunsPane.draw)
  static let overlayLoss = overlay("overlayLoss", "loss", .loss)
  static let overlayMargin = overlay("overlayMargin", "reward margin", .margin)
  static let overlayAccuracy = overlay("overlayAccuracy", "accuracy", .accuracy)

  private static func overlay(_ id: Pane.ID, _ title: String, _ metric: ChartedMetric.Key) -> Pane {
    Pane(id, title: title, seats: [Seat(.runs, .lower)]) { state, rect, head, painter in
      OverlayPane.draw(metric, state, rect, head, on: &painter)
    }
  }
}

extension ScreenState {
  /// Lays the selected run over the curves, or takes it off.
  mutating func toggleOverlay() -> [ScreenEffect] {
    let (request, refusal) = view.peers.toggle()
    if let refusal { say(refusal, .warning) }
    return request.map { [.peers($0)] } ?? []
  }
}
