import Control

extension Reducer {
  /// What the run says, and what follows from it for the person and for what this screen has asked.
  static func reduce(_ state: inout ScreenState, _ event: RunEvent) -> [ScreenEffect] {
    let before = (state.run.events.total, state.run.logs.total, state.run.prompts.sorts)
    state.run.take(event, now: state.view.now)
    state.view.keepLines(
      events: state.run.events.total - before.0, logs: state.run.logs.total - before.1, of: state.run)
    if state.run.prompts.sorts != before.2 { state.applyFilter() }
    switch event {
    case .stateChanged(let phase): changed(&state, to: phase)
    case .step(let record):
      // Scoring all responses costs the trainer one forward pass: unasked only where a step is short.
      guard let first = state.selectFirstPrompt(), record.stepTime < 0.5 else { return [] }
      return state.inspect(first)
    case .acknowledged(let answer): return answered(&state, answer)
    case .inspected: return inspectNext(&state)
    case .finished(let summary): finished(&state, summary)
    case .loading, .started, .evaluation, .generation, .answerShares, .gammaPlan, .checkpoint, .log: break
    }
    return []
  }

  private static func changed(_ state: inout ScreenState, to phase: RunState) {
    switch phase {
    case .paused: state.steering.isStepping = false
    case .failed:
      // The last line is for the run's sentence now.
      if state.steering.signal == nil { state.view.message = nil }
      endRequests(&state)
    case .finished: endRequests(&state)
    case .loading, .running, .pausing, .stopping: break
    }
    state.steering.leaveIfDone(state.run)
  }

  private static func endRequests(_ state: inout ScreenState) {
    state.steering.forgetRequests()
    state.view.closeSteeringDialogs()
  }

  private static func answered(_ state: inout ScreenState, _ answer: CommandAcknowledgement) -> [ScreenEffect] {
    let ours = state.steering.settle(answer)
    if let refusal = answer.refusal {
      guard ours else { return [] }
      state.say(refusal, .warning)
      switch answer.command {
      case .checkpoint, .stop, .pause: state.steering.leaving = nil
      case .step: state.steering.isStepping = false
      case .inspect: return inspectNext(&state)
      case .resume, .set: break
      }
      return []
    }
    if SettingChange(answer.command) != nil, let text = AcknowledgementText.text(answer) {
      state.say(text, .good)
      state.steering.remember(answer, text: text)
    }
    if answer.command == .checkpoint, let path = answer.path {
      state.say("checkpoint written and read back: \(path)", .good)
      if state.steering.leaving == .pausedAndSaved { state.steering.exit = .quit(.pausedAndSaved) }
    }
    state.steering.leaveIfDone(state.run)
    return []
  }

  private static func inspectNext(_ state: inout ScreenState) -> [ScreenEffect] {
    state.steering.endInspection().map { state.inspect($0) } ?? []
  }

  private static func finished(_ state: inout ScreenState, _ summary: RunSummary) {
    endRequests(&state)
    if state.steering.signal == nil, state.steering.leaving == nil {
      state.say("the run is over (\(summary.reason)); look around, q leaves", .good, forever: true)
    }
    state.steering.leaveIfDone(state.run)
  }
}
