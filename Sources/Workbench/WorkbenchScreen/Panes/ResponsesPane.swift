import Control

/// The ranked-response inspector: every response of the selected prompt with its numbers.
enum ResponsesPane {
  static func draw(_ state: ScreenState, _ rect: Rect, focused: Bool, on painter: inout Painter) {
    guard let index = state.selectedPrompt, let prompt = state.catalogued(index) else {
      let inside = Frame(title: Frame.title(nil, "ranked responses", focused: focused), focused: focused)
        .draw(rect, on: &painter)
      EmptyView.draw("no prompt selected yet", inside, on: &painter)
      return
    }
    let rows = rows(state, index, prompt)
    var more = [[Piece("prompt \(index)", .text)]]
    if let gamma = state.presentGamma, state.hasGamma {
      let ess = NegativeDistribution.effectiveSampleSize(rows.map { $0.q ?? 0 })
      let candidates = rows.filter { ($0.q ?? 0) > 0 }.count
      more.append([Piece("γ \(NumberText.signed(gamma))", .dim)])
      more.append([Piece("ESS \(NumberText.plain(ess, decimals: 1)) of \(candidates)", .dim)])
    }
    let steps = rows.compactMap { $0.score?.step }
    var corner: [Piece] = []
    if state.inspecting == index {
      corner = [Piece("scoring", Style(.paused))]
    } else if let oldest = steps.min(), let newest = steps.max(), steps.count == rows.count {
      corner = [Piece(oldest == newest ? "scored at step \(newest)" : "scored at steps \(oldest)–\(newest)", .dim)]
    } else {
      corner = [Piece("\(steps.count) of \(rows.count) scored", .dim), Piece(" i", Style(.key)), Piece(" all", .dim)]
    }
    let inside = Frame(
      title: Frame.title(nil, "ranked responses", focused: focused), details: more, corner: [corner],
      cornerFirst: true, focused: focused
    ).draw(rect, on: &painter)
    guard inside.height >= 1, !rows.isEmpty else { return }

    // With room, the prompt stands above the table and the selected response's whole text below it.
    var table = inside
    if inside.height >= 14 {
      table = drawTexts(state, prompt, rows.count, inside, on: &painter)
    }
    drawTable(state, rows, table, focused: focused, on: &painter)
  }

  // MARK: Numbers

  private struct Row {
    var response: Int
    var reward: Double
    var q: Double?
    var drawn: Bool
    var score: PromptBook.Score?
    /// β(l − l_ref)
    var implicitReward: Double?
    /// s_1 − s_i
    var margin: Double?
    var text: String
  }

  private static func rows(_ state: ScreenState, _ index: Int, _ prompt: CataloguedPrompt) -> [Row] {
    let beta = state.lastStep?.beta ?? state.run?.beta ?? 0.1
    let scores = state.prompts.scores(of: index)
    let q =
      state.hasGamma
      ? NegativeDistribution.probabilities(
        rewards: prompt.rewards, gamma: state.presentGamma ?? 0, preferred: state.preferred) : []
    let drawn = state.prompts.entries[index]?.lastVisit.drawn
    func implicit(_ response: Int) -> Double? {
      scores[response].map { beta * ($0.response.logProb - $0.response.referenceLogProb) }
    }
    let best = implicit(0)
    return prompt.responses.indices.map { response in
      let own = implicit(response)
      var margin: Double?
      if response > 0, let best, let own { margin = best - own }
      return Row(
        response: response, reward: response < prompt.rewards.count ? prompt.rewards[response] : .nan,
        q: response < q.count ? q[response] : nil, drawn: drawn == response, score: scores[response],
        implicitReward: own, margin: margin, text: prompt.responses[response])
    }
  }

  // MARK: The table

  private struct Column {
    var title: String
    var width: Int
    /// Higher ones are left out first in narrow panes.
    var expendable: Int
    var text: (Row) -> String
    var style: (Row) -> Style = { _ in .text }
  }

