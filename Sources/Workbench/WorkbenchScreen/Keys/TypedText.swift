import Control

/// Where characters go that no row of the table takes: the value editor, the palette, the branch form, the filter.
extension ScreenState {
  mutating func type(_ character: Character) {
    switch view.overlay {
    case .editor: view.changeEditor { $0.type(character) }
    case .palette(let palette):
      guard palette.text.count < 60 else { return }
      view.overlay = .palette(CommandPalette(text: palette.text + String(character)))
    case .branch: view.changeBranchForm { $0.type(character) }
    case .filter:
      guard view.promptFilter.count < 60 else { return }
      setFilter(view.promptFilter + String(character))
    case .help, .quit, .undo, .samples, .alarms, nil: break
    }
  }

  mutating func eraseCharacter() {
    switch view.overlay {
    case .palette(let palette): view.overlay = .palette(CommandPalette(text: String(palette.text.dropLast())))
    case .branch: view.changeBranchForm { $0.erase() }
    case .filter: setFilter(String(view.promptFilter.dropLast()))
    case .editor, .help, .quit, .undo, .samples, .alarms, nil: break
    }
  }

  // MARK: The filter

  mutating func openFilter() {
    view.overlay = .filter
    if view.page != .prompts, view.page != .charts { _ = show(.prompts) }
    view.focus = .prompts
  }

  mutating func clearFilter() {
    setFilter("")
    view.overlay = nil
  }

  private mutating func setFilter(_ text: String) {
    view.promptFilter = text
    applyFilter()
    // The selection stays inside what is listed.
    if let selected = view.selectedPrompt, !listedPrompts.contains(selected), let first = listedPrompts.first {
      view.select(prompt: first)
    }
  }

  // MARK: The palette

  mutating func movePalette(_ by: Int) {
    guard case .palette(var palette) = view.overlay else { return }
    palette.selected = max(0, min(palette.entries(self).count - 1, palette.selected + by))
    view.overlay = .palette(palette)
  }

  mutating func runPalette() -> [ScreenEffect] {
    guard case .palette(let palette) = view.overlay else { return [] }
    if let step = palette.step { return goToTyped(step) }
    if let count = palette.run { return runTyped(count) }
    let entries = palette.entries(self)
    guard entries.indices.contains(palette.selected) else { return [] }
    view.overlay = nil
    return perform(entries[palette.selected])
  }

  private mutating func goToTyped(_ step: Int) -> [ScreenEffect] {
    view.overlay = nil
    guard view.replay == nil else { return [.replay(.to(step: step))] }
    if let obstacle = obstacleToLookingBack {
      say(obstacle, .warning)
      return []
    }
    return [.replay(.enter(showsWhole: true)), .replay(.to(step: step))]
  }

  private mutating func runTyped(_ count: Int) -> [ScreenEffect] {
    view.overlay = nil
    if let obstacle = obstacleToStepping {
      say(obstacle, .warning)
      return []
    }
    guard count >= 1 else {
      say("run needs a number of steps of at least 1", .warning)
      return []
    }
    return [steering.request(.step(count))]
  }
}
