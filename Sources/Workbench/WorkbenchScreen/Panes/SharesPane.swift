import Control

/// Kinds of answers to held-out prompts, at the start and now.
enum SharesPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    var details: [[Piece]] = []
    if let last = state.shares.last {
      details = [
        [Piece("step \(last.step)", .dim)], [Piece("\(last.samples) samples", .dim)],
        [Piece("T \(NumberText.plain(last.temperature, decimals: 1))", .dim)],
      ]
    }
    let title = Frame.title(nil, "answers", focused: focused)
    let inside = Frame(title: title, details: details, focused: focused).draw(rect, on: &painter)
    guard let last = state.shares.last, let first = state.shares.first, inside.width >= 8, inside.height >= 1 else {
      EmptyView.draw("no samples yet", inside, on: &painter)
      return
    }
    var y = inside.y
    let label = 6
    if state.shares.count > 1, inside.height >= 4 {
      painter.say("start", .dim, x: inside.x, y: y)
      StackedBar.draw(
        first.shares.map(\.fraction), x: inside.x + label, y: y, columns: inside.width - label, on: &painter)
      y += 1
    }
    painter.say("now", .strong, x: inside.x, y: y)
    StackedBar.draw(last.shares.map(\.fraction), x: inside.x + label, y: y, columns: inside.width - label, on: &painter)
    y += 1
    drawKinds(state, first, last, Rect(x: inside.x, y: y, width: inside.width, height: inside.bottom - y), on: &painter)
  }

  /// A line a kind: its share, its way from the first sample, and its name.
  private static func drawKinds(
    _ state: ScreenState, _ first: AnswerShares, _ last: AnswerShares, _ rect: Rect, on painter: inout Painter
  ) {
    let count = last.shares.count
    guard rect.height > 0, count > 0 else { return }
    let columns = count > rect.height && rect.width >= 56 ? 2 : 1
    let room = rect.height * columns
    func largest(_ index: Int) -> Double {
      max(last.shares[index].fraction, index < first.shares.count ? first.shares[index].fraction : 0)
    }
    // Where not all fit, those that matter or mattered most, in the rubric's order.
    let shown = Array(last.shares.indices).sorted { largest($0) > largest($1) }.prefix(room).sorted()
    let cells = rect.columns(columns)
    for (place, index) in shown.enumerated() {
      let share = last.shares[index]
      let cell = cells[place / rect.height]
      let y = rect.y + place % rect.height
      painter.put(StackedBar.fill(index, painter), StackedBar.style(index), x: cell.x, y: y)
      painter.say(
        DisplayText.pad(NumberText.percent(share.fraction), to: 5, alignRight: true), .strong, x: cell.x + 1, y: y)
      let trend = cell.width >= 40 ? 12 : cell.width >= 30 ? 6 : 0
      if trend > 0 {
        let values = state.shares.map { index < $0.shares.count ? $0.shares[index].fraction : .nan }
        painter.say(
          Sparkline.text(values, columns: trend, tier: painter.tier), StackedBar.style(index), x: cell.x + 8, y: y)
      }
      let x = cell.x + 8 + (trend > 0 ? trend + 1 : 0)
      var name = share.kind
      if index < first.shares.count, state.shares.count > 1, cell.width >= 34 {
        name += "  was \(NumberText.percent(first.shares[index].fraction))"
      }
      painter.say(name, .text, x: x, y: y, limit: cell.right - x)
    }
  }
}