  private static func columns(_ state: ScreenState, width: Int) -> [Column] {
    func number(_ value: Double?, _ format: (Double) -> String) -> String { value.map(format) ?? "–" }
    let preferred = state.preferred
    var columns = [
      Column(title: "#", width: 3, expendable: 0, text: { "\($0.response + 1)" }, style: { _ in .dim }),
      Column(
        title: "", width: 2, expendable: 1, text: { $0.response < preferred ? "★" : $0.drawn ? "◂" : "" },
        style: { Style($0.response < preferred ? .good : .drawn, bold: true) }),
      Column(title: "reward", width: 7, expendable: 2, text: { NumberText.signed($0.reward) }),
      Column(
        title: "q", width: 5, expendable: 3,
        text: { row in row.response < preferred ? "best" : number(row.q) { NumberText.percent($0) } },
        style: { Style($0.response < preferred ? .good : .expected) }),
      Column(
        title: "logp", width: 8, expendable: 6, text: { number($0.score?.response.logProb) { NumberText.plain($0) } }),
      Column(
        title: "ref", width: 8, expendable: 7,
        text: { number($0.score?.response.referenceLogProb) { NumberText.plain($0) } }, style: { _ in .dim }),
      Column(
        title: "s", width: 7, expendable: 4, text: { number($0.implicitReward) { NumberText.signed($0) } },
        style: { Style(($0.implicitReward ?? 0) < 0 ? .rejected : .chosen) }),
      Column(
        title: "margin", width: 7, expendable: 5, text: { number($0.margin) { NumberText.signed($0) } },
        style: { Style(($0.margin ?? 0) < 0 ? .bad : .text) }),
      Column(
        title: "len", width: 5, expendable: 8, text: { $0.score.map { "\($0.response.tokens)" } ?? "–" },
        style: { _ in .dim }),
    ]
    if !state.hasGamma { columns.removeAll { $0.title == "q" } }
    func used() -> Int { columns.reduce(0) { $0 + $1.width } }
    // At least a few words of each response are to be read.
    while used() + 12 > width, columns.count > 1,
      let index = columns.indices.max(by: { columns[$0].expendable < columns[$1].expendable }),
      columns[index].expendable > 0
    {
      columns.remove(at: index)
    }
    return columns
  }

  private static func drawTable(
    _ state: ScreenState, _ rows: [Row], _ rect: Rect, focused: Bool, on painter: inout Painter
  ) {
    let columns = columns(state, width: rect.width)
    var y = rect.y
    if rect.height >= 4 {
      var x = rect.x
      for column in columns {
        painter.say(
          DisplayText.pad(column.title, to: column.width, alignRight: true), .dim, x: x, y: y, limit: rect.right - x)
        x += column.width
      }
      y += 1
    }
    let visible = rect.bottom - y
    let top = ListWindow.top(selected: state.selectedResponse, count: rows.count, rows: visible)
    for index in 0..<max(0, min(visible, rows.count - top)) {
      let row = rows[top + index]
      var x = rect.x
      for column in columns {
        let text = DisplayText.pad(painter.tier.spell(column.text(row)), to: column.width, alignRight: true)
        painter.say(text, column.style(row), x: x, y: y + index, limit: rect.right - x)
        x += column.width
      }
      painter.data(OneLine.text(row.text), .text, x: x + 1, y: y + index, limit: rect.right - x - 1)
      if focused, row.response == state.selectedResponse {
        painter.grid.restyle(x: rect.x, y: y + index, columns: rect.width) { $0.ground = .selection }
      }
    }
  }

  // MARK: Texts

  private static func drawTexts(
    _ state: ScreenState, _ prompt: CataloguedPrompt, _ count: Int, _ rect: Rect, on painter: inout Painter
  ) -> Rect {
    let promptLines = DisplayText.wrap(prompt.text, columns: rect.width - 2, lines: min(4, rect.height / 6)).lines
    var y = rect.y
    for line in promptLines {
      painter.data(line, .strong, x: rect.x + 1, y: y, limit: rect.width - 1)
      y += 1
    }
    y += 1
    guard state.selectedResponse < prompt.responses.count else {
      return Rect(x: rect.x, y: y, width: rect.width, height: rect.bottom - y)
    }
    // The response takes what it needs, at most a third; the table has the rest.
    let text = DisplayText.wrap(
      prompt.responses[state.selectedResponse], columns: rect.width - 2, lines: max(1, rect.height / 3)
    ).lines
    let table = Rect(
      x: rect.x, y: y, width: rect.width, height: min(count + 1, rect.bottom - y - text.count - 1))
    painter.say("response #\(state.selectedResponse + 1)", Style(.title, bold: true), x: rect.x + 1, y: table.bottom)
    for (row, line) in text.enumerated() {
      painter.data(line, .text, x: rect.x + 1, y: table.bottom + 1 + row, limit: rect.width - 1)
    }
    return table
  }
}
