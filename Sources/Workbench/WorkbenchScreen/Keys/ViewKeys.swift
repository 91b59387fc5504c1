/// Keys that change what the person looks at, and how.
extension Binding {
  static let tabs: [Binding] = Page.allCases.map { page in
    Binding(
      "tab \(page.title)", [.character(Character(String(page.rawValue)))], page: page, hint: Hint { _ in page.title },
      help: "Show the tab \"\(page.title)\"", perform: { $0.show(page) })
  }

  static let view: [Binding] = [
    Binding("next pane", [.tab], hint: "pane", help: "Move to the next pane", rank: 4, change: { $0.moveFocus(1) }),
    Binding("pane before", [.backTab], hint: "back", help: "Move to the pane before", change: { $0.moveFocus(-1) }),
    Binding(
      "open", [.enter],
      hint: Hint { $0.focusedPane?.keys.openHint ?? ($0.view.zoomed ? "smaller" : "zoom") },
      help: "Prompts: inspect the responses; runs: overlay; else zoom the pane", rank: 3,
      perform: { $0.openFocused() }),
    Binding(
      "back", [.escape], hint: "back", help: "Back from a zoomed pane or the inspector", perform: { $0.escape() }),
    Binding(
      "smoothing", [.character("s")], hint: Hint { "smooth " + $0.view.smoothing.title },
      help: "Smoothing of the curves: ema .9, .99, raw, .6", rank: 6,
      change: { $0.view.smoothing = $0.view.smoothing.next }),
    Binding(
      "x axis", [.character("f")], hint: Hint { "x axis " + $0.view.domain.title },
      help: "Steps on the x axis: all, the newest, frozen", rank: 11, change: { $0.cycleDomain() }),
    Binding(
      "filter", [.character("/")], hint: "filter", help: "Filter the prompts by text, tag or number",
      change: { $0.openFilter() }),
    Binding(
      paletteName, [.character(":")], hint: "commands", help: "Find a command by its words, or go to a step", rank: 14,
      change: { $0.view.overlay = .palette(CommandPalette()) }),
    Binding(
      "alarms", [.character("!")], hint: "alarms", help: "What the alarms say, with their numbers",
      unless: { $0.run.alarms.isEmpty ? "there is no alarm" : nil },
      change: { $0.view.overlay = .alarms(selected: 0) }),
    Binding(
      "theme", [.character("T")], hint: "theme", help: "The next colour theme", perform: { $0.cycleTheme() }),
    Binding(
      "glyphs", [.character("G")], hint: "glyphs", help: "Glyphs: braille, half-blocks, ASCII",
      change: { $0.view.tier = $0.view.tier.next }),
    Binding(
      "timings", [.function(12)], hint: "timings", help: "Show what a frame costs",
      change: { $0.view.showsTimings.toggle() }),
    Binding(
      "look back", [.character("R")], hint: "replay", help: "Look back: every panel as of any past step", rank: 12,
      unless: { $0.obstacleToLookingBack }, perform: { $0.lookBack() }),
    Binding(
      "crosshair", [.character("v")], hint: "crosshair",
      help: "Crosshair: a step marked on all curves, every other panel as of that step", rank: 13,
      unless: { $0.obstacleToLookingBack }, perform: { $0.toggleCrosshair() }),
    Binding(
      "help", [.character("?"), .function(1)], hint: "help", help: "This list", rank: 5,
      change: { $0.view.overlay = .help(scroll: 0) }),
    Binding(
      "quit", [.character("q")], hint: "quit", help: "Leave; asks what is to become of the run", rank: 7,
      change: { $0.quit() }),
  ]

  /// The palette does not list itself.
  static let paletteName = "palette"
}

extension ScreenState {
  mutating func show(_ page: Page) -> [ScreenEffect] {
    view.page = page
    view.zoomed = false
    let panes = panes(on: page)
    if !panes.contains(view.focus), let first = panes.first { view.focus = first }
    guard page == .runs else { return [] }
    // Read anew each time: a session may have begun or grown meanwhile.
    return [.peers(.list)] + view.peers.overlays.map { .peers(.curves($0.path)) }
  }

  mutating func moveFocus(_ by: Int) {
    let panes = panes(on: view.page)
    guard !panes.isEmpty else { return }
    let present = panes.firstIndex(of: view.focus) ?? 0
    view.focus = panes[(present + by + panes.count) % panes.count]
  }

  mutating func openFocused() -> [ScreenEffect] {
    if let open = focusedPane?.keys.open { return open(&self) }
    view.zoomed.toggle()
    return []
  }

  /// Esc answers a question before it goes back.
  mutating func escape() -> [ScreenEffect] {
    if steering.controls.askedBy != nil { return steering.keepControls() }
    return back()
  }

  mutating func back() -> [ScreenEffect] {
    if view.zoomed {
      view.zoomed = false
    } else if view.page == .prompts, view.focus == .responses {
      view.focus = .prompts
    } else if view.page != .charts {
      return show(.charts)
    } else if steering.signal == nil {
      view.message = nil
    }
    return []
  }

  mutating func cycleDomain() {
    switch view.domain {
    case .all: view.domain = .follow
    case .follow: view.domain = .frozen(end: max(1, run.completedSteps))
    case .frozen: view.domain = .all
    }
  }

  mutating func cycleTheme() -> [ScreenEffect] {
    guard view.themes.count > 1 else {
      say("there is no other theme", .warning)
      return []
    }
    let next = ((view.themes.firstIndex(of: view.themeName) ?? -1) + 1) % view.themes.count
    view.themeName = view.themes[next]
    say("theme \(view.themeName), \(next + 1) of \(view.themes.count); --theme keeps it", .text)
    return [.theme(view.themeName)]
  }
}
