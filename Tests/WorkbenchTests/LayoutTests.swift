import Testing

@testable import WorkbenchScreen

struct LayoutTests {
  /// Every size from 1×1 to 300×100, all pages; focus, zoom, notice and editor go round.
  @Test func nothingOverlapsOrLeavesTheScreen() {
    var turn = 0
    var failures: [String] = []
    for width in 1...300 {
      for height in 1...100 {
        for page in Page.allCases {
          turn &+= 1
          // Every third size suffices for the pages that are one pane.
          if page == .logs || page == .events, turn % 3 != 0 { continue }
          let shares = turn % 2 == 0
          let absent: Set<Pane.ID> = shares ? [] : ["shares"]
          let order = PaneRegistry.standard.seated(on: page, without: absent).map(\.id)
          let request = LayoutRequest(
            size: Size(width, height), page: page, focus: order[turn / 2 % order.count], zoomed: turn % 11 == 0,
            hasNotice: turn % 5 < 2, editor: LayoutRequest.EditorKind.allCases[turn / 3 % 3], absent: absent)
          if let problem = problem(request) { failures.append("\(request): \(problem)") }
        }
      }
    }
    #expect(failures.isEmpty, "\(failures.count) failures, such as \(failures.first ?? "")")
  }

  private func problem(_ request: LayoutRequest) -> String? {
    let layout = PageLayout.layout(request)
    let rects =
      [layout.status, layout.notice, layout.editor, layout.hints].filter { !$0.isEmpty } + layout.panes.map(\.rect)
    for (index, rect) in rects.enumerated() {
      if rect.isEmpty { return "an empty pane" }
      if rect.x < 0 || rect.y < 0 || rect.right > request.size.width || rect.bottom > request.size.height {
        return "\(rect) lies outside"
      }
      for other in rects[..<index] where !rect.intersection(other).isEmpty { return "\(rect) meets \(other)" }
    }
    if layout.status.isEmpty { return "no status line" }
    if !layout.panes.isEmpty, !layout.panes.contains(where: { $0.pane == layout.focus }) { return "no focus" }
    if Set(layout.panes.map(\.pane)).count != layout.panes.count { return "a pane twice" }
    // From 4 × 4 on something of the run is seen.
    if request.size.width >= 4, request.size.height >= 5, layout.panes.isEmpty { return "no pane" }
    if request.editor == .none, !layout.panes.isEmpty, layout.focus != request.focus { return "the focus moved" }
    return nil
  }

  @Test(arguments: [(160, 48), (120, 36), (100, 30), (80, 24), (60, 18), (50, 14), (20, 6)])
  func boxes(_ width: Int, _ height: Int) {
    for page in [Page.charts, .prompts, .system, .gamma, .generations] {
      let request = LayoutRequest(
        size: Size(width, height), page: page, focus: PaneRegistry.standard.seated(on: page)[0].id, hasNotice: true,
        absent: ["otherMetrics"])
      let difference = Golden.difference(drawing(request), "boxes-\(page.title)-\(width)x\(height)")
      #expect(difference == nil, "\(difference ?? "")")
    }
  }

  @Test func editorKeepsTheHistogramInView() {
    for page in Page.allCases {
      for (width, height) in [(120, 36), (80, 24), (60, 18), (30, 10)] {
        let layout = PageLayout.layout(
          LayoutRequest(
            size: Size(width, height), page: page, focus: PaneRegistry.standard.seated(on: page)[0].id, editor: .gamma,
            absent: ["shares"]))
        #expect(layout.panes.contains { $0.pane == .sampled }, "\(page) \(width)×\(height)")
        #expect(!layout.editor.isEmpty)
      }
    }
  }

  /// The layout as boxes with names.
  private func drawing(_ request: LayoutRequest) -> String {
    let layout = PageLayout.layout(request)
    var painter = Painter(size: request.size, tier: .ascii, monochrome: true)
    for box in layout.panes {
      _ = Frame(title: [Piece(box.pane.name)], focused: false).draw(box.rect, on: &painter)
    }
    painter.say("status", .text, x: layout.status.x, y: layout.status.y, limit: layout.status.width)
    if !layout.notice.isEmpty { painter.say("notice", .text, x: 0, y: layout.notice.y, limit: layout.notice.width) }
    if !layout.hints.isEmpty { painter.say("hints", .text, x: 0, y: layout.hints.y, limit: layout.hints.width) }
    return painter.grid.text
  }
}
