/// The other sessions, to be laid over the run's curves.
enum RunsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let book = state.peers
    let inside = Frame(
      title: Frame.title("8", "runs", focused: focused),
      details: book.runs.map { [[Piece("\($0.count) other sessions", .dim)]] } ?? [],
      corner: [[Piece("Enter", Style(.key)), Piece(" overlay", .dim)]], focused: focused
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
  enum Metric { case loss, margin, accuracy }

  static func letter(_ place: Int) -> Character { Array("ABCDEF")[place % 6] }

  /// Far apart in hue; themes define them for the answer shares.
  static func style(_ place: Int) -> Style {
    Style([Role.evaluation, .median, .override, .good, .bad, .whatIf][place % 6], bold: true)
  }

  static func draw(_ metric: Metric, _ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let smoothing = state.smoothing
    let own =
      switch metric {
      case .loss: state.metrics.loss
      case .margin: state.metrics.margin
      case .accuracy: state.metrics.accuracy
      }
    func series(_ overlay: PeerBook.Overlay) -> Series {
      switch metric {
      case .loss: overlay.loss.smoothed(smoothing)
      case .margin: overlay.margin.smoothed(smoothing)
      case .accuracy: overlay.accuracy.smoothed(smoothing)
      }
    }
    let mine = own.smoothed(smoothing)
    var curves: [LineChart.Curve] = []
    var ranges = [mine]
    var details: [[Piece]] = []
    var differences: [[Piece]] = []
    if let value = mine.value(at: state.cursor) {
      details.append([Piece("this ", .dim), Piece(NumberText.plain(value, decimals: 3), Style(.smooth, bold: true))])
    }
    for (place, overlay) in state.peers.overlays.enumerated() {
      guard let curve = overlay.curves.map(series), curve.count > 0 else { continue }
      ranges.append(curve)
      curves.append(.line(curve, style(place), dashed: place % 2 == 0, layer: .lower))
      // At the step that this run has come to, so that like is compared with like.
      if let value = curve.value(at: min(state.cursor, state.completedSteps)) {
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
    let title =
      switch metric {
      case .loss: "loss"
      case .margin: "reward margin"
      case .accuracy: "accuracy"
      }
    CurvePane.draw(
      state, rect, title: Frame.title(nil, title, focused: focused), details: details, quiet: smoothing.title,
      ranges: ranges, curves: curves, base: metric == .margin ? 0 : nil, focused: focused, on: &painter)
  }
}
