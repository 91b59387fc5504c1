/// State in, frame out. No input or output, no clock.
public enum Renderer {
  public static func frame(_ state: ScreenState) -> CellGrid {
    var painter = Painter(size: state.size, tier: state.tier, monochrome: state.monochrome)
    let layout = layout(of: state)
    StatusLine.draw(state, layout.status, on: &painter)
    if let notice = state.run?.notice, !layout.notice.isEmpty {
      painter.say(notice, Style(.notice), x: layout.notice.x + 1, y: layout.notice.y, limit: layout.notice.width - 2)
    }
    if state.run == nil {
      LoadingView.draw(state, bodyRect(layout, state.size), on: &painter)
    } else {
      for box in layout.panes {
        draw(box, state, focused: box.pane == layout.focus, on: &painter)
      }
    }
    if case .editor(let editor) = state.overlay {
      EditorStrip.draw(editor, state, layout.editor, on: &painter)
    }
    HintLine.draw(state, layout.hints, on: &painter)
    let body = bodyRect(layout, state.size)
    switch state.overlay {
    case .help(let scroll): HelpView.draw(scroll: scroll, body, on: &painter)
    case .quit: QuitDialog.draw(state, body, on: &painter)
    case .palette(let palette): PaletteView.draw(palette, state, body, on: &painter)
    case .samples(let selected): SamplesView.draw(selected, state, body, on: &painter)
    case .alarms(let selected): AlarmsView.draw(selected, state, body, on: &painter)
    case .branch(let form): BranchDialog.draw(form, body, on: &painter)
    case .undo: UndoDialog.draw(state, body, on: &painter)
    case .editor, .filter, nil: break
    }
    return painter.grid
  }

  static func layout(of state: ScreenState) -> ScreenLayout {
    var editor = LayoutRequest.EditorKind.none
    if case .editor(let open) = state.overlay { editor = open.target == .gamma ? .gamma : .value }
    return PageLayout.layout(
      LayoutRequest(
        size: state.size, page: state.page, focus: state.focus, zoomed: state.zoomed,
        hasNotice: state.run?.notice != nil, hasShares: !state.shares.isEmpty, editor: editor))
  }

  private static func bodyRect(_ layout: ScreenLayout, _ size: Size) -> Rect {
    let top = layout.status.bottom + layout.notice.height
    return Rect(x: 0, y: top, width: size.width, height: size.height - top - layout.hints.height)
  }

  private static func draw(_ box: PaneBox, _ state: ScreenState, focused: Bool, on painter: inout Painter) {
    let rect = box.rect
    switch box.pane {
    case .loss: LossPane.draw(state, rect, focused: focused, on: &painter)
    case .gamma: GammaPane.draw(state, rect, focused: focused, on: &painter)
    case .margin: MarginPane.draw(state, rect, focused: focused, on: &painter)
    case .sampled: SampledPane.draw(state, rect, focused: focused, on: &painter)
    case .rewards: RewardsPane.draw(state, rect, focused: focused, on: &painter)
    case .shares: SharesPane.draw(state, rect, focused: focused, on: &painter)
    case .prompts: PromptsPane.draw(state, rect, focused: focused, on: &painter)
    case .responses: ResponsesPane.draw(state, rect, focused: focused, on: &painter)
    case .whatIf: WhatIfPane.draw(state, rect, focused: focused, on: &painter)
    case .logs: LogsPane.draw(state, rect, focused: focused, on: &painter)
    case .events: EventsPane.draw(state, rect, focused: focused, on: &painter)
    case .system: SystemPane.draw(state, rect, focused: focused, on: &painter)
    case .gradient: CurvePane.gradient(state, rect, focused: focused, on: &painter)
    case .learningRate: CurvePane.learningRate(state, rect, focused: focused, on: &painter)
    case .speed: CurvePane.speed(state, rect, focused: focused, on: &painter)
    case .runs: RunsPane.draw(state, rect, focused: focused, on: &painter)
    case .overlayLoss: OverlayPane.draw(.loss, state, rect, focused: focused, on: &painter)
    case .overlayMargin: OverlayPane.draw(.margin, state, rect, focused: focused, on: &painter)
    case .overlayAccuracy: OverlayPane.draw(.accuracy, state, rect, focused: focused, on: &painter)
    case .generations: GenerationsPane.draw(state, rect, focused: focused, on: &painter)
    }
  }
}

/// What a pane says while it has nothing to show.
enum EmptyView {
  static func draw(_ text: String, _ rect: Rect, on painter: inout Painter) {
    let lines = DisplayText.wrap(painter.tier.spell(text), columns: max(1, rect.width - 2), lines: max(0, rect.height))
      .lines
    let top = rect.y + max(0, (rect.height - lines.count) / 2)
    for (index, line) in lines.enumerated() {
      let width = DisplayText.width(line)
      painter.say(line, .dim, x: rect.x + max(0, (rect.width - width) / 2), y: top + index, limit: rect.width)
    }
  }
}
