/// The panes there are, in the order of the Tab key.
struct PaneRegistry: Sendable {
  static let standard = PaneRegistry([
    .loss, .gamma, .margin, .sampled, .rewards, .generations, .shares, .otherMetrics, .prompts, .responses,
    .whatIf, .logs, .system, .gradientNorm, .learningRate, .stepTime, .events,
    .runs, .overlayLoss, .overlayMargin, .overlayAccuracy,
  ])

  /// A pane with the seat that it has on a page.
  struct Seated: Sendable {
    let pane: Pane
    let seat: Seat
    var id: Pane.ID { pane.id }
  }

  let panes: [Pane]
  private let byID: [Pane.ID: Pane]
  private let byPage: [Page: [Seated]]

  init(_ panes: [Pane]) {
    self.panes = panes
    byID = Dictionary(panes.map { ($0.id, $0) }) { first, _ in first }
    var seated: [Page: [Seated]] = [:]
    for pane in panes {
      for seat in pane.seats { seated[seat.page, default: []].append(Seated(pane: pane, seat: seat)) }
    }
    byPage = seated
  }

  subscript(id: Pane.ID) -> Pane? { byID[id] }

  /// The panes of a page in the order of the Tab key, whether there is room for them or not.
  func seated(on page: Page, without absent: Set<Pane.ID> = []) -> [Seated] {
    let seated = byPage[page] ?? []
    return absent.isEmpty ? seated : seated.filter { !absent.contains($0.id) }
  }

  /// Those that have nothing to show for this run.
  func absent(_ run: ObservedRun) -> Set<Pane.ID> { Set(panes.filter { !$0.isPresent(run) }.map(\.id)) }
}

// MARK: - Panes that something else on the screen leads to

extension Pane.ID {
  static let loss: Pane.ID = "loss"
  static let sampled: Pane.ID = "sampled"
  static let prompts: Pane.ID = "prompts"
  static let responses: Pane.ID = "responses"
}

extension ScreenState {
  var focusedPane: Pane? { view.panes[view.focus] }

  /// The panes of a page in the order of the Tab key.
  func panes(on page: Page) -> [Pane.ID] {
    view.panes.seated(on: page, without: view.panes.absent(run)).map(\.id)
  }
}
