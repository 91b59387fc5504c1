import Control

/// The first line: what runs, in which state, how far, how fast. Narrow terminals lose the least important parts.
enum StatusLine {
  private struct Part {
    var pieces: [Piece]
    /// The highest goes first when room is short; 0 stays.
    var expendable: Int
  }

  static func draw(_ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    guard !rect.isEmpty else { return }
    var parts = parts(state)
    func width() -> Int {
      parts.reduce(0) { $0 + painter.width($1.pieces) } + 2 * max(0, parts.count - 1) + 2
    }
    while width() > rect.width, parts.count > 1,
      let index = parts.indices.max(by: { parts[$0].expendable < parts[$1].expendable }),
      parts[index].expendable > 0
    {
      parts.remove(at: index)
    }
    var x = rect.x + (rect.width > 20 ? 1 : 0)
    for part in parts {
      x += painter.say(part.pieces, x: x, y: rect.y, limit: rect.right - x)
      x += 2
      if x >= rect.right { return }
    }
  }

  private static func parts(_ state: ScreenState) -> [Part] {
    var parts: [Part] = []
    if let run = state.run.description {
      parts.append(Part(pieces: [Piece(run.method, Style(.title, bold: true))], expendable: 4))
      parts.append(Part(pieces: [Piece(run.modelName, .text, isData: true)], expendable: 7))
    } else {
      parts.append(Part(pieces: [Piece("workbench", Style(.title, bold: true))], expendable: 4))
    }
    let (word, role) = stateText(state)
    parts.append(Part(pieces: [Piece("● ", Style(role)), Piece(word, Style(role, bold: true))], expendable: 0))
    if let controls = controls(state) { parts.append(controls) }
    if let alarm = state.audibleAlarms.first {
      let more = state.audibleAlarms.count > 1 ? " +\(state.audibleAlarms.count - 1)" : ""
      parts.append(
        Part(
          pieces: [Piece("! ", Style(.key, bold: true)), Piece(alarm.kind.title + more, Style(.warning, bold: true))],
          expendable: 3))
    }
    guard let run = state.run.description else { return parts }
    let step = state.run.completedSteps
    parts.append(
      Part(pieces: [Piece("step ", .dim), Piece("\(step)", .strong), Piece("/\(run.totalSteps)", .dim)], expendable: 1))
    if let record = state.run.lastStep {
      parts.append(
        Part(pieces: [Piece("ep ", .dim), Piece(NumberText.plain(record.epoch), .text)], expendable: 8))
      parts.append(
        Part(pieces: [Piece("loss ", .dim), Piece(NumberText.plain(record.loss, decimals: 4), .text)], expendable: 3))
    }
    if let gamma = state.run.presentGamma {
      var pieces = [Piece("γ ", .dim), Piece(NumberText.signed(gamma), Style(.now, bold: true))]
      // Where the plan leads next, if it changes.
      if step >= 0, step < state.run.gammaPlan.count,
        let next = state.run.gammaPlan[step...].first(where: { abs($0 - gamma) > 1e-9 })
      {
        pieces.append(Piece("→" + NumberText.signed(next), .dim))
      }
      parts.append(Part(pieces: pieces, expendable: 2))
    }
    if let position = state.view.replay {
      parts += replayParts(state, position)
      return parts
    }
    if let rate = state.run.metrics.pairsPerSecond {
      parts.append(
        Part(pieces: [Piece(NumberText.plain(rate, decimals: 1), .text), Piece(" pairs/s", .dim)], expendable: 6))
    }
    if state.run.isSteerable, let seconds = state.run.metrics.recentStepTime {
      let left = Double(max(0, run.totalSteps - step)) * seconds
      parts.append(Part(pieces: [Piece("ETA ", .dim), Piece(NumberText.duration(left), .text)], expendable: 5))
    } else if let summary = state.run.summary {
      parts.append(
        Part(pieces: [Piece("took ", .dim), Piece(NumberText.duration(summary.trainRuntime), .text)], expendable: 5))
    }
    return parts
  }

  /// Who may steer, where that is not simply the person at this screen.
  private static func controls(_ state: ScreenState) -> Part? {
    guard state.steering.place != .recording, !state.run.hasEnded else { return nil }
    switch state.steering.controls.holder {
    case .here where state.steering.place == .follower:
      return Part(pieces: [Piece("you steer", Style(.good))], expendable: 2)
    case .here: return nil
    case .elsewhere(let name):
      var pieces = [Piece("READ ONLY", Style(.warning, bold: true))]
      if let name { pieces.append(Piece(" \(name) steers", .dim)) }
      return Part(pieces: pieces, expendable: 2)
    }
  }

  /// What the record says besides the moment that is shown.
  private static func replayParts(_ state: ScreenState, _ position: ReplayPosition) -> [Part] {
    let what = state.steering.place == .recording ? "recorded to " : "the run is at "
    return [
      Part(pieces: [Piece(what, .dim), Piece("\(position.lastStep)", .text)], expendable: 5),
      Part(pieces: [Piece(state.run.phase.word.lowercased() + " then", .dim)], expendable: 6),
    ]
  }

  /// The run's state in words, and what has been asked for but not answered.
  static func stateText(_ state: ScreenState) -> (String, Role) {
    if let position = state.view.replay {
      if position.playing { return ("REPLAY \(position.speed)×", .paused) }
      return (position.showsWhole ? "CROSSHAIR" : "REPLAY", .paused)
    }
    switch state.run.phase {
    case .stopping: return ("STOPPING, saving a checkpoint", .paused)
    case .finished: return (state.run.summary.map { $0.reason.rawValue.uppercased() } ?? "FINISHED", .ended)
    case .failed: return ("FAILED", .bad)
    default: break
    }
    let asked = state.steering.pending.values.map(\.command)
    if asked.contains(.stop) { return ("STOP REQUESTED", .paused) }
    switch state.run.phase {
    case .pausing(let step): return ("pausing after step \(step)", .paused)
    case .paused(let step):
      if asked.contains(.resume) { return ("RESUME REQUESTED", .paused) }
      if asked.contains(where: { if case .step = $0 { true } else { false } }) { return ("STEP REQUESTED", .paused) }
      return ("PAUSED at \(step)", .paused)
    case .running where asked.contains(.pause): return ("PAUSE REQUESTED", .paused)
    default: return (state.run.phase.word, state.run.phase == .running ? .running : .paused)
    }
  }
}
