/// Keys that move through the record of a run.
extension Binding {
  static let replay: [Binding] = [
    Binding(
      "replay play", [.character(" ")], in: [.replay],
      hint: Hint { $0.view.replay?.playing ?? false ? "stop" : "play" }, help: "Play on from here, or stop", rank: 1,
      perform: { $0.playOrStop() }),
    Binding(
      "samples", [.enter], in: [.replay], hint: "samples",
      help: "The prompts behind this step, by their share of its loss", rank: 4, change: { $0.openSamples() }),
    Binding(
      "step back", [.left], in: [.replay], hint: "step back", help: "One step back", rank: 2,
      perform: { $0.goTo(.move(steps: -1)) }),
    Binding(
      "step on", [.right], in: [.replay], hint: "step on", help: "One step on", rank: 3,
      perform: { $0.goTo(.move(steps: 1)) }),
    Binding(
      "ten back", [.shiftLeft], in: [.replay], hint: "ten back", help: "Ten steps back",
      perform: { $0.goTo(.move(steps: -10)) }),
    Binding(
      "ten on", [.shiftRight], in: [.replay], hint: "ten on", help: "Ten steps on",
      perform: { $0.goTo(.move(steps: 10)) }),
    Binding(
      "event before", [.character(",")], in: [.replay], hint: "event before", help: "The event before",
      perform: { $0.goTo(.event(-1)) }),
    Binding(
      "next event", [.character(".")], in: [.replay], hint: "next event", help: "The next event", rank: 4,
      perform: { $0.goTo(.event(1)) }),
    Binding(
      "anomaly before", [.character("N")], in: [.replay], hint: "anomaly before", help: "The anomaly before",
      perform: { $0.goTo(.anomaly(-1)) }),
    Binding(
      "next anomaly", [.character("n")], in: [.replay], hint: "next anomaly",
      help: "The next step whose loss or gradient norm stands out", rank: 10, perform: { $0.goTo(.anomaly(1)) }),
    Binding(
      "beginning", [.home], in: [.replay], hint: "beginning", help: "The beginning of the record",
      perform: { $0.goTo(.to(step: 0)) }),
    Binding(
      "end", [.end], in: [.replay], hint: "end", help: "The end of the record", rank: 11,
      perform: { $0.goTo(.toEnd) }),
    Binding(
      "faster", [.character("+"), .character("=")], in: [.replay], hint: "faster", help: "Play faster, up to 1000×",
      rank: 5, change: { $0.view.replay?.changeSpeed(1) }),
    Binding(
      "slower", [.character("-")], in: [.replay], hint: "slower", help: "Play slower, down to 1×", rank: 6,
      change: { $0.view.replay?.changeSpeed(-1) }),
    Binding(
      "replay crosshair", [.character("v")], in: [.replay],
      hint: Hint { $0.view.replay?.showsWhole ?? false ? "curves as of then" : "whole curves" },
      help: "Curves of the whole record with a crosshair, or as they were at that step", rank: 9,
      perform: { $0.toggleCrosshair() }),
    Binding(
      "back to the run", [.character("R")], in: [.replay], hint: "back to the run", help: "Back to the run as it is",
      rank: 7,
      unless: {
        $0.steering.place == .recording ? "this is a recording, nothing is training; q leaves" : nil
      },
      perform: { $0.leaveReplay() }),
    Binding(
      "replay back", [.escape], in: [.replay], hint: "back",
      help: "Back from a zoomed pane or another tab, then back to the run", perform: { $0.leaveReplayStepwise() }),
    Binding(
      "leave replay", [.character("q")], in: [.replay],
      hint: Hint { $0.steering.place == .recording ? "quit" : "back" },
      help: "A recording: leave; a run: back to it", rank: 8, perform: { $0.leaveReplay() }),
  ]
}

extension ScreenState {
  var obstacleToLookingBack: String? {
    if !view.hasHistory { return "this run keeps no record to look back into" }
    return run.completedSteps == 0 ? "no step is complete yet" : nil
  }

  mutating func lookBack() -> [ScreenEffect] { goTo(.enter(showsWhole: false)) }

  mutating func toggleCrosshair() -> [ScreenEffect] {
    goTo(.enter(showsWhole: !(view.replay?.showsWhole ?? false)))
  }

  mutating func playOrStop() -> [ScreenEffect] {
    let atEnd = view.replay.map { $0.step >= $0.lastStep } ?? true
    view.replay?.playing.toggle()
    return atEnd && steering.place == .recording && view.replay?.playing == true ? [.replay(.to(step: 0))] : []
  }

  /// Whoever goes to a moment by hand wants to stay there.
  mutating func goTo(_ request: ReplayRequest) -> [ScreenEffect] {
    view.replay?.playing = false
    return [.replay(request)]
  }

  mutating func leaveReplay() -> [ScreenEffect] {
    view.replay?.playing = false
    guard steering.place == .recording else { return [.replay(.leave)] }
    steering.exit = .finished("recording")
    return []
  }

  mutating func leaveReplayStepwise() -> [ScreenEffect] {
    view.replay?.playing = false
    if view.zoomed || view.page != .charts || steering.place == .recording { return back() }
    return [.replay(.leave)]
  }

  mutating func openSamples() {
    guard !run.lastVisits.isEmpty else { return say("no prompts are recorded for this step", .warning) }
    view.overlay = .samples(selected: 0)
  }
}
