import Control

/// The only place where the screen's state changes: (state, event) -> (state, effects). It does no input or output and
/// reads no clock, so a test, a replay and a person at a terminal all get the same screen.
public enum Reducer {
  /// - Parameter now: seconds of a monotonic clock.
  public static func reduce(_ state: inout ScreenState, _ event: ScreenEvent, now: Double) -> [ScreenEffect] {
    state.now = now
    if let expires = state.message?.expires, expires <= now { state.message = nil }
    switch event {
    case .run(let event): return reduce(&state, event)
    case .key(let key): return reduce(&state, key)
    case .resized(let size):
      state.size = size
      return []
    case .captured(let entry):
      state.append(entry)
      return []
    case .controls(let news):
      controls(&state, news)
      return []
    case .peers(let news):
      if let problem = state.peers.take(news) { state.say(problem, .warning) }
      if case .branched(let path, let process) = news {
        let text = "the branch \(path) trains (process \(process)); 8 lays it over this run"
        state.say(text, .good)
        state.note(text)
      }
      if case .list = news { return state.peers.offerParent().map { [.peers($0)] } ?? [] }
      return []
    case .restarted: return []
    case .signal(let number): return signal(&state, number)
    case .tick: return []
    }
  }

  // MARK: Keys

  private static func reduce(_ state: inout ScreenState, _ key: Key) -> [ScreenEffect] {
    // A message that stays is read once a key is pressed, unless it says that the program is ending.
    if state.signal == nil, let message = state.message, message.expires == nil { state.message = nil }
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
      if state.isStepping {
        state.say("the run pauses after this step", .text)
        return []
      }
      let asked = state.pending.values.contains { $0.command == .pause }
      return [state.request(state.isPausedOrPausing || asked ? .resume : .pause)]
    case .singleStep:
      state.isStepping = true
      return [state.request(.step(1))]
    case .pauseAndCheckpoint:
      var effects: [ScreenEffect] = []
      if !state.isPausedOrPausing { effects.append(state.request(.pause)) }
      effects.append(state.request(.checkpoint))
      return effects
    case .rescore:
      return state.selectedPrompt.map { state.inspect($0) } ?? []
    case .editGamma: state.overlay = .editor(ValueEditor(target: .gamma, present: state.presentGamma ?? 0))
    case .editLearningRate:
      let rate = state.peakLearningRate ?? 0
      state.overlay = .editor(ValueEditor(target: .learningRate, present: rate))
    case .editBeta:
      let beta = state.lastStep?.beta ?? state.run?.beta ?? 0.1
      state.overlay = .editor(ValueEditor(target: .beta, present: beta))
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
      let next = ((state.themes.firstIndex(of: state.themeName) ?? -1) + 1) % max(1, state.themes.count)
      guard state.themes.count > 1 else {
        state.say("there is no other theme", .warning)
        return []
      }
      state.themeName = state.themes[next]
      state.say("theme \(state.themeName), \(next + 1) of \(state.themes.count); --theme keeps it", .text)
      return [.theme(state.themeName)]
    case .giveControls: return exchangeControls(&state)
    case .keepControls: return keepControls(&state)
    case .back where state.controls.askedBy != nil: return keepControls(&state)
    case .openHelp: state.overlay = .help(scroll: 0)
    case .help(let by):
      if case .help(let scroll) = state.overlay {
        state.overlay = .help(scroll: max(0, min(HelpView.lineCount - 1, scroll + by)))
      }
    case .closeHelp, .stay: state.overlay = nil
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
    if action != .play, action != .replayFaster, action != .replaySlower { state.replay?.playing = false }
    switch action {
    case .lookBack: return [.replay(.enter(showsWhole: false))]
    case .crosshair: return [.replay(.enter(showsWhole: !(state.replay?.showsWhole ?? false)))]
    case .play:
      let atEnd = state.replay.map { $0.step >= $0.lastStep } ?? true
      state.replay?.playing.toggle()
      return atEnd && state.place == .recording && state.replay?.playing == true ? [.replay(.to(step: 0))] : []
    case .replayFaster: state.replay?.changeSpeed(1)
    case .replaySlower: state.replay?.changeSpeed(-1)
    case .replayMove(let steps): return [.replay(.move(steps: steps))]
    case .replayFirst: return [.replay(.to(step: 0))]
    case .replayLast: return [.replay(.toEnd)]
    case .replayEvent(let direction): return [.replay(.event(direction))]
    case .replayAnomaly(let direction): return [.replay(.anomaly(direction))]
    case .leaveReplayStepwise:
      if state.zoomed || state.page != .charts || state.place == .recording {
        return Navigation.perform(&state, .back)
      }
      return [.replay(.leave)]
    case .leaveReplay:
      if state.place == .recording {
        state.exit = .finished("recording")
        return []
      }
      return [.replay(.leave)]
    default: break
    }
    return []
  }

  // MARK: The value editor

