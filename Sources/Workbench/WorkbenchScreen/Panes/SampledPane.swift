/// Which ranks were drawn as the hard negative, beside what q_γ asks for.
enum SampledPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let window = state.sampling
    var details: [[Piece]] = []
    // Candidates are all but the best, and what ties with it.
    let candidates = window.expected.filter { $0 > 1e-12 }.count
    if let ess = state.metrics.ess.raw.recentMean(16, until: state.cursor) {
      details.append([
        Piece("ESS ", .dim), Piece(NumberText.plain(ess, decimals: 1), .strong),
        Piece(candidates > 0 ? " of \(candidates)" : "", .dim),
      ])
    }
    if let saturated = state.metrics.saturatedShare.recentMean(16, until: state.cursor) {
      details.append([
        Piece("saturated ", .dim), Piece(NumberText.percent(saturated), Style(saturated > 0.5 ? .warning : .text)),
      ])
    }
    var whatIf: [Double]?
    if case .editor(let editor) = state.overlay, editor.target == .gamma, case .success(let value) = editor.value {
      whatIf = NegativeDistribution.byRank(
        RewardSample.spread(state.rewardSample, 500), gamma: value, preferred: state.preferred)
    }
    let title = Frame.title(nil, rect.width >= 50 ? "sampled negatives" : "sampled", focused: focused)
    let inside = Frame(title: title, details: details, focused: focused).draw(rect, on: &painter)
    guard window.visits > 0 || whatIf != nil else {
      EmptyView.draw("no visits yet: each step draws one dispreferred response a prompt", inside, on: &painter)
      return
    }
    if window.drawCount == 0, whatIf == nil, window.expectedCount == 0 {
      EmptyView.draw("all responses enter the loss, none is drawn", inside, on: &painter)
      return
    }
    Histogram(drawn: window.drawnShares, expected: window.expectedShares, whatIf: whatIf).draw(inside, on: &painter)
    drawFooter(state, rect, whatIf: whatIf != nil, on: &painter)
  }

  /// The legend and how much evidence there is, in the bottom border.
  private static func drawFooter(_ state: ScreenState, _ rect: Rect, whatIf: Bool, on painter: inout Painter) {
    guard rect.width >= 20, rect.height >= 3 else { return }
    var pieces = [Piece(" █ drawn", Style(.drawn)), Piece(" ─ expected", Style(.expected))]
    if whatIf { pieces.append(Piece(" ░ what-if", Style(.whatIf))) }
    pieces.append(Piece(" ", .dim))
    var more = [Piece("· last \(state.sampling.visits) visits ", .dim)]
    if let chi = state.sampling.chiSquare {
      more.append(Piece("· χ² \(NumberText.plain(chi.value, decimals: 1)) for \(chi.degrees) degrees ", .dim))
    }
    for piece in more where painter.width(pieces + [piece]) <= rect.width - 4 { pieces.append(piece) }
    guard painter.width(pieces) <= rect.width - 2 else { return }
    painter.say(pieces, x: rect.x + 1, y: rect.bottom - 1, limit: rect.width - 2)
  }
}

/// A few of many prompts, for what is worked out anew for each frame.
enum RewardSample {
  /// At most about `count` of them, evenly spread.
  static func spread(_ rewards: [[Double]], _ count: Int) -> [[Double]] {
    guard rewards.count > count else { return rewards }
    let step = (rewards.count + count - 1) / count
    return stride(from: 0, to: rewards.count, by: step).map { rewards[$0] }
  }
}

/// What a row of γ values would do to this data set.
enum WhatIfPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    let inside = Frame(title: Frame.title(nil, "what γ does to these prompts", focused: focused), focused: focused)
      .draw(rect, on: &painter)
    guard state.hasGamma, !state.rewardSample.isEmpty else {
      EmptyView.draw(state.obstacleToGamma ?? "no prompts yet", inside, on: &painter)
      return
    }
    // A smaller sample than the editor's: many values of γ are worked out for each frame.
    let sample = RewardSample.spread(state.rewardSample, 200)
    var rows: [(gamma: Double, now: Bool)] = [-5, -2.5, -1, 0, 1, 2.5, 5].map { ($0, false) }
    if let gamma = state.presentGamma {
      rows.removeAll { abs($0.gamma - gamma) < 1e-9 }
      rows.append((gamma, true))
    }
    rows.sort { $0.gamma < $1.gamma }
    painter.say("      γ   ESS  saturated  reward gap", .dim, x: inside.x, y: inside.y, limit: inside.width)
    for (index, row) in rows.enumerated() where index + 1 < inside.height {
      guard let summary = NegativeDistribution.summary(sample, gamma: row.gamma, preferred: state.preferred) else {
        continue
      }
      let text =
        (row.now ? "▸" : " ")
        + DisplayText.pad(NumberText.signed(row.gamma), to: 6, alignRight: true)
        + DisplayText.pad(NumberText.plain(summary.medianEffectiveSampleSize, decimals: 1), to: 6, alignRight: true)
        + DisplayText.pad(NumberText.percent(summary.saturatedShare), to: 11, alignRight: true)
        + DisplayText.pad(NumberText.signed(summary.meanRewardGap), to: 12, alignRight: true)
      painter.say(
        text, row.now ? Style(.now, bold: true) : .text, x: inside.x, y: inside.y + 1 + index, limit: inside.width)
    }
    let note = DisplayText.wrap(
      "ESS: median. Saturated: ESS < 1.5, nearly always the same negative. Gap: best − mean drawn reward.",
      columns: inside.width - 1, lines: 3
    ).lines
    guard rows.count + 2 + note.count <= inside.height else { return }
    for (row, line) in note.enumerated() {
      painter.say(line, .dim, x: inside.x + 1, y: inside.bottom - note.count + row, limit: inside.width - 1)
    }
  }
}
