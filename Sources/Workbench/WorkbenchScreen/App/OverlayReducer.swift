import Control

/// Keys in the palette, the prompts' filter, the samples of a step, and the question before an edit is taken back.
extension Reducer {
  /// A character that no binding takes.
  static func type(_ state: inout ScreenState, _ character: Character) {
    switch state.overlay {
    case .editor(var editor):
      editor.type(character)
      state.overlay = .editor(editor)
    case .palette(let palette):
      guard palette.text.count < 60 else { return }
      state.overlay = .palette(CommandPalette(text: palette.text + String(character)))
    case .branch(var form):
      guard form.text.count < 200 else { return }
      form.text.append(character)
      form.problem = nil
      state.overlay = .branch(form)
    case .filter:
      guard state.promptFilter.count < 60 else { return }
      state.promptFilter.append(character)
      filterChanged(&state)
    default: break
    }
  }

  static func overlay(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    switch action {
    case .openPalette: state.overlay = .palette(CommandPalette())
    case .paletteNext: movePalette(&state, 1)
    case .palettePrevious: movePalette(&state, -1)
    case .paletteRun: return runPalette(&state)
    case .openFilter:
      state.overlay = .filter
      if state.page != .prompts, state.page != .charts {
        _ = Navigation.perform(&state, .page(.prompts))
      }
      state.focus = .prompts
    case .filterDone: state.overlay = nil
    case .filterClear:
      state.promptFilter = ""
      filterChanged(&state)
      state.overlay = nil
    case .eraseText: erase(&state)
    case .undo: state.overlay = .undo
    case .undoApply:
      state.overlay = nil
      return state.lastEdit.map { [state.request($0.inverse)] } ?? []
    case .openSamples:
      guard !state.lastVisits.isEmpty else {
        state.say("no prompts are recorded for this step", .warning)
        return []
      }
      state.overlay = .samples(selected: 0)
    case .sampleNext: moveSample(&state, 1)
    case .samplePrevious: moveSample(&state, -1)
    case .sampleOpen: openSample(&state)
    default: state.overlay = nil
    }
    return []
  }

  private static func erase(_ state: inout ScreenState) {
    switch state.overlay {
    case .palette(let palette): state.overlay = .palette(CommandPalette(text: String(palette.text.dropLast())))
    case .branch(var form):
      form.text = String(form.text.dropLast())
      form.problem = nil
      state.overlay = .branch(form)
    case .filter:
      state.promptFilter = String(state.promptFilter.dropLast())
      filterChanged(&state)
    default: break
    }
  }

  private static func filterChanged(_ state: inout ScreenState) {
    state.applyFilter()
    // The selection stays inside what is listed.
    if let selected = state.selectedPrompt, !state.listedPrompts.contains(selected),
      let first = state.listedPrompts.first
    {
      state.selectedPrompt = first
      state.selectedResponse = 0
    }
  }

  private static func movePalette(_ state: inout ScreenState, _ by: Int) {
    guard case .palette(var palette) = state.overlay else { return }
    palette.selected = max(0, min(palette.entries(state).count - 1, palette.selected + by))
    state.overlay = .palette(palette)
  }

  private static func runPalette(_ state: inout ScreenState) -> [ScreenEffect] {
    guard case .palette(let palette) = state.overlay else { return [] }
    if let step = palette.step {
      if let obstacle = state.replay == nil ? state.obstacleToLookingBack : nil {
        state.overlay = nil
        state.say(obstacle, .warning)
        return []
      }
      state.overlay = nil
      let enter: [ScreenEffect] = state.replay == nil ? [.replay(.enter(showsWhole: true))] : []
      return enter + [.replay(.to(step: step))]
    }
    if let count = palette.run {
      state.overlay = nil
      if let obstacle = state.obstacleToSteering ?? (state.isPaused ? nil : "pause first, with Space") {
        state.say(obstacle, .warning)
        return []
      }
      guard count >= 1 else {
        state.say("run needs a number of steps of at least 1", .warning)
        return []
      }
      return [state.request(.step(count))]
    }
    let entries = palette.entries(state)
    guard entries.indices.contains(palette.selected) else { return [] }
    state.overlay = nil
    let entry = entries[palette.selected]
    if let obstacle = entry.obstacle {
      state.say(obstacle, .warning)
      return []
    }
    return perform(&state, entry.action)
  }

  private static func moveSample(_ state: inout ScreenState, _ by: Int) {
    guard case .samples(let selected) = state.overlay else { return }
    state.overlay = .samples(selected: max(0, min(state.lastVisits.count - 1, selected + by)))
  }

  private static func openSample(_ state: inout ScreenState) {
    guard case .samples(let selected) = state.overlay else { return }
    let visits = state.samplesByLoss
    state.overlay = nil
    guard visits.indices.contains(selected) else { return }
    state.selectedPrompt = visits[selected].visit.prompt
    state.selectedResponse = visits[selected].visit.drawn ?? 0
    state.page = .prompts
    state.focus = .responses
    state.zoomed = false
  }
}

extension ScreenState {
  /// The step's prompts with their share of its loss, the largest first. Losses below zero (IPO's and SPPO's are not,
  /// but a foreign record may hold any) count as nothing.
  var samplesByLoss: [(visit: PromptVisit, share: Double)] {
    let losses = lastVisits.map { $0.loss.isFinite ? max(0, $0.loss) : 0 }
    let total = losses.reduce(0, +)
    return zip(lastVisits, losses).map { ($0, total > 0 ? $1 / total : 0) }
      .sorted { $0.1 == $1.1 ? $0.0.prompt < $1.0.prompt : $0.1 > $1.1 }
  }
}