  private static func edit(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    guard case .editor(var editor) = state.overlay else { return [] }
    defer {
      if case .editor = state.overlay { state.overlay = .editor(editor) }
    }
    switch action {
    case .editorMore: editor.nudge(1, large: false)
    case .editorLess: editor.nudge(-1, large: false)
    case .editorMuchMore: editor.nudge(1, large: true)
    case .editorMuchLess: editor.nudge(-1, large: true)
    case .editorErase: editor.erase()
    case .editorNextField: editor.nextField()
    case .editorRamp: editor.toggle(.ramp, suggestion: 50)
    case .editorAt: editor.toggle(.at, suggestion: state.completedSteps + 50)
    case .editorSchedule:
      state.overlay = nil
      return [state.request(.gamma(.schedule))]
    case .editorApply: return apply(&state, &editor)
    default: state.overlay = nil
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
        switch editor.steps(after: state.completedSteps, total: state.run?.totalSteps ?? .max) {
        case .failure(let refusal):
          editor.problem = refusal.description
          return []
        case .success(let steps):
          command = .gamma(editor.mode == .ramp ? .ramp(target: value, steps: steps) : .at(step: steps, value: value))
        }
      }
      if !editor.confirming,
        let summary = NegativeDistribution.summary(
          state.rewardSample, gamma: value, preferred: state.preferred),
        summary.saturatedShare > 0.5
      {
        editor.confirming = true
        editor.problem =
          "at γ \(NumberText.signed(value)) \(NumberText.percent(summary.saturatedShare)) of the prompts would draw "
          + "nearly always the same negative (ESS < 1.5): Enter again to apply, Esc to leave it"
        return []
      }
    }
    state.overlay = nil
    return [state.request(command)]
  }

  // MARK: Leaving

  private static func quit(_ state: inout ScreenState) -> [ScreenEffect] {
    // Whoever follows leaves; the run is not theirs to end.
    if state.place == .follower {
      state.exit = .finished("left")
      return []
    }
    switch state.phase {
    case .finished: state.exit = .finished((state.summary?.reason ?? .completed).rawValue)
    case .failed(let sentence): state.exit = .finished(sentence)
    case .stopping where state.leaving == nil: state.leaving = .stopped
    default: state.overlay = .quit
    }
    return []
  }

  private static func leave(_ state: inout ScreenState, _ choice: QuitChoice) -> [ScreenEffect] {
    state.overlay = nil
    // Nothing is trained yet, so there is nothing to wait for.
    if case .loading = state.phase {
      state.exit = .quit(.stopped)
      return [state.request(.stop)]
    }
    if state.hasEnded { return quit(&state) }
    state.leaving = choice
    if choice != .pausedAndSaved { return [state.request(.stop)] }
    var effects: [ScreenEffect] = []
    if !state.isPausedOrPausing { effects.append(state.request(.pause)) }
    effects.append(state.request(.checkpoint))
    return effects
  }

  private static func signal(_ state: inout ScreenState, _ number: Int32) -> [ScreenEffect] {
    guard state.signal == nil else { return [] }
    state.signal = number
    state.overlay = nil
    if state.hasEnded || state.place != .trainer {
      state.exit = .signal(number)
      return []
    }
    let effect = state.request(.stop, origin: .signal)
    if case .loading = state.phase {
      state.exit = .signal(number)
    } else {
      state.say("asked to end: saving a checkpoint; once more ends at once", .warning, forever: true)
    }
    return [effect]
  }
}

// MARK: - Small changes that several events share

extension ScreenState {
  /// How long a message stays, seconds.
  static let messageTime = 8.0

  mutating func say(_ text: String, _ role: Role, forever: Bool = false) {
    // What ends the program is not pushed aside by what a key did.
    if signal != nil, let message = view.message, message.expires == nil { return }
    view.message = Message(text: text, role: role, expires: forever ? nil : view.now + Self.messageTime)
  }

  /// When time alone changes the screen next; nil if never.
  var nextDeadline: Double? { view.message?.expires }

  mutating func append(_ entry: LogEntry) {
    logs.append(entry)
    // A person who has scrolled back keeps looking at the same lines.
    if view.logScroll > 0 { view.logScroll = min(view.logScroll + 1, logs.elements.count) }
  }

  mutating func note(_ text: String, step: Int? = nil, _ style: Style = .text) {
    events.append(EventLine(step: step ?? completedSteps, text: text, style: style))
    if view.eventScroll > 0 { view.eventScroll = min(view.eventScroll + 1, events.elements.count) }
  }

  /// A command on its way; it stays `pending` until the trainer answers.
  mutating func request(_ command: RunCommand, origin: CommandOrigin? = nil) -> ScreenEffect {
    let request = CommandRequest(id: nextCommand, command: command, origin: origin ?? controls.origin)
    nextCommand += 1
    pending[request.id] = request
    return .send(request)
  }

  /// Asks for the numbers of a prompt. One request at a time is under way, and of those that come meanwhile only the
  /// last is kept, so that holding a key down never queues work for the trainer.
  mutating func inspect(_ prompt: Int) -> [ScreenEffect] {
    guard isSteerable, obstacleToSteering == nil else { return [] }
    if inspecting != nil {
      wantsInspection = prompt
      return []
    }
    inspecting = prompt
    return [request(.inspect(prompt: prompt))]
  }
}
