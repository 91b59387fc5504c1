import Control

/// Keys that say what is to become of the run when the person leaves.
extension Binding {
  static let leaving: [Binding] = [
    Binding(
      "leave detached", [.character("d")], in: [.quit], hint: "detach",
      help: "Leave; training goes on without a screen, and attach follows it", rank: 0,
      unless: { $0.obstacleToDetaching }, perform: { $0.leave(.detached) }),
    Binding(
      "leave saved", [.character("p")], in: [.quit], hint: "pause & save",
      help: "Pause, write a checkpoint, leave; resume it later", rank: 1, perform: { $0.leave(.pausedAndSaved) }),
    Binding(
      "leave stopped", [.character("s")], in: [.quit], hint: "stop", help: "End the run with a checkpoint, then leave",
      rank: 2, perform: { $0.leave(.stopped) }),
    Binding(
      "stay", [.escape, .character("c"), .character("q")], in: [.quit], hint: "cancel", help: "Stay; nothing happens",
      rank: 3, change: { $0.view.overlay = nil }),
  ]
}

extension ScreenState {
  var obstacleToDetaching: String? {
    if !steering.canDetach || run.description?.sessionPath == nil {
      return "no other process could go on with this run"
    }
    if case .loading = run.phase { return "the run is still loading" }
    return nil
  }

  /// Leaves at once where nothing is to be decided, otherwise asks.
  mutating func quit() {
    // Whoever follows leaves; the run is not theirs to end.
    if steering.place == .follower {
      steering.exit = .finished("left")
      return
    }
    switch run.phase {
    case .finished: steering.exit = .finished((run.summary?.reason ?? .completed).rawValue)
    case .failed(let sentence): steering.exit = .finished(sentence)
    case .stopping where steering.leaving == nil: steering.leaving = .stopped
    default: view.overlay = .quit
    }
  }

  mutating func leave(_ choice: QuitChoice) -> [ScreenEffect] {
    view.overlay = nil
    // Nothing is trained yet, so there is nothing to wait for.
    if case .loading = run.phase {
      steering.exit = .quit(.stopped)
      return [steering.request(.stop)]
    }
    if run.hasEnded {
      quit()
      return []
    }
    steering.leaving = choice
    return choice == .pausedAndSaved ? pauseAndSave() : [steering.request(.stop)]
  }

  mutating func takeSignal(_ number: Int32) -> [ScreenEffect] {
    guard steering.signal == nil else { return [] }
    steering.signal = number
    view.overlay = nil
    if run.hasEnded || steering.place != .trainer {
      steering.exit = .signal(number)
      return []
    }
    let effect = steering.request(.stop, origin: .signal)
    if case .loading = run.phase {
      steering.exit = .signal(number)
    } else {
      say("asked to end: saving a checkpoint; once more ends at once", .warning, forever: true)
    }
    return [effect]
  }
}
