import Control

/// What happened in the run, newest at the bottom.
enum EventsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let (inside, lines) = TextTail.draw(
      state.run.events.elements, detail: "\(state.run.events.total)", scroll: state.view.eventScroll,
      empty: "nothing has happened yet", rect, head,
      on: &painter)
    for (row, line) in lines.enumerated() {
      painter.say(
        DisplayText.pad(String(line.step), to: 7, alignRight: true), .dim, x: inside.x, y: inside.y + row,
        limit: inside.width)
      painter.say(line.text, line.style, x: inside.x + 9, y: inside.y + row, limit: inside.width - 9)
    }
  }
}

/// What the run logged and what anything printed to standard output or error, newest at the bottom.
enum LogsPane {
  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let total = state.run.logs.total
    let (inside, lines) = TextTail.draw(
      state.run.logs.elements, detail: total == 1 ? "1 line" : "\(total) lines", scroll: state.view.logScroll,
      empty: "no lines yet: what the run logs, and anything printed, comes here", rect, head, on: &painter)
    for (row, entry) in lines.enumerated() {
      let role: Role =
        switch entry.line.level {
        case .info: .text
        case .warning: .warning
        case .error: .bad
        }
      let source = entry.source == .run ? entry.line.level.rawValue : entry.source.rawValue
      painter.say(DisplayText.pad(source, to: 8), .dim, x: inside.x + 1, y: inside.y + row, limit: inside.width - 1)
      painter.data(entry.line.text, Style(role), x: inside.x + 10, y: inside.y + row, limit: inside.width - 10)
    }
  }
}

/// The frame of a pane of lines, newest at the bottom.
private enum TextTail {
  /// - Parameter scroll: how many newer lines lie below what is shown.
  /// - Returns: the inside of the frame, and the lines that have room in it.
  static func draw<Line>(
    _ lines: [Line], detail: String, scroll: Int, empty: String, _ rect: Rect, _ head: PaneHead,
    on painter: inout Painter
  ) -> (inside: Rect, shown: ArraySlice<Line>) {
    let inside = Frame(
      head, details: [[Piece(detail, .dim)]],
      corner: scroll > 0 ? [[Piece("\(scroll) newer below, End", Style(.paused))]] : []
    ).draw(rect, on: &painter)
    if lines.isEmpty { EmptyView.draw(empty, inside, on: &painter) }
    let end = max(min(inside.height, lines.count), lines.count - scroll)
    return (inside, lines[max(0, end - inside.height)..<end])
  }
}

/// What does not change during the run, and what the machine does for it.
enum SystemPane {
  static func draw(_ state: ScreenState, _ rect: Rect, _ head: PaneHead, on painter: inout Painter) {
    let inside = Frame(head).draw(rect, on: &painter)
    var y = inside.y
    for (name, value) in lines(state) {
      guard y < inside.bottom else { return }
      if name.isEmpty {
        y += 1
        continue
      }
      painter.say(DisplayText.pad(name, to: 14), .dim, x: inside.x + 1, y: y, limit: inside.width - 1)
      painter.data(painter.tier.spell(value), .text, x: inside.x + 16, y: y, limit: inside.width - 16)
      y += 1
    }
  }

  private static func lines(_ state: ScreenState) -> [(String, String)] {
    guard let run = state.run.description else { return [("state", "loading")] }
    var lines = [
      ("run", run.name), ("model", run.modelName),
      ("method", run.method + (run.estimator.map { ", estimator \($0)" } ?? "")),
      ("trainable", "\(NumberText.count(run.trainableParameters)) parameters"), ("precision", run.precision),
      ("threads", "\(run.threads)"), ("prompts", "\(run.catalogue.count), \(run.promptsPerStep) a step"),
      ("steps", "\(run.totalSteps), \(NumberText.plain(run.stepsPerEpoch, decimals: 1)) an epoch"),
    ]
    if let path = run.sessionPath { lines.append(("session", path)) }
    if let checkpoint = state.run.lastCheckpoint {
      lines.append(("checkpoint", "step \(checkpoint.step), \(checkpoint.path)"))
    }
    lines.append(("", ""))
    if let record = state.run.lastStep {
      lines.append(("learning rate", NumberText.scientific(record.learningRate)))
      lines.append(("β", NumberText.plain(record.beta, decimals: 3)))
      lines.append(("tokens seen", NumberText.count(record.tokens)))
      if let rate = state.run.metrics.pairsPerSecond { lines.append(("pairs/s", NumberText.plain(rate, decimals: 1))) }
    }
    if let record = state.run.lastEvaluation {
      lines.append(("", ""))
      lines.append(("evaluation", "step \(record.step), \(record.prompts) held-out prompts"))
      lines.append(("  loss", NumberText.plain(record.loss, decimals: 4)))
      lines.append(("  accuracy", NumberText.percent(record.accuracy)))
      lines.append(
        ("  margin", "hardest \(NumberText.signed(record.hardestMargin)), mean \(NumberText.signed(record.meanMargin))")
      )
    }
    if let found = state.run.lastEvaluation?.diagnostics {
      let (hardest, mean) = (found.lengthHardestMargin, found.lengthMeanMargin)
      lines.append(("  with length", "hardest \(NumberText.signed(hardest)), mean \(NumberText.signed(mean))"))
      lines.append(("  ranking", "\(NumberText.percent(found.rankingAccuracy)) of all pairs as annotated"))
      lines.append(("  length", "correlation \(NumberText.signed(found.lengthCorrelation)) with the reward"))
      if let kl = found.policyKL { lines.append(("  KL", "\(NumberText.plain(kl, decimals: 2)) nats an answer")) }
      if let kl = found.kl { lines.append(("  KTO's KL", "\(NumberText.plain(kl, decimals: 3)) nats")) }
    }
    lines.append(("", ""))
    lines.append(
      (
        "screen",
        "\(state.view.size.width)×\(state.view.size.height), \(state.view.tier.rawValue), theme \(state.view.themeName)"
      ))
    if state.view.showsTimings, let timings = state.view.timings {
      lines.append(("  reduce", "\(NumberText.plain(timings.reduce, decimals: 0)) µs"))
      lines.append(("  draw", "\(NumberText.plain(timings.draw, decimals: 0)) µs"))
      lines.append(("  blit", "\(NumberText.plain(timings.blit, decimals: 0)) µs, \(timings.cells) cells"))
      lines.append(("  queue", "\(timings.queueHighWater) events at most"))
    }
    return lines
  }
}

extension Pane {
  static let events = Pane(
    "events", title: "events", tab: .events, seats: [Seat(.events, .main)],
    keys: PaneKeys(move: { state, by in
      state.view.eventScroll = max(0, min(state.run.events.elements.count - 1, state.view.eventScroll - by))
      return []
    }), draw: EventsPane.draw)
  static let logs = Pane(
    "logs", title: "logs", tab: .logs, seats: [Seat(.logs, .main)],
    keys: PaneKeys(move: { state, by in
      state.view.logScroll = max(0, min(state.run.logs.elements.count - 1, state.view.logScroll - by))
      return []
    }), draw: LogsPane.draw)
  static let system = Pane(
    "system", title: "system", tab: .system, seats: [Seat(.system, .main)], draw: SystemPane.draw)
}
