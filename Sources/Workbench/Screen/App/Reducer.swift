import Control

/// The only place where the screen's state changes: (state, event) -> (state, effects). It does no input or output and
/// reads no clock, so a test, a replay and a person at a terminal all get the same screen.
public enum Reducer {
  /// - Parameter now: seconds of a monotonic clock.
  public static func reduce(_ state: inout ScreenState, _ event: ScreenEvent, now: Double) -> [ScreenEffect] {
    state.view.now = now
    if let expires = state.view.message?.expires, expires <= now { state.view.message = nil }
    switch event {
    case .run(let event): return reduce(&state, event)
    case .key(let key): return reduce(&state, key)
    case .resized(let size):
      state.view.size = size
      return []
    case .captured(let entry):
      state.append(entry)
      return []
    case .controls(let news):
      controls(&state, news)
      return []
    case .peers(let news):
      if let problem = state.view.peers.take(news) { state.say(problem, .warning) }
      if case .branched(let path, let process) = news {
        let text = "the branch \(path) trains (process \(process)); 8 lays it over this run"
        state.say(text, .good)
        state.note(text)
      }
      if case .list = news { return state.view.peers.offerParent().map { [.peers($0)] } ?? [] }
      return []
    case .restarted: return []
    case .signal(let number): return signal(&state, number)
    case .tick: return []
    }
  }

  // MARK: Keys

  private static func reduce(_ state: inout ScreenState, _ key: Key) -> [ScreenEffect] {
    // A message that stays is read once a key is pressed, unless it says that the program is ending.
    if state.steering.signal == nil, let message = state.view.message, message.expires == nil {
      state.view.message = nil
    }
    guard let binding = Binding.find(key, in: state.context) else {
      if case .character(let character) = key { type(&state, character) }
      return []
    }
    if let obstacle = binding.obstacle(state) {
      state.say(obstacle, .warning)
      return []
    }
    return perform(&state, binding.action)
  }

  static func perform(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    switch action {
    case .pauseOrResume:
      if state.steering.isStepping {
        state.say("the run pauses after this step", .text)
        return []
      }
      let asked = state.steering.pending.values.contains { $0.command == .pause }
      return [state.steering.request(state.run.isPausedOrPausing || asked ? .resume : .pause)]
    case .singleStep:
      state.steering.isStepping = true
      return [state.steering.request(.step(1))]
    case .pauseAndCheckpoint:
      var effects: [ScreenEffect] = []
      if !state.run.isPausedOrPausing { effects.append(state.steering.request(.pause)) }
      effects.append(state.steering.request(.checkpoint))
      return effects
    case .rescore:
      return state.view.selectedPrompt.map { state.inspect($0) } ?? []
    case .editGamma: state.view.overlay = .editor(ValueEditor(target: .gamma, present: state.run.presentGamma ?? 0))
    case .editLearningRate:
      let rate = state.run.peakLearningRate ?? 0
      state.view.overlay = .editor(ValueEditor(target: .learningRate, present: rate))
    case .editBeta:
      let beta = state.run.lastStep?.beta ?? state.run.description?.beta ?? 0.1
      state.view.overlay = .editor(ValueEditor(target: .beta, present: beta))
    case .editorMore, .editorLess, .editorMuchMore, .editorMuchLess, .editorErase, .editorNextField, .editorRamp,
      .editorAt, .editorSchedule, .editorApply, .editorCancel:
      return edit(&state, action)
    case .exchangeControls: return exchangeControls(&state)
    case .openAlarms, .alarmNext, .alarmPrevious, .alarmMute: return alarms(&state, action)
    case .openBranch, .branchNext, .branchPrevious, .branchStart: return branch(&state, action)
    case .openPalette, .paletteRun, .paletteNext, .palettePrevious, .openFilter, .filterDone, .filterClear, .undo,
      .undoApply, .openSamples, .sampleNext, .samplePrevious, .sampleOpen, .eraseText, .closeOverlay:
      return overlay(&state, action)
    case .cycleTheme:
      let next = ((state.view.themes.firstIndex(of: state.view.themeName) ?? -1) + 1) % max(1, state.view.themes.count)
      guard state.view.themes.count > 1 else {
        state.say("there is no other theme", .warning)
        return []
      }
      state.view.themeName = state.view.themes[next]
      state.say("theme \(state.view.themeName), \(next + 1) of \(state.view.themes.count); --theme keeps it", .text)
      return [.theme(state.view.themeName)]
    case .giveControls: return exchangeControls(&state)
    case .keepControls: return keepControls(&state)
    case .back where state.steering.controls.askedBy != nil: return keepControls(&state)
    case .openHelp: state.view.overlay = .help(scroll: 0)
    case .help(let by):
      if case .help(let scroll) = state.view.overlay {
        state.view.overlay = .help(scroll: max(0, min(HelpView.lineCount - 1, scroll + by)))
      }
    case .closeHelp, .stay: state.view.overlay = nil
    case .quit: return quit(&state)
    case .leaveDetached: return leave(&state, .detached)
    case .leaveSaved: return leave(&state, .pausedAndSaved)
    case .leaveStopped: return leave(&state, .stopped)
    case .repaint: return [.repaint]
    case .lookBack, .crosshair, .play, .replayFaster, .replaySlower, .leaveReplay, .leaveReplayStepwise, .replayMove,
      .replayFirst, .replayLast, .replayEvent, .replayAnomaly:
      return lookBack(&state, action)
    default: return Navigation.perform(&state, action)
    }
    return []
  }

  // MARK: The past

