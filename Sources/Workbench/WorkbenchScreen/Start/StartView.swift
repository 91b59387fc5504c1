/// The start screen's frame.
enum StartView {
  static func frame(_ state: StartState, tier: GlyphTier, monochrome: Bool) -> CellGrid {
    var painter = Painter(size: state.size, tier: tier, monochrome: monochrome)
    let size = state.size
    var body = Rect(x: 0, y: 0, width: size.width, height: size.height)
    var (head, hints) = (Rect(x: 0, y: 0, width: 0, height: 0), Rect(x: 0, y: 0, width: 0, height: 0))
    (head, body) = body.splitTop(1)
    if body.height >= 1 { (body, hints) = body.splitTop(body.height - 1) }
    painter.say(
      [
        Piece("workbench", Style(.title, bold: true)),
        Piece("  aligns language models with human preferences on the machine in front of you", .dim),
      ], x: 1, y: head.y, limit: max(0, size.width - 2))
    let width = min(100, body.width)
    let box = Rect(x: (body.width - width) / 2, y: body.y, width: width, height: body.height)
    if let form = state.form {
      draw(form, box, on: &painter)
    } else if state.showsHelp {
      drawHelp(box, on: &painter)
    } else {
      drawSessions(state, box, on: &painter)
    }
    drawHints(state, hints, on: &painter)
    return painter.grid
  }

  // MARK: Sessions

  private static func drawSessions(_ state: StartState, _ rect: Rect, on painter: inout Painter) {
    // The two things that can always be done stand above the list.
    let actions: [(String, String)] = [
      ("d", "the demo: a small model learns household manners in about a minute"),
      ("n", "a new run: your model, your data"),
    ]
    let shown = rect.height >= 9 ? actions.count + 2 : 0
    if shown > 0 {
      for (row, action) in actions.enumerated() {
        painter.say(
          [Piece(action.0, Style(.key, bold: true)), Piece("  " + action.1, .text)], x: rect.x + 2,
          y: rect.y + 1 + row, limit: rect.width - 4)
      }
    }
    let list = Rect(x: rect.x, y: rect.y + shown, width: rect.width, height: rect.height - shown)
    let count = state.entries.count
    let inside = Frame(
      title: [Piece("sessions", Style(.title, bold: true))],
      details: count > 0 ? [[Piece("latest first", .dim)]] : [],
      corner: count > 0 ? [[Piece("\(state.selected + 1) of \(count)", .dim)]] : [], focused: true
    ).draw(list, on: &painter)
    guard count > 0 else {
      EmptyView.draw("no sessions yet: d trains the demo, or run `workbench demo`", inside, on: &painter)
      return
    }
    let top = ListWindow.top(selected: state.selected, count: count, rows: inside.height)
    for row in 0..<max(0, min(inside.height, count - top)) {
      let isSelected = top + row == state.selected
      draw(state.entries[top + row], isSelected: isSelected, x: inside.x, y: inside.y + row, inside, on: &painter)
    }
  }

  private static func draw(
    _ entry: StartEntry, isSelected: Bool, x: Int, y: Int, _ rect: Rect, on painter: inout Painter
  ) {
    let role: Role =
      switch entry.status {
      case .live: .running
      case .finished: .ended
      case .stopped: .paused
      case .crashed, .unreadable: .bad
      }
    let names = rect.width >= 70 ? 22 : 14
    var column = x
    let pointer = isSelected ? String(painter.signs.pointer) : " "
    column += painter.say(pointer + " ", Style(.key, bold: true), x: column, y: y, limit: rect.right - column)
    column += painter.data(
      DisplayText.pad(entry.name, to: names), .strong, x: column, y: y, limit: rect.right - column)
    column += painter.say(
      " " + DisplayText.pad(entry.status.rawValue, to: 10) + " ", Style(role), x: column, y: y,
      limit: rect.right - column)
    let age = rect.width >= 60 ? entry.age : ""
    let room = rect.right - column - painter.width(age) - 2
    if room >= 8 { painter.data(entry.detail, .text, x: column, y: y, limit: room) }
    if !age.isEmpty { painter.say(age, .dim, x: rect.right - painter.width(age) - 1, y: y, limit: painter.width(age)) }
    if isSelected {
      painter.grid.restyle(x: rect.x, y: y, columns: rect.width) { $0.ground = .selection }
    }
  }

  // MARK: The form

