import Control

/// Keys that ask something of the run.
extension Binding {
  static let steering = pausing + SteerableSetting.all.compactMap(edit) + asking

  private static let pausing: [Binding] = [
    Binding(
      "pause", [.character(" ")], hint: Hint { $0.run.isPausedOrPausing ? "resume" : "pause" },
      help: "Pause before the next optimizer step, or go on", rank: 1, unless: { $0.obstacleToSteering },
      perform: { $0.pauseOrResume() }),
    Binding(
      "step", [.character(">")], hint: "step", help: "While paused: one optimizer step, then pause again", rank: 8,
      unless: { $0.obstacleToStepping }, perform: { $0.steering.step() }),
  ]

  private static let asking: [Binding] = [
    Binding(
      "undo", [.character("u")], hint: "undo", help: "Take the newest edit back, as an edit of its own",
      unless: { $0.obstacleToSteering ?? ($0.steering.lastEdit == nil ? "nothing has been edited yet" : nil) },
      change: { $0.view.overlay = .undo }),
    Binding(
      "checkpoint", [.character("P")], hint: "checkpoint", help: "Pause and write a checkpoint", rank: 10,
      unless: { $0.obstacleToSteering }, perform: { $0.pauseAndSave() }),
    Binding(
      "branch", [.character("B")], hint: "branch",
      help: "Branch off: train on from a checkpoint with other settings, beside this run", rank: 15,
      unless: { $0.obstacleToBranching }, change: { $0.openBranchForm() }),
    Binding(
      "score", [.character("i")], hint: "score all", help: "Score all responses of the selected prompt now",
      unless: { $0.obstacleToSteering ?? ($0.view.selectedPrompt == nil ? "no prompt is selected yet" : nil) },
      perform: { $0.inspectSelected() }),
    Binding(
      "controls", [.character("L")],
      hint: Hint { $0.steering.controls.holder == .here ? "give controls" : "controls" },
      help: "Ask for the controls, or give them to the one who asks", unless: { $0.obstacleToControls },
      perform: { $0.exchangeControls() }),
    Binding(
      "give controls", [.character("y")], hint: "give controls", help: "Give the controls to the one who asks",
      unless: { $0.steering.obstacleToAnswering }, perform: { $0.exchangeControls() }),
    Binding(
      "keep controls", [.character("n")], hint: "keep controls", help: "Keep the controls that another one asks for",
      unless: { $0.steering.obstacleToAnswering }, perform: { $0.steering.keepControls() }),
  ]
}

extension Binding {
  /// The key that edits a setting; nil for one without.
  private static func edit(_ setting: SteerableSetting) -> Binding? {
    guard let key = setting.keyOnScreen else { return nil }
    return Binding(
      "edit \(setting.key.rawValue)", [.character(key)], hint: Hint { _ in setting.hint },
      help: setting.help, rank: setting.rank, unless: { $0.obstacleToSteering ?? setting.obstacle($0.run) },
      change: { $0.view.overlay = .editor(ValueEditor(target: setting.key, present: setting.present($0.run) ?? 0)) })
  }
}

extension ScreenState {
  mutating func pauseOrResume() -> [ScreenEffect] {
    if steering.isStepping {
      say("the run pauses after this step", .text)
      return []
    }
    let asked = steering.pending.values.contains { $0.command == .pause }
    return [steering.request(run.isPausedOrPausing || asked ? .resume : .pause)]
  }

  mutating func pauseAndSave() -> [ScreenEffect] {
    (run.isPausedOrPausing ? [] : [steering.request(.pause)]) + [steering.request(.checkpoint)]
  }

  mutating func inspectSelected() -> [ScreenEffect] { view.selectedPrompt.map { inspect($0) } ?? [] }

  /// Asks for the controls, or hands them to the one who asks.
  mutating func exchangeControls() -> [ScreenEffect] {
    if steering.controls.holder == .here {
      steering.controls.askedBy = nil
      return [.controls(.give)]
    }
    steering.controls.asks = true
    if case .elsewhere(let name?) = steering.controls.holder { say("asking \(name) for the controls", .text) }
    return [.controls(.ask)]
  }
}

extension SteeringState {
  mutating func step() -> [ScreenEffect] {
    isStepping = true
    return [request(.step(1))]
  }

  mutating func keepControls() -> [ScreenEffect] {
    controls.askedBy = nil
    return [.controls(.keep)]
  }
}

// MARK: - Why not

extension ScreenState {
  /// Why no command can be sent; nil if one can.
  var obstacleToSteering: String? {
    if steering.place == .recording { return "this is a recording, nothing is training" }
    if view.replay != nil { return "you look at the past; R goes back to the run" }
    if let obstacle = steering.obstacleOfControls, !run.hasEnded { return obstacle }
    return switch run.phase {
    case .loading: "the run is still loading"
    case .stopping: "the run is stopping"
    case .finished, .failed: "the run has ended"
    case .running, .pausing, .paused: nil
    }
  }

  var obstacleToStepping: String? { obstacleToSteering ?? (run.isPaused ? nil : "pause first, with Space") }
}

extension ObservedRun {
  /// Why γ cannot be edited; nil if it can.
  var obstacleToGamma: String? {
    guard let description, !hasGamma else { return nil }
    return "\(description.method) draws no hard negatives, so it has no γ"
  }
}
