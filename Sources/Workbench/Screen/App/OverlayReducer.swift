import Control

/// Keys in the palette, the prompts' filter, the samples of a step, and the question before an edit is taken back.
extension Reducer {
  /// A character that no binding takes.
  static func type(_ state: inout ScreenState, _ character: Character) {
    switch state.view.overlay {
    case .editor(var editor):
      editor.type(character)
      state.view.overlay = .editor(editor)
    case .palette(let palette):
      guard palette.text.count < 60 else { return }
      state.view.overlay = .palette(CommandPalette(text: palette.text + String(character)))
    case .branch(var form):
      guard form.text.count < 200 else { return }
      form.text.append(character)
      form.problem = nil
      state.view.overlay = .branch(form)
    case .filter:
      guard state.view.promptFilter.count < 60 else { return }
      state.view.promptFilter.append(character)
      filterChanged(&state)
    default: break
    }
  }

  static func overlay(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    switch action {
    case .openPalette: state.view.overlay = .palette(CommandPalette())
    case .paletteNext: movePalette(&state, 1)
    case .palettePrevious: movePalette(&state, -1)
    case .paletteRun: return runPalette(&state)
    case .openFilter:
      state.view.overlay = .filter
      if state.view.page != .prompts, state.view.page != .charts {
        _ = Navigation.perform(&state, .page(.prompts))
      }
      state.view.focus = .prompts
    case .filterDone: state.view.overlay = nil
    case .filterClear:
      state.view.promptFilter = ""
      filterChanged(&state)
      state.view.overlay = nil
    case .eraseText: erase(&state)
    case .undo: state.view.overlay = .undo
    case .undoApply:
      state.view.overlay = nil
      return state.steering.lastEdit.map { [state.steering.request($0.inverse)] } ?? []
    case .openSamples:
      guard !state.run.lastVisits.isEmpty else {
        state.say("no prompts are recorded for this step", .warning)
        return []
      }
      state.view.overlay = .samples(selected: 0)
    case .sampleNext: moveSample(&state, 1)
    case .samplePrevious: moveSample(&state, -1)
    case .sampleOpen: openSample(&state)
    default: state.view.overlay = nil
    }
    return []
  }

  private static func erase(_ state: inout ScreenState) {
    switch state.view.overlay {
    case .palette(let palette): state.view.overlay = .palette(CommandPalette(text: String(palette.text.dropLast())))
    case .branch(var form):
      form.text = String(form.text.dropLast())
      form.problem = nil
      state.view.overlay = .branch(form)
    case .filter:
      state.view.promptFilter = String(state.view.promptFilter.dropLast())
      filterChanged(&state)
    default: break
    }
  }

  private static func filterChanged(_ state: inout ScreenState) {
    state.applyFilter()
    // The selection stays inside what is listed.
    if let selected = state.view.selectedPrompt, !state.listedPrompts.contains(selected),
      let first = state.listedPrompts.first
    {
      state.view.selectedPrompt = first
      state.view.selectedResponse = 0
    }
  }

  private static func movePalette(_ state: inout ScreenState, _ by: Int) {
    guard case .palette(var palette) = state.view.overlay else { return }
    palette.selected = max(0, min(palette.entries(state).count - 1, palette.selected + by))
    state.view.overlay = .palette(palette)
  }

  private static func runPalette(_ state: inout ScreenState) -> [ScreenEffect] {
    guard case .palette(let palette) = state.view.overlay else { return [] }
    if let step = palette.step {
      if let obstacle = state.view.replay == nil ? state.obstacleToLookingBack : nil {
        state.view.overlay = nil
        state.say(obstacle, .warning)
        return []
      }
      state.view.overlay = nil
      let enter: [ScreenEffect] = state.view.replay == nil ? [.replay(.enter(showsWhole: true))] : []
      return enter + [.replay(.to(step: step))]
    }
    if let count = palette.run {
      state.view.overlay = nil
      if let obstacle = state.obstacleToSteering ?? (state.run.isPaused ? nil : "pause first, with Space") {
        state.say(obstacle, .warning)
        return []
      }
      guard count >= 1 else {
        state.say("run needs a number of steps of at least 1", .warning)
        return []
      }
      return [state.steering.request(.step(count))]
    }
    let entries = palette.entries(state)
    guard entries.indices.contains(palette.selected) else { return [] }
    state.view.overlay = nil
    let entry = entries[palette.selected]
    if let obstacle = entry.obstacle {
      state.say(obstacle, .warning)
      return []
    }
    return perform(&state, entry.action)
  }

  private static func moveSample(_ state: inout ScreenState, _ by: Int) {
    guard case .samples(let selected) = state.view.overlay else { return }
    state.view.overlay = .samples(selected: max(0, min(state.run.lastVisits.count - 1, selected + by)))
  }

  private static func openSample(_ state: inout ScreenState) {
    guard case .samples(let selected) = state.view.overlay else { return }
    let visits = state.run.samplesByLoss
    state.view.overlay = nil
    guard visits.indices.contains(selected) else { return }
    state.view.selectedPrompt = visits[selected].visit.prompt
    state.view.selectedResponse = visits[selected].visit.drawn ?? 0
    state.view.page = .prompts
    state.view.focus = .responses
    state.view.zoomed = false
  }
}
