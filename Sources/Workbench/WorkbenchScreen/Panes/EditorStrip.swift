/// The strip that edits γ, the learning rate or β, with the consequences before Enter.
enum EditorStrip {
  static func draw(_ editor: ValueEditor, _ state: ScreenState, _ rect: Rect, on painter: inout Painter) {
    guard rect.width >= 4, rect.height >= 1 else { return }
    painter.grid.clear(rect)
    var inside = rect
    if rect.height >= 4 {
      inside = Frame(title: [Piece("edit \(editor.title)", Style(.title, bold: true))], focused: true)
        .draw(rect, on: &painter)
    }
    var lines: [[Piece]] = [input(editor, state)]
    if let problem = editor.problem {
      lines.append([Piece(problem, Style(editor.confirming ? .warning : .bad, bold: true))])
    }
    if editor.target == .gamma { lines += consequences(editor, state) }
    if lines.count < inside.height { lines.append([Piece(effect(editor, state), .dim)]) }
    for (row, line) in lines.prefix(inside.height).enumerated() {
      painter.say(line, x: inside.x + 1, y: inside.y + row, limit: inside.width - 2)
    }
  }

  private static func input(_ editor: ValueEditor, _ state: ScreenState) -> [Piece] {
    func field(_ text: String, active: Bool) -> Piece {
      Piece(" " + text + (active ? "_" : "") + " ", Style(.text, bold: active, reverse: active), isData: true)
    }
    var pieces: [Piece] = []
    switch editor.target {
    case .gamma:
      let present = state.presentGamma.map { NumberText.signed($0) } ?? "–"
      pieces.append(Piece("γ \(present) → ", .text))
    case .learningRate:
      let peak = state.peakLearningRate ?? 0
      pieces.append(Piece("peak learning rate \(NumberText.scientific(peak)) → ", .text))
    case .beta:
      let present = state.lastStep?.beta ?? state.run?.beta ?? 0
      pieces.append(Piece("β \(NumberText.plain(present, decimals: 3)) → ", .text))
    }
    pieces.append(field(editor.text, active: editor.field == .value))
    switch editor.mode {
    case .hold: break
    case .ramp:
      pieces += [
        Piece("  over ", .text), field(editor.stepsText, active: editor.field == .steps), Piece(" steps", .text),
      ]
    case .at:
      pieces += [Piece("  from step ", .text), field(editor.stepsText, active: editor.field == .steps)]
    }
    return pieces
  }

  /// ESS, saturation and reward gap now and as edited, over the run's prompts.
  private static func consequences(_ editor: ValueEditor, _ state: ScreenState) -> [[Piece]] {
    guard case .success(let value) = editor.value,
      let after = NegativeDistribution.summary(state.rewardSample, gamma: value, preferred: state.preferred)
    else { return [] }
    let before =
      state.presentGamma.flatMap {
        NegativeDistribution.summary(state.rewardSample, gamma: $0, preferred: state.preferred)
      } ?? after
    let candidates = max(0, (state.rewardSample.map(\.count).max() ?? 1) - state.preferred)
    func change(_ name: String, _ old: String, _ new: String, _ style: Style) -> [Piece] {
      [Piece(name + " ", .dim), Piece(old + " → ", .text), Piece(new, style)]
    }
    return [
      change(
        "ESS", NumberText.plain(before.medianEffectiveSampleSize, decimals: 1),
        NumberText.plain(after.medianEffectiveSampleSize, decimals: 1), Style(.whatIf, bold: true))
        + [Piece(" of \(candidates)  ", .dim)]
        + change(
          "saturated", NumberText.percent(before.saturatedShare), NumberText.percent(after.saturatedShare),
          Style(after.saturatedShare > 0.5 ? .warning : .whatIf, bold: true))
        + [Piece("  ", .dim)]
        + change(
          "reward gap", NumberText.signed(before.meanRewardGap), NumberText.signed(after.meanRewardGap),
          Style(.whatIf, bold: true))
        + [Piece("  over \(after.prompts) prompts", .dim)]
    ]
  }

  private static func effect(_ editor: ValueEditor, _ state: ScreenState) -> String {
    let next = state.completedSteps + 1
    switch (editor.target, editor.mode) {
    case (.gamma, .hold): return "Enter: from about step \(next) on, until changed or returned to the schedule"
    case (.gamma, .ramp): return "Enter: linearly to this γ, beginning at about step \(next), then held"
    case (.gamma, .at): return "Enter: the schedule rules until that step"
    case (.learningRate, _): return "Enter: from about step \(next) on, as the schedule's peak; its shape stays"
    case (.beta, _): return "Enter: from about step \(next) on; margins before and after are on different scales"
    }
  }
}