  private static func draw(_ form: StartState.Form, _ rect: Rect, on painter: inout Painter) {
    let height = min(rect.height, 13)
    let box = Rect(x: rect.x, y: rect.y + max(0, (rect.height - height) / 3), width: rect.width, height: height)
    let inside = Frame(title: [Piece("a new run", Style(.title, bold: true))], focused: true).draw(box, on: &painter)
    let rows: [(StartState.Field, String, String, String)] = [
      (.model, "model", form.run.model, "a Hugging Face folder (config.json and the rest), or a GGUF file"),
      (.data, "data", form.run.data, "JSON lines, Parquet, Arrow or CSV; the format is recognised"),
      (.method, "method", form.run.method, "Left and Right choose; docs/objectives.md explains them"),
      (.steps, "steps", form.run.steps, "optimizer steps; empty: one pass over the data"),
    ]
    var y = inside.y
    for (field, name, value, help) in rows where y < inside.bottom {
      let active = field == form.field
      painter.say(
        DisplayText.pad(name, to: 8), Style(active ? .key : .dim, bold: active), x: inside.x + 1, y: y,
        limit: inside.width - 1)
      // The end of a long path is what is being typed.
      let room = max(1, inside.width - 14)
      let shown = value.count > room - 2 ? String(value.suffix(room - 2)) : value
      painter.data(
        " " + shown + (active ? "_ " : " "), Style(.text, bold: active, reverse: active), x: inside.x + 10, y: y,
        limit: inside.width - 11)
      if inside.height >= 10 {
        painter.say(help, .dim, x: inside.x + 11, y: y + 1, limit: inside.width - 12)
        y += 1
      }
      y += 1
    }
    guard y + 1 <= inside.bottom else { return }
    if let problem = form.problem {
      for (row, line) in DisplayText.wrap(problem, columns: inside.width - 2, lines: inside.bottom - y).lines
        .enumerated()
      {
        painter.data(line, Style(.bad, bold: true), x: inside.x + 1, y: y + row, limit: inside.width - 2)
      }
    } else {
      painter.say(
        "the rest is at its default; `workbench train RUN.yaml` has every setting", .dim, x: inside.x + 1, y: y,
        limit: inside.width - 2)
    }
  }

  // MARK: Help and hints

  private static let help: [(String, String)] = [
    ("Enter", "follow a session that trains, replay any other"),
    ("p", "replay it: every panel at any past step"), ("r", "resume a stopped or crashed one where it stood"),
    ("d", "train the demo"), ("n", "a new run: asks for model, data and method"),
    ("j k", "up and down, also arrows, PgUp, PgDn, Home, End"), ("q", "leave"),
    ("", ""), ("", "workbench --help lists all commands; docs/ explains them."),
  ]

  private static func drawHelp(_ rect: Rect, on painter: inout Painter) {
    let box = Rect(x: rect.x, y: rect.y, width: rect.width, height: min(rect.height, help.count + 2))
    let inside = Frame(title: [Piece("keys", Style(.title, bold: true))], focused: true).draw(box, on: &painter)
    for (row, line) in help.prefix(inside.height).enumerated() {
      painter.say(line.0, Style(.key), x: inside.x + 1, y: inside.y + row, limit: inside.width - 1)
      painter.say(line.1, .text, x: inside.x + 8, y: inside.y + row, limit: inside.width - 8)
    }
  }

  private static func drawHints(_ state: StartState, _ rect: Rect, on painter: inout Painter) {
    guard !rect.isEmpty else { return }
    if let message = state.message {
      painter.data(message, Style(.warning), x: rect.x + 1, y: rect.y, limit: rect.width - 1)
      return
    }
    var hints: [(String, String)]
    if state.showsHelp {
      hints = [("any key", "back")]
    } else if state.form != nil {
      hints = [("Enter", "next, then start"), ("Tab", "field"), ("Ctrl-U", "clear"), ("Esc", "back")]
    } else {
      hints = [("d", "demo"), ("n", "new run"), ("?", "help"), ("q", "quit")]
      if let entry = state.entry {
        hints.insert(("Enter", entry.status == .live ? "follow" : "replay"), at: 0)
        if entry.status == .stopped || entry.status == .crashed { hints.insert(("r", "resume"), at: 1) }
      }
    }
    var x = rect.x + 1
    for (key, text) in hints {
      let pieces = [Piece(key, Style(.key, bold: true)), Piece(" " + text, .text)]
      let width = painter.width(pieces)
      guard x + width <= rect.right else { return }
      painter.say(pieces, x: x, y: rect.y, limit: width)
      x += width + 2
    }
  }
}
