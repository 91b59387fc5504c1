import Control

extension Reducer {
  /// What the run says.
  static func reduce(_ state: inout ScreenState, _ event: RunEvent) -> [ScreenEffect] {
    switch event {
    case .loading(let progress): load(&state, progress)
    case .started(let run): start(&state, run)
    case .stateChanged(let phase): return change(&state, to: phase)
    case .step(let record): return step(&state, record)
    case .evaluation(let record):
      state.metrics.add(record)
      state.lastEvaluation = record
      state.note(
        "evaluated \(record.prompts) held-out prompts: loss \(NumberText.plain(record.loss, decimals: 4)), accuracy "
          + "\(NumberText.percent(record.accuracy)), margin to the hardest \(NumberText.signed(record.hardestMargin))"
          + (record.diagnostics?.policyKL.map { ", KL \(NumberText.plain($0, decimals: 1))" } ?? ""),
        step: record.step)
      state.raiseAlarms()
    case .generation(let record): state.generations.add(record)
    case .answerShares(let shares):
      state.shares.append(shares)
      // Enough for any bar; the first stays as the start that others are compared with.
      if state.shares.count > 512 { state.shares.remove(at: 1) }
    case .gammaPlan(let plan):
      if state.originalPlan.isEmpty { state.originalPlan = plan }
      state.gammaPlan = plan
    case .acknowledged(let answer): return acknowledge(&state, answer)
    case .inspected(let inspection):
      state.prompts.add(inspection)
      return nextInspection(&state)
    case .checkpoint(let step, let path):
      state.lastCheckpoint = (step, path)
      // A run that was resumed from an earlier one writes some again.
      state.checkpoints = state.checkpoints.filter { $0 < step } + [step]
      state.note("checkpoint written: \(path)", step: step, Style(.good))
    case .log(let line): state.append(LogEntry(source: .run, line: line))
    case .finished(let summary): return finish(&state, summary)
    }
    return []
  }

  private static func load(_ state: inout ScreenState, _ progress: LoadingProgress) {
    if let index = state.loading.firstIndex(where: { $0.what == progress.what }) {
      state.loading[index] = progress
    } else {
      if state.loading.count == 100 { state.loading.removeFirst() }
      state.loading.append(progress)
    }
  }

  private static func start(_ state: inout ScreenState, _ run: RunDescription) {
    state.run = run
    state.peakLearningRate = run.learningRate
    state.rewardSample = run.rewardSample
    state.note(
      "\(run.method) on \(run.modelName): \(run.totalSteps) steps of \(run.promptsPerStep) prompts, "
        + "\(run.catalogue.count) prompts, \(NumberText.count(run.trainableParameters)) trainable parameters",
      step: 0)
  }

  private static func change(_ state: inout ScreenState, to phase: RunState) -> [ScreenEffect] {
    let before = state.phase
    state.phase = phase
    switch phase {
    case .paused(let step):
      state.isStepping = false
      state.note("paused at step \(step)", step: step)
      state.sortPrompts()
    case .running where before != .running && before != .loading: state.note("resumed")
    case .running: break
    case .stopping: state.note("stopping: the step under way ends, then a checkpoint is written")
    case .failed(let sentence):
      state.note("the run failed: \(sentence)", Style(.bad))
      // The last line is for that sentence now.
      if state.signal == nil { state.message = nil }
      endRequests(&state)
    case .finished: endRequests(&state)
    case .loading, .pausing: break
    }
    return leaveIfDone(&state)
  }

  private static func endRequests(_ state: inout ScreenState) {
    state.pending = [:]
    state.isStepping = false
    state.inspecting = nil
    state.wantsInspection = nil
    if case .editor = state.overlay { state.overlay = nil }
    switch state.overlay {
    case .quit, .undo: state.overlay = nil
    default: break
    }
    state.sortPrompts()
  }