  private static func lookBack(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    // Whoever goes to a step by hand wants to stay there.
    if action != .play, action != .replayFaster, action != .replaySlower { state.view.replay?.playing = false }
    switch action {
    case .lookBack: return [.replay(.enter(showsWhole: false))]
    case .crosshair: return [.replay(.enter(showsWhole: !(state.view.replay?.showsWhole ?? false)))]
    case .play:
      let atEnd = state.view.replay.map { $0.step >= $0.lastStep } ?? true
      state.view.replay?.playing.toggle()
      return atEnd && state.steering.place == .recording && state.view.replay?.playing == true
        ? [.replay(.to(step: 0))] : []
    case .replayFaster: state.view.replay?.changeSpeed(1)
    case .replaySlower: state.view.replay?.changeSpeed(-1)
    case .replayMove(let steps): return [.replay(.move(steps: steps))]
    case .replayFirst: return [.replay(.to(step: 0))]
    case .replayLast: return [.replay(.toEnd)]
    case .replayEvent(let direction): return [.replay(.event(direction))]
    case .replayAnomaly(let direction): return [.replay(.anomaly(direction))]
    case .leaveReplayStepwise:
      if state.view.zoomed || state.view.page != .charts || state.steering.place == .recording {
        return Navigation.perform(&state, .back)
      }
      return [.replay(.leave)]
    case .leaveReplay:
      if state.steering.place == .recording {
        state.steering.exit = .finished("recording")
        return []
      }
      return [.replay(.leave)]
    default: break
    }
    return []
  }

  // MARK: The value editor

  private static func edit(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    guard case .editor(var editor) = state.view.overlay else { return [] }
    defer {
      if case .editor = state.view.overlay { state.view.overlay = .editor(editor) }
    }
    switch action {
    case .editorMore: editor.nudge(1, large: false)
    case .editorLess: editor.nudge(-1, large: false)
    case .editorMuchMore: editor.nudge(1, large: true)
    case .editorMuchLess: editor.nudge(-1, large: true)
    case .editorErase: editor.erase()
    case .editorNextField: editor.nextField()
    case .editorRamp: editor.toggle(.ramp, suggestion: 50)
    case .editorAt: editor.toggle(.at, suggestion: state.run.completedSteps + 50)
    case .editorSchedule:
      state.view.overlay = nil
      return [state.steering.request(.gamma(.schedule))]
    case .editorApply: return apply(&state, &editor)
    default: state.view.overlay = nil
    }
    return []
  }

  private static func apply(_ state: inout ScreenState, _ editor: inout ValueEditor) -> [ScreenEffect] {
    let value: Double
    switch editor.value {
    case .failure(let refusal):
      editor.problem = refusal.description
      return []
    case .success(let typed): value = typed
    }
    let command: RunCommand
    switch editor.target {
    case .learningRate: command = .learningRate(value)
    case .beta: command = .beta(value)
    case .gamma:
      if editor.mode == .hold {
        command = .gamma(.hold(value))
      } else {
        switch editor.steps(after: state.run.completedSteps, total: state.run.description?.totalSteps ?? .max) {
        case .failure(let refusal):
          editor.problem = refusal.description
          return []
        case .success(let steps):
          command = .gamma(editor.mode == .ramp ? .ramp(target: value, steps: steps) : .at(step: steps, value: value))
        }
      }
      if !editor.confirming,
        let summary = NegativeDistribution.summary(
          state.run.rewardSample, gamma: value, preferred: state.run.preferred),
        summary.saturatedShare > 0.5
      {
        editor.confirming = true
        editor.problem =
          "at γ \(NumberText.signed(value)) \(NumberText.percent(summary.saturatedShare)) of the prompts would draw "
          + "nearly always the same negative (ESS < 1.5): Enter again to apply, Esc to leave it"
        return []
      }
    }
    state.view.overlay = nil
    return [state.steering.request(command)]
  }

  // MARK: Leaving

  private static func quit(_ state: inout ScreenState) -> [ScreenEffect] {
    // Whoever follows leaves; the run is not theirs to end.
    if state.steering.place == .follower {
      state.steering.exit = .finished("left")
      return []
    }
    switch state.run.phase {
    case .finished: state.steering.exit = .finished(state.run.summary?.reason ?? "completed")
    case .failed(let sentence): state.steering.exit = .finished(sentence)
    case .stopping where state.steering.leaving == nil: state.steering.leaving = .stopped
    default: state.view.overlay = .quit
    }
    return []
  }

  private static func leave(_ state: inout ScreenState, _ choice: QuitChoice) -> [ScreenEffect] {
    state.view.overlay = nil
    // Nothing is trained yet, so there is nothing to wait for.
    if case .loading = state.run.phase {
      state.steering.exit = .quit(.stopped)
      return [state.steering.request(.stop)]
    }
    if state.run.hasEnded { return quit(&state) }
    state.steering.leaving = choice
    if choice != .pausedAndSaved { return [state.steering.request(.stop)] }
    var effects: [ScreenEffect] = []
    if !state.run.isPausedOrPausing { effects.append(state.steering.request(.pause)) }
    effects.append(state.steering.request(.checkpoint))
    return effects
  }

  private static func signal(_ state: inout ScreenState, _ number: Int32) -> [ScreenEffect] {
    guard state.steering.signal == nil else { return [] }
    state.steering.signal = number
    state.view.overlay = nil
    if state.run.hasEnded || state.steering.place != .trainer {
      state.steering.exit = .signal(number)
      return []
    }
    let effect = state.steering.request(.stop, origin: "signal")
    if case .loading = state.run.phase {
      state.steering.exit = .signal(number)
    } else {
      state.say("asked to end: saving a checkpoint; once more ends at once", .warning, forever: true)
    }
    return [effect]
  }
}
