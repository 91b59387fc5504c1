/// Keys that change only what the person looks at.
enum Navigation {
  static func perform(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    switch action {
    case .page(let page):
      open(&state, page)
      // Read anew each time: a session may have begun or grown meanwhile.
      if page == .runs { return [.peers(.list)] + state.view.peers.overlays.map { .peers(.curves($0.path)) } }
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
    case .cycleSmoothing: state.view.smoothing = state.view.smoothing.next
    case .cycleDomain:
      switch state.view.domain {
      case .all: state.view.domain = .follow
      case .follow: state.view.domain = .frozen(end: max(1, state.run.completedSteps))
      case .frozen: state.view.domain = .all
      }
    case .cycleGlyphs: state.view.tier = state.view.tier.next
    case .toggleTimings: state.view.showsTimings.toggle()
    default: break
    }
    return []
  }

  private static func open(_ state: inout ScreenState, _ page: Page) {
    state.view.page = page
    state.view.zoomed = false
    let panes = PageLayout.order(page, state)
    if !panes.contains(state.view.focus) { state.view.focus = panes[0] }
  }

  private static func movePane(_ state: inout ScreenState, _ by: Int) {
    let panes = PageLayout.order(state.view.page, state)
    let present = panes.firstIndex(of: state.view.focus) ?? 0
    state.view.focus = panes[(present + by + panes.count) % panes.count]
  }

  private static func openFocused(_ state: inout ScreenState) -> [ScreenEffect] {
    if state.view.focus == .runs {
      let (request, refusal) = state.view.peers.toggle()
      if let refusal { state.say(refusal, .warning) }
      return request.map { [.peers($0)] } ?? []
    }
    if state.view.focus == .prompts {
      state.view.page = .prompts
      state.view.focus = .responses
      state.view.zoomed = false
      if state.view.selectedPrompt == nil { state.view.selectedPrompt = state.run.prompts.order.first }
      return state.view.selectedPrompt.map { state.inspect($0) } ?? []
    }
    state.view.zoomed.toggle()
    return []
  }

  private static func back(_ state: inout ScreenState) {
    if state.view.zoomed {
      state.view.zoomed = false
    } else if state.view.page == .prompts, state.view.focus == .responses {
      state.view.focus = .prompts
    } else if state.view.page != .charts {
      open(&state, .charts)
    } else {
      state.view.message = state.steering.signal == nil ? nil : state.view.message
    }
  }

  /// Moves the selection or the view of the pane in focus.
  private static func move(_ state: inout ScreenState, _ by: Int) -> [ScreenEffect] {
    switch state.view.focus {
    case .responses:
      let count = state.view.selectedPrompt.flatMap { state.run.catalogued($0)?.responses.count } ?? 0
      state.view.selectedResponse = max(0, min(count - 1, state.view.selectedResponse + by))
    case .runs:
      state.view.peers.selected = max(0, min((state.view.peers.runs?.count ?? 0) - 1, state.view.peers.selected + by))
    case .logs:
      state.view.logScroll = max(0, min(state.run.logs.elements.count - 1, state.view.logScroll - by))
    case .events:
      state.view.eventScroll = max(0, min(state.run.events.elements.count - 1, state.view.eventScroll - by))
    case .generations, .shares:
      if state.view.page == .generations { moveAnswer(&state, by) }
    default:
      // From a chart, the keys still move through the prompts where these are in view.
      guard state.view.page == .charts || state.view.page == .prompts else { return [] }
      return movePrompt(&state, by)
    }
    return []
  }

  private static func movePrompt(_ state: inout ScreenState, _ by: Int) -> [ScreenEffect] {
    let order = state.listedPrompts
    guard !order.isEmpty else { return [] }
    let present = state.view.selectedPrompt.flatMap { order.firstIndex(of: $0) } ?? 0
    let wanted = order[max(0, min(order.count - 1, present + by))]
    guard wanted != state.view.selectedPrompt else { return [] }
    state.view.selectedPrompt = wanted
    state.view.selectedResponse = 0
    return state.inspect(wanted)
  }

  private static func moveAnswer(_ state: inout ScreenState, _ by: Int) {
    let count = state.run.generations.prompts.count
    guard count > 0 else { return }
    state.view.generationIndex = max(0, min(count - 1, state.view.generationIndex + by))
  }
}