  private static func step(_ state: inout ScreenState, _ record: StepRecord) -> [ScreenEffect] {
    if !record.loss.isFinite, state.lastStep?.loss.isFinite ?? true {
      state.note("the loss is not a number at step \(record.step)", step: record.step, Style(.bad))
    }
    state.metrics.add(record)
    for visit in record.visits {
      state.prompts.add(visit, step: record.step, gamma: record.gamma)
      var q: [Double] = []
      if let gamma = record.gamma, let prompt = state.catalogued(visit.prompt) {
        q = NegativeDistribution.probabilities(rewards: prompt.rewards, gamma: gamma, preferred: state.preferred)
      }
      state.sampling.add(rank: visit.drawn, q: q)
    }
    var kept = record
    kept.visits = []
    state.lastStep = kept
    state.lastVisits = record.visits
    state.raiseAlarms()
    // Sorted once a second: a list that jumps with every step cannot be read. Less often where there is much to sort.
    let interval = max(1, Double(state.prompts.entries.count) / 5_000)
    if state.now - state.lastSort >= interval { state.sortPrompts() }
    guard state.selectedPrompt == nil, let worst = state.prompts.order.first else { return [] }
    state.selectedPrompt = worst
    // Scoring all responses costs the trainer one forward pass: unasked only where a step is short.
    return record.stepTime < 0.5 ? state.inspect(worst) : []
  }

  private static func acknowledge(_ state: inout ScreenState, _ answer: CommandAcknowledgement) -> [ScreenEffect] {
    let ours = state.pending[answer.id].map { $0.command == answer.command && $0.origin == answer.origin } ?? false
    if ours { state.pending[answer.id] = nil }
    if let refusal = answer.refusal {
      state.note("refused: \(refusal)", step: answer.requestStep, Style(.warning))
      if ours {
        state.say(refusal, .warning)
        if answer.command == .checkpoint || answer.command == .stop || answer.command == .pause { state.leaving = nil }
      }
      if case .step = answer.command, ours { state.isStepping = false }
      if case .inspect = answer.command, ours { return nextInspection(&state) }
      return []
    }
    if case .set(.learningRate, .hold(let value)) = answer.command { state.peakLearningRate = answer.newValue ?? value }
    guard let text = AcknowledgementText.text(answer) else { return leaveIfDone(&state) }
    state.note(text, step: answer.effectStep, Style(AcknowledgementText.isEdit(answer.command) ? .override : .text))
    if AcknowledgementText.isEdit(answer.command) {
      state.say(text, .good)
      state.lastEdit = TakenEdit(answer, lastGamma: state.gammaOverride, text: text) ?? state.lastEdit
      if case .set(.gamma, let override) = answer.command {
        state.gammaOverride = override == .schedule ? nil : override
      }
      state.marks.append(
        Mark(
          step: AcknowledgementText.markStep(answer), label: AcknowledgementText.markLabel(answer), kind: .override))
    }
    if answer.command == .checkpoint, let path = answer.path {
      state.lastCheckpoint = (answer.effectStep, path)
      state.say("checkpoint written and read back: \(path)", .good)
      if state.leaving == .pausedAndSaved { state.exit = .quit(.pausedAndSaved) }
    }
    return leaveIfDone(&state)
  }

  /// The trainer keeps the newest request only, so one that another screen's has replaced is never answered: any answer
  /// ends the waiting.
  private static func nextInspection(_ state: inout ScreenState) -> [ScreenEffect] {
    guard let prompt = state.inspecting else { return [] }
    state.inspecting = nil
    guard let wanted = state.wantsInspection else { return [] }
    state.wantsInspection = nil
    return wanted == prompt ? [] : state.inspect(wanted)
  }

  private static func finish(_ state: inout ScreenState, _ summary: RunSummary) -> [ScreenEffect] {
    state.summary = summary
    if !state.hasEnded { state.phase = .finished }
    endRequests(&state)
    state.note(
      "\(summary.reason) after \(summary.steps) steps in \(NumberText.duration(summary.trainRuntime)): mean loss "
        + "\(NumberText.plain(summary.trainLoss, decimals: 4)), "
        + "\(NumberText.plain(summary.pairsPerSecond, decimals: 1)) pairs/s",
      step: summary.steps)
    if state.signal == nil, state.leaving == nil {
      state.say("the run is over (\(summary.reason)); look around, q leaves", .good, forever: true)
    }
    return leaveIfDone(&state)
  }

