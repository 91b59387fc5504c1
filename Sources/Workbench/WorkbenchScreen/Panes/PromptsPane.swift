/// The visited prompts, the worst margin first.
enum PromptsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let order = state.listedPrompts
    var more = [[Piece("worst margin first", .dim)]]
    if !state.promptFilter.isEmpty || state.overlay == .filter {
      let cursor = state.overlay == .filter ? "_" : ""
      more = [
        [Piece("/", Style(.key)), Piece(state.promptFilter + cursor, Style(.title, bold: true), isData: true)],
        [Piece("\(order.count) shown", .dim)],
      ]
    } else if let run = state.run {
      more.append([Piece("\(order.count) of \(run.catalogue.count) visited", .dim)])
    }
    let inside = Frame(title: Frame.title("3", "prompts", focused: focused), details: more, focused: focused)
      .draw(rect, on: &painter)
    guard !order.isEmpty else {
      EmptyView.draw(
        state.promptFilter.isEmpty ? "no visits yet" : "no prompt matches; Esc shows all again", inside, on: &painter)
      return
    }
    let selected = state.selectedPrompt.flatMap { order.firstIndex(of: $0) } ?? 0
    let top = ListWindow.top(selected: selected, count: order.count, rows: inside.height)
    for row in 0..<inside.height where top + row < order.count {
      drawRow(
        state, order[top + row], Rect(x: inside.x, y: inside.y + row, width: inside.width, height: 1), on: &painter)
      if top + row == selected {
        painter.grid.restyle(x: inside.x, y: inside.y + row, columns: inside.width) {
          $0.ground = .selection
          if focused { $0.bold = true }
        }
      }
    }
  }

  private static func drawRow(_ state: ScreenState, _ prompt: Int, _ rect: Rect, on painter: inout Painter) {
    guard let entry = state.prompts.entries[prompt] else { return }
    var x = rect.x
    let pointer = state.selectedPrompt == prompt ? String(painter.signs.pointer) : " "
    x += painter.say(pointer, Style(.key, bold: true), x: x, y: rect.y, limit: rect.right - x)
    x += painter.say(
      DisplayText.pad(String(prompt), to: 5, alignRight: true) + " ", .dim, x: x, y: rect.y, limit: rect.right - x)
    let value = state.prompts.listed[prompt] ?? entry.margin
    let margin = NumberText.signed(value)
    x += painter.say(
      DisplayText.pad(margin, to: 6, alignRight: true) + " ", Style(value < 0 ? .bad : .text), x: x, y: rect.y,
      limit: rect.right - x)
    if rect.width >= 34 {
      let columns = rect.width >= 60 ? 12 : 6
      x += painter.say(
        Sparkline.text(entry.margins, columns: columns, tier: painter.tier) + " ", .dim, x: x, y: rect.y,
        limit: rect.right - x)
    }
    if rect.width >= 50 {
      // Having learned is what every prompt should do: only the others are marked.
      let sign = PromptTag.of(entry).flatMap(\.sign).map { String($0) } ?? " "
      x += painter.say(sign + " ", Style(.warning, bold: true), x: x, y: rect.y, limit: rect.right - x)
      x += painter.say(
        DisplayText.pad("\(entry.visits)×", to: 4, alignRight: true) + " ", .dim, x: x, y: rect.y, limit: rect.right - x
      )
    }
    guard let text = state.catalogued(prompt)?.text else { return }
    painter.data(OneLine.text(text), .text, x: x, y: rect.y, limit: rect.right - x)
  }
}

/// Which part of a list is in view.
enum ListWindow {
  /// The first visible row, so that the selected one is in view with some before it.
  static func top(selected: Int, count: Int, rows: Int) -> Int {
    guard rows > 0 else { return 0 }
    return max(0, min(selected - rows / 2, count - rows))
  }
}

/// Text of several lines as one, for lists.
enum OneLine {
  /// Reads no more than a list can show.
  static func text(_ text: String) -> String {
    var result = ""
    var space = true
    for character in text.prefix(600) {
      if character.isWhitespace {
        if !space { result.append(" ") }
        space = true
      } else {
        result.append(character)
        space = false
      }
    }
    return result
  }
}
