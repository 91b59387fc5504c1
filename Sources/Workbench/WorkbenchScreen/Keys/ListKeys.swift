/// Keys that move through the list in focus.
extension Binding {
  static let lists: [Binding] = [
    Binding(
      "down", [.character("j"), .down], hint: "down", help: "Next line of the list in focus",
      perform: { $0.moveInFocus(1) }),
    Binding("up", [.character("k"), .up], hint: "up", help: "Line before", perform: { $0.moveInFocus(-1) }),
    Binding("page down", [.pageDown], hint: "page down", help: "Ten lines on", perform: { $0.moveInFocus(10) }),
    Binding("page up", [.pageUp], hint: "page up", help: "Ten lines back", perform: { $0.moveInFocus(-10) }),
    Binding(
      "first", [.home], hint: "first", help: "First line of the list", perform: { $0.moveInFocus(-1_000_000_000) }),
    Binding("last", [.end], hint: "last", help: "Last line of the list", perform: { $0.moveInFocus(1_000_000_000) }),
    Binding(
      "generation before", [.character("["), .left], hint: "earlier", help: "Generations: the prompt before",
      change: { $0.moveGeneration(-1) }),
    Binding(
      "next generation", [.character("]"), .right], hint: "later", help: "Generations: the next prompt",
      change: { $0.moveGeneration(1) }),
  ]
}

extension ScreenState {
  /// Moves the selection or the view of the pane in focus.
  mutating func moveInFocus(_ by: Int) -> [ScreenEffect] {
    if let move = focusedPane?.keys.move { return move(&self, by) }
    // From a chart, the keys still move through the prompts where these are in view.
    return view.page == .charts || view.page == .prompts ? movePrompt(by) : []
  }

  mutating func movePrompt(_ by: Int) -> [ScreenEffect] {
    let order = listedPrompts
    guard !order.isEmpty else { return [] }
    let present = view.selectedPrompt.flatMap { order.firstIndex(of: $0) } ?? 0
    let wanted = order[max(0, min(order.count - 1, present + by))]
    guard wanted != view.selectedPrompt else { return [] }
    view.select(prompt: wanted)
    return inspect(wanted)
  }

  mutating func moveGeneration(_ by: Int) {
    let count = run.generations.prompts.count
    guard count > 0 else { return }
    view.generationIndex = max(0, min(count - 1, view.generationIndex + by))
  }
}
