import Control

/// A framed box in the middle of the page that things are asked in.
enum DialogBox {
  /// Clears the box's place, draws its frame and returns the space inside; nil where there is no room.
  static func draw(
    _ title: String, rows: Int, width: Int, _ rect: Rect, corner: [[Piece]] = [], on painter: inout Painter
  ) -> Rect? {
    guard rect.height >= 3, rect.width >= 10 else { return nil }
    let width = min(rect.width, width)
    let height = min(rect.height, rows + 2)
    let box = Rect(
      x: rect.x + (rect.width - width) / 2, y: rect.y + (rect.height - height) / 2, width: width, height: height)
    painter.grid.clear(box)
    return Frame(title: [Piece(title, Style(.title, bold: true))], corner: corner, focused: true)
      .draw(box, on: &painter)
  }
}

enum PaletteView {
  static func draw(_ palette: CommandPalette, _ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    let entries = palette.entries(state)
    guard let inside = DialogBox.draw("command", rows: CommandPalette.limit + 2, width: 84, rect, on: &painter) else {
      return
    }
    painter.say(
      [
        Piece(":", Style(.key, bold: true)), Piece(palette.text, .strong, isData: true),
        Piece("_", Style(.text, reverse: true)),
      ], x: inside.x + 1, y: inside.y, limit: inside.width - 2)
    var y = inside.y + 1
    if let step = palette.step {
      painter.say("Enter: go to step \(step)", .text, x: inside.x + 1, y: y, limit: inside.width - 2)
      return
    }
    if let count = palette.run {
      painter.say("Enter: \(count) steps, then pause again", .text, x: inside.x + 1, y: y, limit: inside.width - 2)
      return
    }
    guard !entries.isEmpty else {
      painter.say("nothing is called that", .dim, x: inside.x + 1, y: y, limit: inside.width - 2)
      return
    }
    for (index, entry) in entries.enumerated() where y < inside.bottom - 1 {
      let style = entry.obstacle == nil ? Style.text : .faint
      painter.say(
        DisplayText.pad(painter.tier.spell(entry.keys), to: 12), Style(.key), x: inside.x + 1, y: y,
        limit: inside.width - 2)
      painter.say(
        entry.help + (entry.obstacle.map { " (\($0))" } ?? ""), style, x: inside.x + 14, y: y, limit: inside.width - 15)
      if index == palette.selected {
        painter.grid.restyle(x: inside.x, y: y, columns: inside.width) { $0.ground = .selection }
      }
      y += 1
    }
    painter.say(
      "a number goes to that step; run N trains N steps and pauses", .dim, x: inside.x + 1, y: inside.bottom - 1,
      limit: inside.width - 2)
  }
}

/// The prompts of one step, by their share of its loss.
enum SamplesView {
  static func draw(_ selected: Int, _ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    let samples = state.samplesByLoss
    let step = state.completedSteps
    guard
      let inside = DialogBox.draw(
        "samples of step \(step)", rows: samples.count + 1, width: 110, rect,
        corner: [[Piece("\(samples.count) prompts", .dim)]], on: &painter)
    else { return }
    painter.say(
      "share of loss     margin  prompt  drawn      q", .dim, x: inside.x + 1, y: inside.y, limit: inside.width - 1)
    let rows = inside.height - 1
    let top = ListWindow.top(selected: selected, count: samples.count, rows: rows)
    for row in 0..<max(0, min(rows, samples.count - top)) {
      let (visit, share) = samples[top + row]
      let y = inside.y + 1 + row
      ProgressBar.draw(share, x: inside.x + 1, y: y, columns: 8, on: &painter)
      let drawn = visit.drawn.map { "#\($0 + 1)" } ?? "all"
      let q = visit.drawnProbability.map { NumberText.percent($0) } ?? "–"
      let numbers =
        DisplayText.pad(NumberText.percent(share), to: 6, alignRight: true)
        + DisplayText.pad(NumberText.signed(visit.margin), to: 10, alignRight: true)
        + DisplayText.pad(String(visit.prompt), to: 8, alignRight: true)
        + DisplayText.pad(drawn, to: 7, alignRight: true)
        + DisplayText.pad(painter.tier.spell(q), to: 7, alignRight: true)
      let used = painter.say(
        numbers, Style(visit.margin < 0 ? .bad : .text), x: inside.x + 9, y: y, limit: inside.width - 9)
      if let prompt = state.catalogued(visit.prompt) {
        painter.data(
          OneLine.text(prompt.text), .text, x: inside.x + 11 + used, y: y, limit: inside.width - 12 - used)
      }
      if top + row == selected {
        painter.grid.restyle(x: inside.x, y: y, columns: inside.width) { $0.ground = .selection }
      }
    }
  }
}

enum UndoDialog {
  static func draw(_ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    guard let edit = state.lastEdit,
      let inside = DialogBox.draw("take it back?", rows: 3, width: 76, rect, on: &painter)
    else { return }
    let lines: [[Piece]] = [
      [Piece("the newest edit: \(edit.text)", .text)],
      [Piece("Enter ", Style(.key, bold: true)), Piece("\(edit.inverseText), from the next step on", .text)],
      [Piece("Esc   ", Style(.key, bold: true)), Piece("leave it; either way the record keeps both", .dim)],
    ]
    for (row, line) in lines.prefix(inside.height).enumerated() {
      painter.say(line, x: inside.x + 1, y: inside.y + row, limit: inside.width - 2)
    }
  }
}

enum BranchDialog {
  static func draw(_ form: BranchForm, _ rect: Rect, on painter: inout Painter) {
    guard let inside = DialogBox.draw("branch off", rows: 6, width: 84, rect, on: &painter) else { return }
    let place = "\(form.selected + 1) of \(form.checkpoints.count)"
    let lines: [[Piece]] = [
      [
        Piece("from     ", .dim), Piece("checkpoint of step \(form.step)", .strong),
        Piece("   Up Down: \(place)", .dim),
      ],
      [
        Piece("changed  ", .dim), Piece(form.text, .strong, isData: true), Piece("_", Style(.text, reverse: true)),
      ],
      [Piece("         gamma=2.5  learning_rate=1e-4  beta=0.2  seed=7  max_steps=400, or", .dim)],
      [Piece("         any key of the run file: preference.estimator=expectation", .dim)],
      form.problem.map { [Piece($0, Style(.bad, bold: true), isData: true)] }
        ?? [Piece("It trains in the background, on the same prompts in the same order. It shares", .dim)],
      form.problem == nil ? [Piece("this machine with what trains here; tab 8 lays both over each other.", .dim)] : [],
    ]
    for (row, line) in lines.prefix(inside.height).enumerated() {
      painter.say(line, x: inside.x + 1, y: inside.y + row, limit: inside.width - 2)
    }
  }
}
