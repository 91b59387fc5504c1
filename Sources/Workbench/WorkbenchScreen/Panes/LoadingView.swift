import Control

/// What is being prepared before the first step, a bar each, so that a long start is never a black screen.
enum LoadingView {
  /// The screen while a record is read.
  static func record(_ state: ScreenState, read fraction: Double) -> ScreenState {
    var state = state
    state.place = .recording
    state.loading = [LoadingProgress(what: "reading the record", fraction: min(1, fraction))]
    return state
  }

  static func draw(_ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    guard rect.height >= 1, rect.width >= 4 else { return }
    let width = min(rect.width, 76)
    let rows = min(state.loading.count, max(1, rect.height - 4))
    let box = Rect(
      x: rect.x + (rect.width - width) / 2, y: rect.y + max(0, (rect.height - rows - 4) / 3), width: width,
      height: min(rect.height, rows + 4))
    let failed: String? = if case .failed(let sentence) = state.phase { sentence } else { nil }
    let title =
      failed != nil ? "the run could not start" : state.place == .recording ? "opening the record" : "preparing the run"
    let inside = Frame(title: [Piece(title, Style(.title, bold: true))], focused: true).draw(box, on: &painter)
    if let failed {
      for (row, line) in DisplayText.wrap(failed, columns: inside.width - 2, lines: inside.height).lines.enumerated() {
        painter.data(line, Style(.bad), x: inside.x + 1, y: inside.y + row, limit: inside.width - 2)
      }
      return
    }
    guard !state.loading.isEmpty else {
      EmptyView.draw("starting", inside, on: &painter)
      return
    }
    let top = inside.y + (inside.height > rows + 1 ? 1 : 0)
    let bar = max(6, min(24, inside.width / 3))
    for (row, item) in state.loading.suffix(rows).enumerated() where top + row < inside.bottom {
      let y = top + row
      let newest = row == rows - 1
      // A phase that another one has followed is over.
      let fraction = newest ? item.fraction : 1
      painter.say(
        item.what, newest ? .strong : .dim, x: inside.x + 2, y: y, limit: max(1, inside.width - bar - 10))
      let x = inside.right - bar - 7
      if let fraction {
        ProgressBar.draw(fraction, x: x, y: y, columns: bar, on: &painter)
        painter.say(
          DisplayText.pad(NumberText.percent(fraction), to: 6, alignRight: true), newest ? .text : .dim, x: x + bar,
          y: y)
      } else {
        painter.say("working", .dim, x: x, y: y)
      }
    }
  }
}
