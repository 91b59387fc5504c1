/// State in, frame out. No input or output, no clock.
public enum Renderer {
  public static func frame(_ state: ScreenState) -> CellGrid {
    var painter = Painter(size: state.view.size, tier: state.view.tier, monochrome: state.view.monochrome)
    let layout = layout(of: state)
    StatusLine.draw(state, layout.status, on: &painter)
    if let notice = state.run.description?.notice, !layout.notice.isEmpty {
      painter.say(notice, Style(.notice), x: layout.notice.x + 1, y: layout.notice.y, limit: layout.notice.width - 2)
    }
    if state.run.description == nil {
      LoadingView.draw(state, bodyRect(layout, state.view.size), on: &painter)
    } else {
      for box in layout.panes {
        guard let pane = state.view.panes[box.pane] else { continue }
        pane.draw(state, box.rect, pane.head(width: box.rect.width, focused: box.pane == layout.focus), &painter)
      }
    }
    if case .editor(let editor) = state.view.overlay {
      EditorStrip.draw(editor, state, layout.editor, on: &painter)
    }
    HintLine.draw(state, layout.hints, on: &painter)
    let body = bodyRect(layout, state.view.size)
    switch state.view.overlay {
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
    if case .editor(let open) = state.view.overlay { editor = open.target == .gamma ? .gamma : .value }
    return PageLayout.layout(
      LayoutRequest(
        size: state.view.size, page: state.view.page, focus: state.view.focus, zoomed: state.view.zoomed,
        hasNotice: state.run.description?.notice != nil, editor: editor, panes: state.view.panes,
        absent: state.view.panes.absent(state.run)))
  }

  private static func bodyRect(_ layout: ScreenLayout, _ size: Size) -> Rect {
    let top = layout.status.bottom + layout.notice.height
    return Rect(x: 0, y: top, width: size.width, height: size.height - top - layout.hints.height)
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
