/// The last line: what a key did, else what keys do, from the binding table.
enum HintLine {
  static func draw(_ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    guard !rect.isEmpty else { return }
    let left = rect.x + (rect.width > 20 ? 1 : 0)
    if case .failed(let sentence) = state.phase, state.message == nil, state.overlay == nil {
      painter.say("failed: \(sentence)", Style(.bad, bold: true), x: left, y: rect.y, limit: rect.right - left)
      return
    }
    if let question = state.questionOfControls {
      painter.data(question, Style(.warning, bold: true), x: left, y: rect.y, limit: rect.right - left)
      return
    }
    if let message = state.message, state.overlay == nil {
      painter.say(message.text, Style(message.role), x: left, y: rect.y, limit: rect.right - left)
      return
    }
    let hints = Binding.table.filter { $0.rank != nil && $0.contexts.contains(state.context) }
      .sorted { ($0.rank ?? 0) < ($1.rank ?? 0) }
    var x = left
    var said: Set<String> = []
    for binding in hints {
      guard let key = binding.keys.first else { continue }
      let obstacle = binding.obstacle(state)
      // What keeps several keys from working is said once; there is better use for the rest of the line.
      if let obstacle, !said.insert(obstacle).inserted { continue }
      let style = obstacle == nil ? Style.text : .faint
      var pieces = [
        Piece(key.name, obstacle == nil ? Style(.key, bold: true) : .faint), Piece(" " + binding.hint(state), style),
      ]
      if let obstacle, rect.width >= 100 { pieces.append(Piece(" (\(obstacle))", .faint)) }
      let width = painter.width(pieces)
      // What does not fit is left to help; a shorter hint after it may still fit.
      guard x + width <= rect.right else { continue }
      painter.say(pieces, x: x, y: rect.y, limit: rect.right - x)
      x += width + 2
    }
  }
}
