/// A pane: what it is called, where it sits, how it is drawn, and what keys do in it. All panes are listed in
/// `PaneRegistry.standard`; nothing else on the screen knows which there are.
struct Pane: Sendable {
  /// A pane's name in the state, the same in every language and layout.
  struct ID: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    let name: String
    init(_ name: String) { self.name = name }
    init(stringLiteral name: String) { self.name = name }
    var description: String { name }
  }

  typealias Draw = @Sendable (ScreenState, Rect, PaneHead, inout Painter) -> Void

  let id: ID
  /// As its border says it.
  let title: String
  /// In its place where the pane is narrower than 50 columns.
  let narrowTitle: String?
  /// The tab whose digit stands before the title.
  let tab: Page?
  let seats: [Seat]
  /// The least that it is worth drawing in beside others; alone on a page it takes what there is.
  let minimum: Size
  /// Some panes are there only for runs that have something for them.
  let isPresent: @Sendable (ObservedRun) -> Bool
  let keys: PaneKeys
  /// Draws its frame, with what `PaneHead` says, and what is inside.
  let draw: Draw

  init(
    _ id: ID, title: String, narrowTitle: String? = nil, tab: Page? = nil, seats: [Seat],
    minimum: Size = Size(24, 5), isPresent: @escaping @Sendable (ObservedRun) -> Bool = { _ in true },
    keys: PaneKeys = PaneKeys(),
    draw: @escaping Draw
  ) {
    self.id = id
    self.title = title
    self.narrowTitle = narrowTitle
    self.tab = tab
    self.seats = seats
    self.minimum = minimum
    self.isPresent = isPresent
    self.keys = keys
    self.draw = draw
  }

  /// What its border says at that width.
  func head(width: Int, focused: Bool) -> PaneHead {
    let name = width < 50 ? narrowTitle ?? title : title
    let digit = tab.map { [Piece("\($0.rawValue) ", Style(.key))] } ?? []
    return PaneHead(title: digit + [Piece(name, Style(.title, bold: focused))], focused: focused)
  }
}

/// What a pane's border begins with.
struct PaneHead: Equatable, Sendable {
  var title: [Piece]
  /// The pane has the focus.
  var focused: Bool
}

/// A pane's place on a page.
struct Seat: Equatable, Sendable {
  let page: Page
  let region: Region
  /// Among the panes of the region, from the left or from the top; those without one come last, in the registry's order.
  let position: Int
  /// Where there is room for a stack of panes only, lower ones stay longest; nil: not in a stack unless it has the focus.
  let rank: Int?

  init(_ page: Page, _ region: Region, position: Int = 100, rank: Int? = 100) {
    self.page = page
    self.region = region
    self.position = position
    self.rank = rank
  }

  /// A part of a page with room for several panes; `PageLayout` says where each one lies.
  enum Region: Sendable { case main, side, upper, middle, lower }
}

/// What keys do while a pane has the focus, where that is something of its own.
struct PaneKeys: Sendable {
  /// Enter, in place of zooming, and the word for it in the hint line.
  var open: (@Sendable (inout ScreenState) -> [ScreenEffect])?
  var openHint: String?
  /// Up, down and their larger steps, by that many lines; otherwise they move through the prompts where these are in view.
  var move: (@Sendable (inout ScreenState, Int) -> [ScreenEffect])?

  init(
    openHint: String? = nil, open: (@Sendable (inout ScreenState) -> [ScreenEffect])? = nil,
    move: (@Sendable (inout ScreenState, Int) -> [ScreenEffect])? = nil
  ) {
    self.openHint = openHint
    self.open = open
    self.move = move
  }
}