  private static func leaveIfDone(_ state: inout ScreenState) -> [ScreenEffect] {
    guard state.hasEnded, state.exit == nil else { return [] }
    // A run that was asked to stop sends its summary last; a failed one may not.
    if case .finished = state.phase, state.summary == nil { return [] }
    if let signal = state.signal {
      state.exit = .signal(signal)
    } else if let leaving = state.leaving {
      if case .failed(let sentence) = state.phase {
        state.exit = .finished(sentence)
      } else {
        state.exit = .quit(leaving == .pausedAndSaved ? .stopped : leaving)
      }
    }
    return []
  }
}

extension ScreenState {
  mutating func sortPrompts() {
    prompts.sort()
    applyFilter()
    lastSort = view.now
  }

  func catalogued(_ prompt: Int) -> CataloguedPrompt? {
    guard let run, prompt >= 0, prompt < run.catalogue.count else { return nil }
    return run.catalogue.prompt(prompt)
  }
}

/// The trainer's answers in words.
enum AcknowledgementText {
  static func isEdit(_ command: RunCommand) -> Bool {
    switch command {
    case .set: true
    default: false
    }
  }

  /// nil for what `stateChanged` or `inspected` tells anyway.
  static func text(_ answer: CommandAcknowledgement) -> String? {
    let who = "(\(answer.origin))"
    let reason = answer.reason.map { ": \($0)" } ?? ""
    let from = "from step \(answer.effectStep) \(who)\(reason)"
    switch answer.command {
    case .set(.gamma, let override):
      let old = answer.oldValue.map { NumberText.signed($0) + " → " } ?? ""
      let new = answer.newValue.map { NumberText.signed($0) }
      switch override {
      case .hold(let value): return "γ \(old)\(new ?? NumberText.signed(value)) \(from)"
      case .ramp(let target, let steps): return "γ \(old)\(NumberText.signed(target)) over \(steps) steps \(from)"
      case .at(let step, let value): return "γ \(old)\(NumberText.signed(value)) from step \(step) \(who)\(reason)"
      case .schedule: return "γ \(old)\(new ?? "schedule"), back to the schedule \(from)"
      }
    case .set(.learningRate, .hold(let value)):
      let old = answer.oldValue.map { NumberText.scientific($0) + " → " } ?? ""
      return "learning rate \(old)\(NumberText.scientific(answer.newValue ?? value)) \(from)"
    case .set(.beta, .hold(let value)):
      let old = answer.oldValue.map { NumberText.plain($0, decimals: 3) + " → " } ?? ""
      return "β \(old)\(NumberText.plain(answer.newValue ?? value, decimals: 3)) \(from)"
    case .checkpoint: return "checkpoint asked for \(who), after step \(answer.effectStep)"
    case .stop: return "stop asked for \(who), after step \(answer.effectStep)"
    case .pause: return "pause asked for \(who), after step \(answer.effectStep)"
    case .resume, .step, .inspect, .set: return nil
    }
  }

  static func markStep(_ answer: CommandAcknowledgement) -> Int {
    if case .set(_, .at(let step, _)) = answer.command { return step }
    return answer.effectStep
  }

  static func markLabel(_ answer: CommandAcknowledgement) -> String {
    switch answer.command {
    case .set(.gamma, .hold(let value)), .set(.gamma, .ramp(let value, _)), .set(.gamma, .at(_, let value)):
      "γ" + NumberText.signed(value, decimals: 1)
    case .set(.gamma, .schedule): "γ sched"
    case .set(.learningRate, .hold(let value)): "lr " + NumberText.scientific(value)
    case .set(.beta, .hold(let value)): "β" + NumberText.plain(value)
    default: ""
    }
  }
}
