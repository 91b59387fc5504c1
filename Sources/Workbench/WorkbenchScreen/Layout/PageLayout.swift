/// A pane and its place on the screen.
struct PaneBox: Equatable, Sendable {
  var pane: Pane.ID
  var rect: Rect
}

/// Where everything stands: the status line, the notice, panes, the editor strip and the hints.
struct ScreenLayout: Equatable, Sendable {
  var status: Rect
  var notice: Rect
  var panes: [PaneBox]
  var editor: Rect
  var hints: Rect
  /// Always one of `panes` where there is any.
  var focus: Pane.ID
}

/// What the layout depends on.
struct LayoutRequest: Sendable {
  var size: Size
  var page: Page = .charts
  var focus: Pane.ID = .loss
  var zoomed = false
  var hasNotice = false
  /// The strip that edits a value is open; for γ the histogram must be in view.
  var editor = EditorKind.none
  var panes = PaneRegistry.standard
  /// Panes that have nothing to show.
  var absent: Set<Pane.ID> = []

  enum EditorKind: Sendable, CaseIterable { case none, value, gamma }
}

/// Pure: a size in, rectangles out. Nothing overlaps, nothing lies outside, and where there is any pane the focus is
/// one of them. Small terminals lose panes by priority, then all but one, then all but the status line.
enum PageLayout {
  static func layout(_ request: LayoutRequest) -> ScreenLayout {
    let size = request.size
    var body = Rect(x: 0, y: 0, width: size.width, height: size.height)
    let none = Rect(x: 0, y: 0, width: 0, height: 0)
    var result = ScreenLayout(
      status: none, notice: none, panes: [], editor: none, hints: none, focus: request.focus)
    (result.status, body) = body.splitTop(1)
    if body.height >= 1 {
      (body, result.hints) = body.splitTop(body.height - 1)
    }
    if request.hasNotice, body.height >= 4 {
      (result.notice, body) = body.splitTop(1)
    }
    if request.editor != .none, body.height >= 2 {
      let wanted = request.editor == .gamma ? 5 : 4
      let rows = body.height >= wanted + 8 ? wanted : min(body.height, max(2, body.height / 3))
      (body, result.editor) = body.splitTop(body.height - rows)
    }
    guard body.height >= 2, body.width >= 4 else {
      // With one row only, the pane is content without a border; with none there is none.
      if body.height >= 1, body.width >= 4 { result.panes = [PaneBox(pane: request.focus, rect: body)] }
      return result
    }
    result.panes = panes(request, body)
    if request.editor == .gamma, !result.panes.contains(where: { $0.pane == .sampled }) {
      result.panes = [PaneBox(pane: .sampled, rect: body)]
    }
    if !result.panes.contains(where: { $0.pane == request.focus }), let first = result.panes.first {
      result.focus = first.pane
    }
    return result
  }

  private static func panes(_ request: LayoutRequest, _ body: Rect) -> [PaneBox] {
    if request.zoomed { return [PaneBox(pane: request.focus, rect: body)] }
    let seating = Seating(request.panes.seated(on: request.page, without: request.absent))
    var boxes = seating.boxes(request.page, body) ?? seating.stack(request, body)
    // A pane that has the focus is always shown: in the place of the least important one.
    if !boxes.contains(where: { $0.pane == request.focus }), seating.contains(request.focus),
      let last = boxes.indices.last
    {
      boxes[last].pane = request.focus
    }
    return boxes
  }
}
