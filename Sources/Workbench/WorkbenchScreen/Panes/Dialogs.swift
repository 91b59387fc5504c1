/// All keys, from the binding table.
enum HelpView {
  private struct Line {
    var keys: String
    var text: String
  }

  private static let lines: [Line] = KeyContext.allCases.flatMap { context -> [Line] in
    var rows: [Line] = []
    for binding in Binding.table where binding.contexts.contains(context) {
      if case .page(let page) = binding.action {
        // The tabs share a line.
        guard page == .charts else { continue }
        let names = Page.allCases.map(\.title).joined(separator: ", ")
        rows.append(Line(keys: "1 … \(Page.allCases.count)", text: names))
      } else {
        rows.append(Line(keys: binding.keys.map(\.name).joined(separator: "  "), text: binding.help))
      }
    }
    return [Line(keys: "", text: context.rawValue)] + rows
  }

  static var lineCount: Int { lines.count }

  static func draw(scroll: Int, _ rect: Rect, on painter: inout Painter) {
    guard rect.height >= 3, rect.width >= 10 else { return }
    let width = min(rect.width, 100)
    let height = min(rect.height, lines.count + 2)
    let box = Rect(
      x: rect.x + (rect.width - width) / 2, y: rect.y + (rect.height - height) / 2, width: width, height: height)
    painter.grid.clear(box)
    let rows = height - 2
    let top = max(0, min(scroll, lines.count - rows))
    let corner = lines.count > rows ? [[Piece("\(top + 1)–\(top + rows) of \(lines.count)", .dim)]] : []
    let inside = Frame(title: [Piece("keys", Style(.title, bold: true))], corner: corner, focused: true)
      .draw(box, on: &painter)
    let keys = width >= 70 ? 17 : 12
    for (row, line) in lines[top..<top + rows].enumerated() {
      let y = inside.y + row
      if line.keys.isEmpty {
        painter.say(line.text, Style(.title, bold: true), x: inside.x + 1, y: y, limit: inside.width - 1)
      } else {
        painter.say(
          line.keys, Style(.key), x: inside.x + 2, y: y, limit: min(keys, inside.width - 2))
        painter.say(line.text, .text, x: inside.x + keys + 3, y: y, limit: inside.width - keys - 4)
      }
    }
  }
}

/// What is to become of the run when the person leaves.
enum QuitDialog {
  static func draw(_ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    guard rect.height >= 3, rect.width >= 10 else { return }
    var lines: [[Piece]] = []
    if case .loading = state.phase {
      lines = [
        [Piece("s ", Style(.key, bold: true)), Piece("stop loading and leave; nothing is trained yet", .text)],
        [Piece("c ", Style(.key, bold: true)), Piece("cancel: stay here", .text)],
      ]
    } else {
      let step = state.completedSteps
      let place = state.run?.sessionPath.map { "to \($0)" } ?? "to the session's folder"
      lines = [
        [
          Piece("d ", Style(.key, bold: true)),
          Piece(
            "detach: training goes on without a screen; workbench attach",
            state.obstacleToDetaching == nil ? .text : .faint),
        ],
        [Piece(state.obstacleToDetaching.map { "  \($0)" } ?? "  follows it, from this terminal or another one", .dim)],
        [
          Piece("p ", Style(.key, bold: true)),
          Piece("pause & save: a checkpoint after step \(step) or the one under", .text),
        ],
        [Piece("  way, \(place); it holds the optimizer as well", .dim)],
        [
          Piece("s ", Style(.key, bold: true)),
          Piece("stop: finish the step under way, save, end the run for good", .text),
        ],
        [Piece("c ", Style(.key, bold: true)), Piece("cancel: stay, training goes on", .text)],
      ]
    }
    let width = min(rect.width, 66)
    let height = min(rect.height, lines.count + 4)
    let box = Rect(
      x: rect.x + (rect.width - width) / 2, y: rect.y + (rect.height - height) / 2, width: width, height: height)
    painter.grid.clear(box)
    let inside = Frame(title: [Piece("leave the workbench?", Style(.title, bold: true))], focused: true)
      .draw(box, on: &painter)
    let top = inside.y + (inside.height > lines.count ? 1 : 0)
    for (row, line) in lines.enumerated() where top + row < inside.bottom {
      painter.say(line, x: inside.x + 2, y: top + row, limit: inside.width - 3)
    }
  }
}
