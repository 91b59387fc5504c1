/// A pane and its place on the screen.
public struct PaneBox: Equatable, Sendable {
  public var pane: PaneID
  public var rect: Rect
}

/// Where everything stands: the status line, the notice, panes, the editor strip and the hints.
public struct ScreenLayout: Equatable, Sendable {
  public var status: Rect
  public var notice: Rect
  public var panes: [PaneBox]
  public var editor: Rect
  public var hints: Rect
  /// Always one of `panes` where there is any.
  public var focus: PaneID
}

/// What the layout depends on.
public struct LayoutRequest: Equatable, Sendable {
  public var size: Size
  public var page: Page
  public var focus: PaneID
  public var zoomed: Bool
  public var hasNotice: Bool
  public var hasShares: Bool
  /// The strip that edits a value is open; for γ the histogram must be in view.
  public var editor: EditorKind

  public enum EditorKind: Sendable, CaseIterable { case none, value, gamma }

  public init(
    size: Size, page: Page = .charts, focus: PaneID = .loss, zoomed: Bool = false, hasNotice: Bool = false,
    hasShares: Bool = false, editor: EditorKind = .none
  ) {
    self.size = size
    self.page = page
    self.focus = focus
    self.zoomed = zoomed
    self.hasNotice = hasNotice
    self.hasShares = hasShares
    self.editor = editor
  }
}

/// Pure: a size in, rectangles out. Nothing overlaps, nothing lies outside, and where there is any pane the focus is
/// one of them. Small terminals lose panes by priority, then all but one, then all but the status line.
public enum PageLayout {
  public static func layout(_ request: LayoutRequest) -> ScreenLayout {
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

  /// All panes of a page in the order of the Tab key, whether there is room for them or not.
  static func order(_ page: Page, hasShares: Bool) -> [PaneID] {
    switch page {
    case .charts:
      [.loss, .gamma, .margin, .sampled, .rewards] + (hasShares ? [.shares] : []) + [.prompts, .responses]
    case .gamma: [.gamma, .sampled, .whatIf]
    case .prompts: [.prompts, .responses]
    case .logs: [.logs]
    case .system: [.system, .gradient, .learningRate, .speed]
    case .events: [.events]
    case .runs: [.runs, .overlayLoss, .overlayMargin, .overlayAccuracy]
    case .generations: hasShares ? [.generations, .shares] : [.generations]
    }
  }

  static func order(_ page: Page, _ state: ScreenState) -> [PaneID] {
    order(page, hasShares: !state.shares.isEmpty)
  }

  private static func panes(_ request: LayoutRequest, _ body: Rect) -> [PaneBox] {
    if request.zoomed { return [PaneBox(pane: request.focus, rect: body)] }
    var boxes: [PaneBox]
    switch request.page {
    case .charts: boxes = charts(request, body)
    case .gamma: boxes = gamma(body) ?? stack(request, body, limit: 3)
    case .prompts:
      if body.width >= 100, body.height >= 8 {
        let parts = body.splitLeft(body.width * 2 / 5)
        boxes = boxed([.prompts, .responses], [parts.0, parts.1])
      } else if body.height >= 16 {
        let parts = body.splitTop(max(6, body.height / 3))
        boxes = boxed([.prompts, .responses], [parts.0, parts.1])
      } else {
        boxes = stack(request, body, limit: 1)
      }
    case .system:
      if body.width >= 80, body.height >= 15 {
        let parts = body.splitLeft(body.width * 2 / 5)
        boxes = boxed([.system, .gradient, .learningRate, .speed], [parts.0] + parts.1.rows(3))
      } else {
        boxes = stack(request, body, limit: body.height / 9)
      }
    case .generations:
      if request.hasShares, body.height >= 20 {
        let parts = body.splitTop(body.height - max(9, body.height / 4))
        boxes = boxed([.generations, .shares], [parts.0, parts.1])
      } else {
        boxes = stack(request, body, limit: 1)
      }
    case .runs:
      if body.width >= 80, body.height >= 18 {
        let (upper, lower) = body.splitTop(max(6, body.height / 3))
        boxes = boxed([.runs, .overlayLoss, .overlayMargin, .overlayAccuracy], [upper] + lower.columns(3))
      } else {
        boxes = stack(request, body, limit: body.height / 8)
      }
    case .logs, .events: boxes = stack(request, body, limit: 1)
    }
    // A pane that has the focus is always shown: in the place of the least important one.
    if !boxes.contains(where: { $0.pane == request.focus }),
      order(request.page, hasShares: request.hasShares).contains(request.focus), let last = boxes.indices.last
    {
      boxes[last].pane = request.focus
    }
    return boxes
  }

  private static func boxed(_ panes: [PaneID], _ rects: [Rect]) -> [PaneBox] {
    zip(panes, rects).map { PaneBox(pane: $0, rect: $1) }
  }

  private static func charts(_ request: LayoutRequest, _ body: Rect) -> [PaneBox] {
    if body.width >= 110, body.height >= 24 {
      let lists = max(9, body.height * 2 / 5)
      let (upper, bottom) = body.splitTop(body.height - lists)
      let rows = upper.rows(2)
      let parts = bottom.splitLeft(bottom.width * 2 / 5)
      var second = rows[1].columns(3)
      var panes: [PaneID] = [.rewards, .sampled, .shares]
      if !request.hasShares {
        let split = rows[1].splitLeft(second[0].width)
        second = [split.0, split.1]
        panes = [.rewards, .sampled]
      }
      return boxed([.loss, .margin, .gamma], rows[0].columns(3)) + boxed(panes, second)
        + boxed([.prompts, .responses], [parts.0, parts.1])
    }
    guard body.width >= 60, body.height >= 10 else { return stack(request, body, limit: body.height / 5) }
    var pairs: [[PaneID]] = [[.loss, .gamma], [.margin, .sampled]]
    if body.height >= 34 { pairs.append(request.hasShares ? [.rewards, .shares] : [.rewards]) }
    if body.height >= 19 { pairs.append([.prompts, .responses]) }
    return zip(pairs, body.rows(pairs.count)).flatMap { panes, row in boxed(panes, row.columns(panes.count)) }
  }

  private static func gamma(_ body: Rect) -> [PaneBox]? {
    guard body.width >= 80, body.height >= 16 else { return nil }
    let (upper, lower) = body.splitTop(body.height / 2)
    let parts = upper.splitLeft(upper.width * 3 / 5)
    return boxed([.gamma, .whatIf, .sampled], [parts.0, parts.1, lower])
  }

  /// As many panes of the page above one another as there is room for, most important first.
  private static func stack(_ request: LayoutRequest, _ body: Rect, limit: Int) -> [PaneBox] {
    let important: [PaneID] =
      request.page == .charts
      ? [.loss, .sampled, .margin, .gamma, .rewards, .prompts, .responses]
      : order(request.page, hasShares: request.hasShares)
    let count = max(1, min(important.count, limit, body.height / 5))
    var chosen = Array(important.prefix(count))
    if !chosen.contains(request.focus), order(request.page, hasShares: request.hasShares).contains(request.focus) {
      chosen[count - 1] = request.focus
    }
    return boxed(chosen, body.rows(count))
  }
}
