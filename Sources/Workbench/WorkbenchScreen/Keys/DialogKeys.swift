/// Keys in the boxes that lie over the page.
extension Binding {
  static let dialogs: [Binding] = samples + palette + filter + undo + alarms + branch + shared

  private static let samples: [Binding] = [
    Binding(
      "sample open", [.enter], in: [.samples], hint: "inspect", help: "The prompt with all its responses", rank: 1,
      change: { $0.openSample() }),
    Binding(
      "next sample", [.down, .character("j")], in: [.samples], hint: "down", help: "Next prompt", rank: 2,
      change: { $0.moveSample(1) }),
    Binding(
      "sample before", [.up, .character("k")], in: [.samples], hint: "up", help: "Prompt before", rank: 3,
      change: { $0.moveSample(-1) }),
    Binding(
      "samples close", [.escape, .character("q")], in: [.samples], hint: "back", help: "Back to the curves", rank: 4,
      change: { $0.view.overlay = nil }),
  ]

  private static let palette: [Binding] = [
    Binding(
      "palette run", [.enter], in: [.palette], hint: "do it", help: "Do what is marked", rank: 1,
      perform: { $0.runPalette() }),
    Binding(
      "palette next", [.down, .tab], in: [.palette], hint: "next", help: "Mark the next one", rank: 2,
      change: { $0.movePalette(1) }),
    Binding(
      "palette before", [.up, .backTab], in: [.palette], hint: "before", help: "Mark the one before", rank: 3,
      change: { $0.movePalette(-1) }),
  ]

  private static let filter: [Binding] = [
    Binding(
      "filter keep", [.enter], in: [.filter], hint: "keep it", help: "Keep the filter", rank: 1,
      change: { $0.view.overlay = nil }),
    Binding(
      "filter clear", [.escape], in: [.filter], hint: "show all", help: "Show all prompts again", rank: 2,
      change: { $0.clearFilter() }),
  ]

  private static let undo: [Binding] = [
    Binding(
      "undo apply", [.enter], in: [.undo], hint: "take it back", help: "Take it back from the next step on", rank: 1,
      perform: { $0.takeEditBack() })
  ]

  private static let alarms: [Binding] = [
    Binding(
      "alarm mute", [.character("m")], in: [.alarms], hint: "mute", help: "Mute the alarm, or no more", rank: 1,
      change: { $0.muteAlarm() }),
    Binding(
      "next alarm", [.down, .character("j")], in: [.alarms], hint: "down", help: "Next alarm", rank: 2,
      change: { $0.moveAlarm(1) }),
    Binding(
      "alarm before", [.up, .character("k")], in: [.alarms], hint: "up", help: "Alarm before", rank: 3,
      change: { $0.moveAlarm(-1) }),
    Binding(
      "alarms close", [.escape, .character("!"), .character("q"), .enter], in: [.alarms], hint: "close",
      help: "Close the list", rank: 4, change: { $0.view.overlay = nil }),
  ]

  private static let branch: [Binding] = [
    Binding(
      "branch start", [.enter], in: [.branch], hint: "start", help: "Start the branch in the background", rank: 1,
      perform: { $0.startBranch() }),
    Binding(
      "earlier checkpoint", [.down], in: [.branch], hint: "earlier", help: "An earlier checkpoint", rank: 2,
      change: { $0.view.changeBranchForm { $0.move(-1) } }),
    Binding(
      "later checkpoint", [.up], in: [.branch], hint: "later", help: "A later checkpoint", rank: 3,
      change: { $0.view.changeBranchForm { $0.move(1) } }),
  ]

  private static let shared: [Binding] = [
    Binding(
      "erase", [.backspace, .delete], in: [.palette, .filter, .branch], hint: "erase",
      help: "Delete the last character", change: { $0.eraseCharacter() }),
    Binding(
      "dialog close", [.escape], in: [.palette, .undo, .branch], hint: "close", help: "Change nothing", rank: 4,
      change: { $0.view.overlay = nil }),
  ]

  static let help: [Binding] = [
    Binding(
      "help close", [.escape, .character("?"), .character("q"), .enter], in: [.help], hint: "close",
      help: "Close help", rank: 1, change: { $0.view.overlay = nil }),
    Binding(
      "help down", [.down, .character("j")], in: [.help], hint: "down", help: "Scroll down", rank: 2,
      change: { $0.view.scrollHelp(1) }),
    Binding(
      "help up", [.up, .character("k")], in: [.help], hint: "up", help: "Scroll up", rank: 3,
      change: { $0.view.scrollHelp(-1) }),
    Binding(
      "help page down", [.pageDown, .character(" ")], in: [.help], hint: "page", help: "Scroll down ten lines",
      rank: 4, change: { $0.view.scrollHelp(10) }),
    Binding(
      "help page up", [.pageUp], in: [.help], hint: "page up", help: "Scroll up ten lines",
      change: { $0.view.scrollHelp(-10) }),
  ]
}

extension ViewState {
  mutating func scrollHelp(_ by: Int) {
    guard case .help(let scroll) = overlay else { return }
    overlay = .help(scroll: max(0, min(HelpView.lineCount - 1, scroll + by)))
  }
}

extension ScreenState {
  // MARK: Samples of a step

  mutating func moveSample(_ by: Int) {
    guard case .samples(let selected) = view.overlay else { return }
    view.overlay = .samples(selected: max(0, min(run.lastVisits.count - 1, selected + by)))
  }

  mutating func openSample() {
    guard case .samples(let selected) = view.overlay else { return }
    let visits = run.samplesByLoss
    view.overlay = nil
    guard visits.indices.contains(selected) else { return }
    view.select(prompt: visits[selected].visit.prompt, response: visits[selected].visit.drawn ?? 0)
    view.openResponses()
  }

  // MARK: Taking an edit back

  mutating func takeEditBack() -> [ScreenEffect] {
    view.overlay = nil
    return steering.lastEdit.map { steering.request($0.inverse) } ?? []
  }

  // MARK: Alarms

  mutating func moveAlarm(_ by: Int) {
    guard case .alarms(let selected) = view.overlay else { return }
    view.overlay = .alarms(selected: max(0, min(run.alarms.count - 1, selected + by)))
  }

  mutating func muteAlarm() {
    guard case .alarms(let selected) = view.overlay, run.alarms.indices.contains(selected) else { return }
    let kind = run.alarms[selected].kind
    if view.mutedAlarms.remove(kind) == nil { view.mutedAlarms.insert(kind) }
  }
}
