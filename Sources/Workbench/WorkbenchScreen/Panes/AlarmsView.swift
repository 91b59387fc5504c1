/// What the alarms say, with their numbers.
enum AlarmsView {
  static func draw(_ selected: Int, _ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    let width = min(rect.width, 96)
    let lines = state.alarms.enumerated().flatMap { index, alarm -> [[Piece]] in
      let muted = state.view.mutedAlarms.contains(alarm.kind)
      let pointer = index == selected ? "\(painter.signs.pointer) " : "  "
      var lines: [[Piece]] = [
        [
          Piece(pointer, Style(.key, bold: true)),
          Piece(alarm.kind.title, muted ? .faint : Style(.warning, bold: true)),
          Piece(muted ? "  muted" : "", .dim),
        ]
      ]
      let room = max(1, width - 6)
      for line in DisplayText.wrap(painter.tier.spell(alarm.text), columns: room, lines: 4).lines {
        lines.append([Piece("  " + line, muted ? .faint : .text)])
      }
      lines.append([Piece("  " + alarm.numbers, .dim)])
      return lines
    }
    let rows = max(1, lines.count)
    guard let inside = DialogBox.draw("alarms", rows: rows, width: width, rect, on: &painter) else { return }
    guard !lines.isEmpty else {
      painter.say("nothing out of the ordinary now", .dim, x: inside.x + 1, y: inside.y, limit: inside.width - 2)
      return
    }
    // The selected one stays in view.
    let first = lines.firstIndex { $0.first?.text == "\(painter.signs.pointer) " } ?? 0
    let top = max(0, min(first - 1, lines.count - inside.height))
    for row in 0..<max(0, min(inside.height, lines.count - top)) {
      painter.say(lines[top + row], x: inside.x + 1, y: inside.y + row, limit: inside.width - 2)
    }
  }
}
