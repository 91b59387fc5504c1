/// Keys that change only what the person looks at.
enum Navigation {
  static func perform(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    switch action {
    case .page(let page):
      open(&state, page)
      // Read anew each time: a session may have begun or grown meanwhile.
      if page == .runs { return [.peers(.list)] + state.peers.overlays.map { .peers(.curves($0.path)) } }
    case .nextPane: movePane(&state, 1)
    case .previousPane: movePane(&state, -1)
    case .down: return move(&state, 1)
    case .up: return move(&state, -1)
    case .pageDown: return move(&state, 10)
    case .pageUp: return move(&state, -10)
    case .first: return move(&state, -1_000_000_000)
    case .last: return move(&state, 1_000_000_000)
    case .previousAnswer: moveAnswer(&state, -1)
    case .nextAnswer: moveAnswer(&state, 1)
    case .open: return openFocused(&state)
    case .back: back(&state)
    case .cycleSmoothing: state.smoothing = state.smoothing.next
    case .cycleDomain:
      switch state.domain {
      case .all: state.domain = .follow
      case .follow: state.domain = .frozen(end: max(1, state.completedSteps))
      case .frozen: state.domain = .all
      }
    case .cycleGlyphs: state.tier = state.tier.next
    case .toggleTimings: state.showsTimings.toggle()
    default: break
    }
    return []
  }

  private static func open(_ state: inout ScreenState, _ page: Page) {
    state.page = page
    state.zoomed = false
    let panes = PageLayout.order(page, state)
    if !panes.contains(state.focus) { state.focus = panes[0] }
  }

  private static func movePane(_ state: inout ScreenState, _ by: Int) {
    let panes = PageLayout.order(state.page, state)
    let present = panes.firstIndex(of: state.focus) ?? 0
    state.focus = panes[(present + by + panes.count) % panes.count]
  }

  private static func openFocused(_ state: inout ScreenState) -> [ScreenEffect] {
    if state.focus == .runs {
      let (request, refusal) = state.peers.toggle()
      if let refusal { state.say(refusal, .warning) }
      return request.map { [.peers($0)] } ?? []
    }
    if state.focus == .prompts {
      state.page = .prompts
      state.focus = .responses
      state.zoomed = false
      if state.selectedPrompt == nil { state.selectedPrompt = state.prompts.order.first }
      return state.selectedPrompt.map { state.inspect($0) } ?? []
    }
    state.zoomed.toggle()
    return []
  }

  private static func back(_ state: inout ScreenState) {
    if state.zoomed {
      state.zoomed = false
    } else if state.page == .prompts, state.focus == .responses {
      state.focus = .prompts
    } else if state.page != .charts {
      open(&state, .charts)
    } else {
      state.message = state.signal == nil ? nil : state.message
    }
  }

  /// Moves the selection or the view of the pane in focus.
  private static func move(_ state: inout ScreenState, _ by: Int) -> [ScreenEffect] {
    switch state.focus {
    case .responses:
      let count = state.selectedPrompt.flatMap { state.catalogued($0)?.responses.count } ?? 0
      state.selectedResponse = max(0, min(count - 1, state.selectedResponse + by))
    case .runs:
      state.peers.selected = max(0, min((state.peers.runs?.count ?? 0) - 1, state.peers.selected + by))
    case .logs:
      state.logScroll = max(0, min(state.logs.elements.count - 1, state.logScroll - by))
    case .events:
      state.eventScroll = max(0, min(state.events.elements.count - 1, state.eventScroll - by))
    case .generations, .shares:
      if state.page == .generations { moveAnswer(&state, by) }
    default:
      // From a chart, the keys still move through the prompts where these are in view.
      guard state.page == .charts || state.page == .prompts else { return [] }
      return movePrompt(&state, by)
    }
    return []
  }

  private static func movePrompt(_ state: inout ScreenState, _ by: Int) -> [ScreenEffect] {
    let order = state.listedPrompts
    guard !order.isEmpty else { return [] }
    let present = state.selectedPrompt.flatMap { order.firstIndex(of: $0) } ?? 0
    let wanted = order[max(0, min(order.count - 1, present + by))]
    guard wanted != state.selectedPrompt else { return [] }
    state.selectedPrompt = wanted
    state.selectedResponse = 0
    return state.inspect(wanted)
  }

  private static func moveAnswer(_ state: inout ScreenState, _ by: Int) {
    let count = state.generations.prompts.count
    guard count > 0 else { return }
    state.generationIndex = max(0, min(count - 1, state.generationIndex + by))
  }
}
