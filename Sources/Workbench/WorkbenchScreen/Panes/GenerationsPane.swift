import Control

/// Policy beside reference on held-out prompts.
enum GenerationsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let prompts = state.generations.prompts
    let index = min(state.generationIndex, max(0, prompts.count - 1))
    var more: [[Piece]] = []
    if !prompts.isEmpty {
      more = [
        [Piece("\(index + 1) of \(prompts.count)", .dim)],
        [Piece("[ ]", Style(.key)), Piece(" other prompts", .dim)],
      ]
    }
    let inside = Frame(title: Frame.title("7", "generations", focused: focused), details: more, focused: focused)
      .draw(rect, on: &painter)
    guard !prompts.isEmpty, let records = state.generations.records[prompts[index]], let newest = records.last else {
      EmptyView.draw("no generations yet: the run writes some at each evaluation", inside, on: &painter)
      return
    }
    var y = inside.y
    for line in DisplayText.wrap(newest.prompt, columns: inside.width - 2, lines: max(1, inside.height / 4)).lines {
      painter.data(line, .strong, x: inside.x + 1, y: y, limit: inside.width - 1)
      y += 1
    }
    if inside.height >= 8 { y += 1 }
    let area = Rect(x: inside.x, y: y, width: inside.width, height: inside.bottom - y)
    let sides = inside.width >= 60 ? area.columns(2) : area.rows(2)
    let temperature = newest.temperature == 0 ? "greedy" : "T \(NumberText.plain(newest.temperature, decimals: 1))"
    drawSide(
      "policy at step \(newest.step), \(temperature)", newest.policyGrade, newest.policy, Style(.chosen), sides[0],
      on: &painter)
    drawSide("reference", newest.referenceGrade, newest.reference, Style(.rejected), sides[1], on: &painter)
    drawHistory(records, inside, on: &painter)
  }

  private static func drawSide(
    _ title: String, _ grade: String?, _ text: String, _ style: Style, _ rect: Rect, on painter: inout Painter
  ) {
    guard rect.height > 0 else { return }
    var heading = style
    heading.bold = true
    var used = painter.say(title, heading, x: rect.x + 1, y: rect.y, limit: rect.width - 2)
    if let grade {
      used += painter.say("  " + grade, .strong, x: rect.x + 1 + used, y: rect.y, limit: rect.width - 2 - used)
    }
    let shown = text.isEmpty ? "(nothing: ended at once)" : text
    for (row, line) in DisplayText.wrap(shown, columns: rect.width - 3, lines: rect.height - 1).lines.enumerated() {
      painter.data(line, text.isEmpty ? .dim : .text, x: rect.x + 1, y: rect.y + 1 + row, limit: rect.width - 2)
    }
  }

  /// The grades that this prompt's answers got over the run.
  private static func drawHistory(_ records: [GenerationRecord], _ rect: Rect, on painter: inout Painter) {
    var changes: [(step: Int, grade: String)] = []
    for record in records {
      if let grade = record.policyGrade, grade != changes.last?.grade { changes.append((record.step, grade)) }
    }
    guard changes.count > 1, rect.height >= 12 else { return }
    let text = changes.suffix(6).map { "\($0.grade) from step \($0.step)" }.joined(separator: " → ")
    painter.say("policy: \(text)", .dim, x: rect.x + 1, y: rect.bottom - 1, limit: rect.width - 2)
  }
}
