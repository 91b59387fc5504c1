/// The panes of one page on their way to their places.
struct Seating {
  private typealias Seated = PaneRegistry.Seated

  /// In the order of the Tab key.
  private let all: [PaneRegistry.Seated]

  init(_ seated: [PaneRegistry.Seated]) { all = seated }

  func contains(_ id: Pane.ID) -> Bool { all.contains { $0.id == id } }

  /// The panes of a region, in their order there.
  private func region(_ region: Seat.Region) -> [Seated] {
    let here = all.filter { $0.seat.region == region }
    return here.count > 1 ? here.stablySorted { $0.seat.position } : here
  }

  // MARK: Pages with room

  /// nil where the page has no room for its regions.
  func boxes(_ page: Page, _ body: Rect) -> [PaneBox]? {
    switch page {
    case .charts: charts(body)
    case .gamma: gamma(body)
    case .prompts: prompts(body)
    case .system: system(body)
    case .generations: generations(body)
    case .runs: runs(body)
    case .logs, .events: nil
    }
  }

  private func charts(_ body: Rect) -> [PaneBox]? {
    if body.width >= 110, body.height >= 24 {
      let (charts, lists) = body.splitTop(body.height - max(9, body.height * 2 / 5))
      let rows = charts.rows(2)
      return columns(region(.upper), rows[0], least: 3) + columns(region(.middle), rows[1], least: 3)
        + columns(region(.lower), lists, first: lists.width * 2 / 5)
    }
    guard body.width >= 60, body.height >= 10 else { return nil }
    // Two charts in a row, the lists below them.
    let charts = all.filter { $0.seat.region != .lower }
    let most = body.height < 34 ? 2 : 3 + (body.height - 34) / 8
    var pairs = stride(from: 0, to: charts.count, by: 2).map { Array(charts[$0..<min($0 + 2, charts.count)]) }
      .prefix(most)
    if body.height >= 19 { pairs.append(region(.lower)) }
    return zip(pairs, body.rows(pairs.count)).flatMap { columns($0, $1) }
  }

  private func gamma(_ body: Rect) -> [PaneBox]? {
    guard body.width >= 80, body.height >= 16 else { return nil }
    let (upper, lower) = body.splitTop(body.height / 2)
    return columns(region(.upper), upper, first: upper.width * 3 / 5) + columns(region(.lower), lower)
  }

  private func prompts(_ body: Rect) -> [PaneBox]? {
    if body.width >= 100, body.height >= 8 { return columns(region(.main), body, first: body.width * 2 / 5) }
    guard body.height >= 16 else { return nil }
    return rows(region(.main), body, first: max(6, body.height / 3))
  }

  private func system(_ body: Rect) -> [PaneBox]? {
    guard body.width >= 80, body.height >= 15 else { return nil }
    let (left, right) = body.splitLeft(body.width * 2 / 5)
    return rows(region(.main), left) + rows(region(.side), right)
  }

  private func generations(_ body: Rect) -> [PaneBox]? {
    let lower = region(.lower)
    guard !lower.isEmpty, body.height >= 20 else { return nil }
    let parts = body.splitTop(body.height - max(9, body.height / 4))
    return columns(region(.main), parts.0) + columns(lower, parts.1)
  }

  private func runs(_ body: Rect) -> [PaneBox]? {
    guard body.width >= 80, body.height >= 18 else { return nil }
    let (upper, lower) = body.splitTop(max(6, body.height / 3))
    return columns(region(.upper), upper) + columns(region(.lower), lower)
  }

  // MARK: Regions

  /// Side by side, as many as keep their least width, the last one up to the right edge.
  /// - Parameters:
  ///   - least: columns that the region has at least; with fewer panes the last one takes several.
  ///   - first: columns of the first pane; the others share the rest.
  private func columns(_ panes: [Seated], _ rect: Rect, least: Int = 1, first: Int? = nil) -> [PaneBox] {
    guard !panes.isEmpty else { return [] }
    if let first, panes.count > 1 {
      let (left, right) = rect.splitLeft(first)
      return [PaneBox(pane: panes[0].id, rect: left)] + columns(Array(panes.dropFirst()), right)
    }
    var shown = panes
    while shown.count > 1, let widest = shown.map(\.pane.minimum.width).max(),
      rect.width / max(least, shown.count) < widest
    {
      shown.removeLast()
    }
    return zip(shown, rect.columns(max(least, shown.count))).enumerated().map { index, item in
      var cell = item.1
      if index == shown.count - 1 { cell.width = rect.right - cell.x }
      return PaneBox(pane: item.0.id, rect: cell)
    }
  }

  /// Above one another, as many as keep their least height.
  private func rows(_ panes: [Seated], _ rect: Rect, first: Int? = nil) -> [PaneBox] {
    guard !panes.isEmpty else { return [] }
    if let first, panes.count > 1 {
      let (top, bottom) = rect.splitTop(first)
      return [PaneBox(pane: panes[0].id, rect: top)] + rows(Array(panes.dropFirst()), bottom)
    }
    var shown = panes
    while shown.count > 1, let tallest = shown.map(\.pane.minimum.height).max(), rect.height / shown.count < tallest {
      shown.removeLast()
    }
    return zip(shown, rect.rows(shown.count)).map { PaneBox(pane: $0.id, rect: $1) }
  }

  // MARK: Pages without room

  /// As many panes of the page above one another as there is room for, most important first.
  func stack(_ request: LayoutRequest, _ body: Rect) -> [PaneBox] {
    let ranked = all.filter { $0.seat.rank != nil }.stablySorted { $0.seat.rank ?? 0 }.map(\.id)
    let count = max(1, min(ranked.count, Self.mostStacked(request.page, body.height), body.height / 5))
    var chosen = Array(ranked.prefix(count))
    if !chosen.contains(request.focus), contains(request.focus), !chosen.isEmpty {
      chosen[chosen.count - 1] = request.focus
    }
    return zip(chosen, body.rows(chosen.count)).map { PaneBox(pane: $0, rect: $1) }
  }

  private static func mostStacked(_ page: Page, _ height: Int) -> Int {
    switch page {
    case .charts: height / 5
    case .gamma: 3
    case .system, .logs, .events: height / 9
    case .runs: height / 8
    case .prompts, .generations: 1
    }
  }
}

extension Array {
  /// By a number, equal ones in the order they have.
  fileprivate func stablySorted(by key: (Element) -> Int) -> [Element] {
    enumerated().sorted { (key($0.element), $0.offset) < (key($1.element), $1.offset) }.map(\.element)
  }
}
