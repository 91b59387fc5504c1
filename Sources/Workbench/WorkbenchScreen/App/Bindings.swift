import Control

/// What a key does.
enum Action: Equatable, Sendable {
  case pauseOrResume, singleStep, pauseAndCheckpoint
  case editGamma, editLearningRate, editBeta
  case page(Page), nextPane, previousPane
  case down, up, pageDown, pageUp, first, last
  case previousAnswer, nextAnswer
  case open, back, rescore
  case cycleSmoothing, cycleDomain, cycleGlyphs, toggleTimings
  case openHelp, quit, repaint

  case exchangeControls, giveControls, keepControls
  case openPalette, paletteRun, paletteNext, palettePrevious
  case openFilter, filterDone, filterClear
  case undo, undoApply
  case openAlarms, alarmNext, alarmPrevious, alarmMute
  case openBranch, branchNext, branchPrevious, branchStart
  case openSamples, sampleNext, samplePrevious, sampleOpen
  case cycleTheme
  case eraseText, closeOverlay
  case lookBack, crosshair
  case play, replayFaster, replaySlower, leaveReplay, leaveReplayStepwise
  /// Steps on, or back.
  case replayMove(Int)
  case replayFirst, replayLast
  case replayEvent(Int), replayAnomaly(Int)

  case editorMore, editorLess, editorMuchMore, editorMuchLess
  case editorErase, editorNextField, editorRamp, editorAt, editorSchedule, editorApply, editorCancel

  case leaveDetached, leaveSaved, leaveStopped, stay
  /// Scrolls by that many lines.
  case help(Int)
  case closeHelp
}

/// Where keys mean what they mean.
public enum KeyContext: String, CaseIterable, Sendable {
  case main = "everywhere"
  case replay = "looking back"
  case samples = "samples of a step"
  case gammaEditor = "editing gamma"
  case valueEditor = "editing a value"
  case quit = "leaving"
  case help = "help"
  case palette = "finding a command"
  case filter = "filtering prompts"
  case undo = "taking an edit back"
  case branch = "branching off"
  case alarms = "alarms"
}

/// One row of the table that drives dispatch, hints, help and documentation.
struct Binding: Sendable {
  /// The first one is shown in hints.
  var keys: [Key]
  var contexts: [KeyContext]
  var action: Action
  /// A word or two for the hint line; may depend on the state ("pause", "resume").
  var hint: @Sendable (ScreenState) -> String
  /// A sentence for help.
  var help: String
  /// Lower comes first in the hint line; nil is left to help.
  var rank: Int?
  /// Why the action cannot be done now; nil if it can.
  var obstacle: @Sendable (ScreenState) -> String?

  init(
    _ keys: [Key], in contexts: [KeyContext] = [.main], _ action: Action, hint: String, help: String,
    rank: Int? = nil, unless obstacle: @escaping @Sendable (ScreenState) -> String? = { _ in nil }
  ) {
    self.init(keys, in: contexts, action, hintBy: { _ in hint }, help: help, rank: rank, unless: obstacle)
  }

  init(
    _ keys: [Key], in contexts: [KeyContext] = [.main], _ action: Action,
    hintBy hint: @escaping @Sendable (ScreenState) -> String, help: String, rank: Int? = nil,
    unless obstacle: @escaping @Sendable (ScreenState) -> String? = { _ in nil }
  ) {
    self.keys = keys
    self.contexts = contexts
    self.action = action
    self.hint = hint
    self.help = help
    self.rank = rank
    self.obstacle = obstacle
  }

  static func find(_ key: Key, in context: KeyContext) -> Binding? {
    let found = table.first { $0.contexts.contains(context) && $0.keys.contains(key) }
    // What looking back gives no meaning of its own means what it means everywhere.
    return found == nil && context == .replay ? find(key, in: .main) : found
  }

  static let table: [Binding] = steering + view + lists + replay + editors + dialogs + always

  // MARK: Rows

  private static let steering: [Binding] = [
    Binding(
      [.character(" ")], .pauseOrResume, hintBy: { $0.isPausedOrPausing ? "resume" : "pause" },
      help: "Pause before the next optimizer step, or go on", rank: 1, unless: { $0.obstacleToSteering }),
    Binding(
      [.character(">")], .singleStep, hint: "step", help: "While paused: one optimizer step, then pause again",
      rank: 8,
      unless: { state in
        state.obstacleToSteering ?? (state.isPaused ? nil : "pause first, with Space")
      }),
    Binding(
      [.character("g")], .editGamma, hint: "gamma", help: "Edit γ; its effect is shown before Enter applies it",
      rank: 2, unless: { $0.obstacleToSteering ?? $0.obstacleToGamma }),
    Binding(
      [.character("l")], .editLearningRate, hint: "rate", help: "Edit the learning rate: the peak of its schedule",
      rank: 9,
      unless: { $0.obstacleToSteering }),
    Binding([.character("b")], .editBeta, hint: "beta", help: "Edit β", unless: { $0.obstacleToSteering }),
    Binding(
      [.character("u")], .undo, hint: "undo", help: "Take the newest edit back, as an edit of its own",
      unless: { $0.obstacleToSteering ?? ($0.lastEdit == nil ? "nothing has been edited yet" : nil) }),
    Binding(
      [.character("P")], .pauseAndCheckpoint, hint: "checkpoint", help: "Pause and write a checkpoint", rank: 10,
      unless: { $0.obstacleToSteering }),
    Binding(
      [.character("B")], .openBranch, hint: "branch",
      help: "Branch off: train on from a checkpoint with other settings, beside this run", rank: 15,
      unless: { $0.obstacleToBranching }),
    Binding(
      [.character("i")], .rescore, hint: "score all",
      help: "Score all responses of the selected prompt now",
      unless: { state in
        state.obstacleToSteering ?? (state.selectedPrompt == nil ? "no prompt is selected yet" : nil)
      }),
    Binding(
      [.character("L")], .exchangeControls, hintBy: { $0.controls.holder == .here ? "give controls" : "controls" },
      help: "Ask for the controls, or give them to the one who asks", unless: { $0.obstacleToControls }),
    Binding(
      [.character("y")], .giveControls, hint: "give controls", help: "Give the controls to the one who asks",
      unless: { $0.obstacleToAnswering }),
    Binding(
      [.character("n")], .keepControls, hint: "keep controls", help: "Keep the controls that another one asks for",
      unless: { $0.obstacleToAnswering }),
  ]

  private static let view: [Binding] =
    Page.allCases.map { page in
      Binding(
        [.character(Character(String(page.rawValue)))], .page(page), hint: page.title,
        help: "Show the tab \"\(page.title)\"")
    } + [
      Binding([.tab], .nextPane, hint: "pane", help: "Move to the next pane", rank: 4),
      Binding([.backTab], .previousPane, hint: "back", help: "Move to the pane before"),
      Binding(
        [.enter], .open,
        hintBy: { $0.focus == .prompts ? "inspect" : $0.focus == .runs ? "overlay" : $0.zoomed ? "smaller" : "zoom" },
        help: "Prompts: inspect the responses; runs: overlay; else zoom the pane", rank: 3),
      Binding([.escape], .back, hint: "back", help: "Back from a zoomed pane or the inspector"),
      Binding(
        [.character("s")], .cycleSmoothing, hintBy: { "smooth " + $0.smoothing.title },
        help: "Smoothing of the curves: ema .9, .99, raw, .6", rank: 6),
      Binding(
        [.character("f")], .cycleDomain, hintBy: { "x axis " + $0.domain.title },
        help: "Steps on the x axis: all, the newest, frozen", rank: 11),
      Binding([.character("/")], .openFilter, hint: "filter", help: "Filter the prompts by text, tag or number"),
      Binding(
        [.character(":")], .openPalette, hint: "commands", help: "Find a command by its words, or go to a step",
        rank: 14),
      Binding(
        [.character("!")], .openAlarms, hint: "alarms", help: "What the alarms say, with their numbers",
        unless: { $0.alarms.isEmpty ? "there is no alarm" : nil }),
      Binding([.character("T")], .cycleTheme, hint: "theme", help: "The next colour theme"),
      Binding([.character("G")], .cycleGlyphs, hint: "glyphs", help: "Glyphs: braille, half-blocks, ASCII"),
      Binding([.function(12)], .toggleTimings, hint: "timings", help: "Show what a frame costs"),
      Binding(
        [.character("R")], .lookBack, hint: "replay", help: "Look back: every panel as of any past step", rank: 12,
        unless: { $0.obstacleToLookingBack }),
      Binding(
        [.character("v")], .crosshair, hint: "crosshair",
        help: "Crosshair: a step marked on all curves, every other panel as of that step", rank: 13,
        unless: { $0.obstacleToLookingBack }),
      Binding([.character("?"), .function(1)], .openHelp, hint: "help", help: "This list", rank: 5),
      Binding(
        [.character("q")], .quit, hint: "quit", help: "Leave; asks what is to become of the run", rank: 7),
    ]

  private static let lists: [Binding] = [
    Binding([.character("j"), .down], .down, hint: "down", help: "Next line of the list in focus"),
    Binding([.character("k"), .up], .up, hint: "up", help: "Line before"),
    Binding([.pageDown], .pageDown, hint: "page down", help: "Ten lines on"),
    Binding([.pageUp], .pageUp, hint: "page up", help: "Ten lines back"),
    Binding([.home], .first, hint: "first", help: "First line of the list"),
    Binding([.end], .last, hint: "last", help: "Last line of the list"),
    Binding(
      [.character("["), .left], .previousAnswer, hint: "earlier", help: "Generations: the prompt before"),
    Binding([.character("]"), .right], .nextAnswer, hint: "later", help: "Generations: the next prompt"),
  ]

  private static let replay: [Binding] = [
    Binding(
      [.character(" ")], in: [.replay], .play, hintBy: { $0.replay?.playing ?? false ? "stop" : "play" },
      help: "Play on from here, or stop", rank: 1),
    Binding(
      [.enter], in: [.replay], .openSamples, hint: "samples",
      help: "The prompts behind this step, by their share of its loss", rank: 4),
    Binding([.left], in: [.replay], .replayMove(-1), hint: "step back", help: "One step back", rank: 2),
    Binding([.right], in: [.replay], .replayMove(1), hint: "step on", help: "One step on", rank: 3),
    Binding([.shiftLeft], in: [.replay], .replayMove(-10), hint: "ten back", help: "Ten steps back"),
    Binding([.shiftRight], in: [.replay], .replayMove(10), hint: "ten on", help: "Ten steps on"),
    Binding([.character(",")], in: [.replay], .replayEvent(-1), hint: "event before", help: "The event before"),
    Binding([.character(".")], in: [.replay], .replayEvent(1), hint: "next event", help: "The next event", rank: 4),
    Binding(
      [.character("N")], in: [.replay], .replayAnomaly(-1), hint: "anomaly before", help: "The anomaly before"),
    Binding(
      [.character("n")], in: [.replay], .replayAnomaly(1), hint: "next anomaly",
      help: "The next step whose loss or gradient norm stands out", rank: 10),
    Binding([.home], in: [.replay], .replayFirst, hint: "beginning", help: "The beginning of the record"),
    Binding([.end], in: [.replay], .replayLast, hint: "end", help: "The end of the record", rank: 11),
    Binding(
      [.character("+"), .character("=")], in: [.replay], .replayFaster, hint: "faster",
      help: "Play faster, up to 1000×", rank: 5),
    Binding([.character("-")], in: [.replay], .replaySlower, hint: "slower", help: "Play slower, down to 1×", rank: 6),
    Binding(
      [.character("v")], in: [.replay], .crosshair,
      hintBy: { $0.replay?.showsWhole ?? false ? "curves as of then" : "whole curves" },
      help: "Curves of the whole record with a crosshair, or as they were at that step", rank: 9),
    Binding(
      [.character("R")], in: [.replay], .leaveReplay, hint: "back to the run", help: "Back to the run as it is",
      rank: 7, unless: { $0.place == .recording ? "this is a recording, nothing is training; q leaves" : nil }),
    Binding(
      [.escape], in: [.replay], .leaveReplayStepwise, hint: "back",
      help: "Back from a zoomed pane or another tab, then back to the run"),
    Binding(
      [.character("q")], in: [.replay], .leaveReplay, hintBy: { $0.place == .recording ? "quit" : "back" },
      help: "A recording: leave; a run: back to it", rank: 8),
  ]

  private static let bothEditors: [KeyContext] = [.gammaEditor, .valueEditor]
  private static let editors: [Binding] = [
    Binding([.enter], in: bothEditors, .editorApply, hint: "apply", help: "Apply from the next step on", rank: 1),
    Binding([.escape], in: bothEditors, .editorCancel, hint: "leave as it is", help: "Change nothing", rank: 2),
    Binding([.up, .right], in: bothEditors, .editorMore, hint: "more", help: "A little more", rank: 3),
    Binding([.down, .left], in: bothEditors, .editorLess, hint: "less", help: "A little less", rank: 4),
    Binding([.shiftRight, .pageUp], in: bothEditors, .editorMuchMore, hint: "much more", help: "Much more"),
    Binding([.shiftLeft, .pageDown], in: bothEditors, .editorMuchLess, hint: "much less", help: "Much less"),
    Binding(
      [.character("t")], in: [.gammaEditor], .editorRamp, hint: "ramp", help: "Move to γ over a number of steps",
      rank: 5),
    Binding(
      [.character("@")], in: [.gammaEditor], .editorAt, hint: "at a step", help: "Change γ at a given step", rank: 6),
    Binding(
      [.character("r")], in: [.gammaEditor], .editorSchedule, hint: "schedule", help: "Return to the run's schedule",
      rank: 7),
    Binding(
      [.tab, .backTab], in: bothEditors, .editorNextField, hint: "field", help: "Between the value and the steps"),
    Binding(
      [.backspace, .delete], in: bothEditors, .editorErase, hint: "erase", help: "Delete the last character"),
  ]

  private static let always = [
    Binding(
      [.control("l")], in: KeyContext.allCases, .repaint, hint: "repaint", help: "Paint the whole screen anew")
  ]

  private static let dialogs: [Binding] = [
    Binding([.enter], in: [.samples], .sampleOpen, hint: "inspect", help: "The prompt with all its responses", rank: 1),
    Binding([.down, .character("j")], in: [.samples], .sampleNext, hint: "down", help: "Next prompt", rank: 2),
    Binding([.up, .character("k")], in: [.samples], .samplePrevious, hint: "up", help: "Prompt before", rank: 3),
    Binding(
      [.escape, .character("q")], in: [.samples], .closeOverlay, hint: "back", help: "Back to the curves", rank: 4),
    Binding([.enter], in: [.palette], .paletteRun, hint: "do it", help: "Do what is marked", rank: 1),
    Binding([.down, .tab], in: [.palette], .paletteNext, hint: "next", help: "Mark the next one", rank: 2),
    Binding([.up, .backTab], in: [.palette], .palettePrevious, hint: "before", help: "Mark the one before", rank: 3),
    Binding([.enter], in: [.filter], .filterDone, hint: "keep it", help: "Keep the filter", rank: 1),
    Binding([.escape], in: [.filter], .filterClear, hint: "show all", help: "Show all prompts again", rank: 2),
    Binding(
      [.enter], in: [.undo], .undoApply, hint: "take it back", help: "Take it back from the next step on", rank: 1),
    Binding([.character("m")], in: [.alarms], .alarmMute, hint: "mute", help: "Mute the alarm, or no more", rank: 1),
    Binding([.down, .character("j")], in: [.alarms], .alarmNext, hint: "down", help: "Next alarm", rank: 2),
    Binding([.up, .character("k")], in: [.alarms], .alarmPrevious, hint: "up", help: "Alarm before", rank: 3),
    Binding(
      [.escape, .character("!"), .character("q"), .enter], in: [.alarms], .closeOverlay, hint: "close",
      help: "Close the list", rank: 4),
    Binding(
      [.enter], in: [.branch], .branchStart, hint: "start", help: "Start the branch in the background", rank: 1),
    Binding([.down], in: [.branch], .branchPrevious, hint: "earlier", help: "An earlier checkpoint", rank: 2),
    Binding([.up], in: [.branch], .branchNext, hint: "later", help: "A later checkpoint", rank: 3),
    Binding(
      [.backspace, .delete], in: [.palette, .filter, .branch], .eraseText, hint: "erase",
      help: "Delete the last character"),
    Binding([.escape], in: [.palette, .undo, .branch], .closeOverlay, hint: "close", help: "Change nothing", rank: 4),
    Binding(
      [.character("d")], in: [.quit], .leaveDetached, hint: "detach",
      help: "Leave; training goes on without a screen, and attach follows it", rank: 0,
      unless: { $0.obstacleToDetaching }),
    Binding(
      [.character("p")], in: [.quit], .leaveSaved, hint: "pause & save",
      help: "Pause, write a checkpoint, leave; resume it later", rank: 1),
    Binding(
      [.character("s")], in: [.quit], .leaveStopped, hint: "stop",
      help: "End the run with a checkpoint, then leave", rank: 2),
    Binding(
      [.escape, .character("c"), .character("q")], in: [.quit], .stay, hint: "cancel", help: "Stay; nothing happens",
      rank: 3),
    Binding(
      [.escape, .character("?"), .character("q"), .enter], in: [.help], .closeHelp, hint: "close", help: "Close help",
      rank: 1),
    Binding([.down, .character("j")], in: [.help], .help(1), hint: "down", help: "Scroll down", rank: 2),
    Binding([.up, .character("k")], in: [.help], .help(-1), hint: "up", help: "Scroll up", rank: 3),
    Binding(
      [.pageDown, .character(" ")], in: [.help], .help(10), hint: "page", help: "Scroll down ten lines", rank: 4),
    Binding([.pageUp], in: [.help], .help(-10), hint: "page up", help: "Scroll up ten lines"),
  ]
}

// MARK: - What the rows ask of the state

extension ScreenState {
  var context: KeyContext {
    switch view.overlay {
    case nil: replay == nil ? .main : .replay
    case .help: .help
    case .quit: .quit
    case .palette: .palette
    case .filter: .filter
    case .undo: .undo
    case .branch: .branch
    case .alarms: .alarms
    case .samples: .samples
    case .editor(let editor): editor.target == .gamma ? .gammaEditor : .valueEditor
    }
  }

  var isPaused: Bool {
    if case .paused = phase { return true }
    return false
  }

  var isPausedOrPausing: Bool {
    if case .pausing = phase { return true }
    return isPaused
  }

  /// The trainer takes commands.
  var isSteerable: Bool {
    switch phase {
    case .running, .pausing, .paused: true
    case .loading, .stopping, .finished, .failed: false
    }
  }

  var hasEnded: Bool {
    switch phase {
    case .finished, .failed: true
    default: false
    }
  }

  /// Why no command can be sent; nil if one can.
  var obstacleToSteering: String? {
    if place == .recording { return "this is a recording, nothing is training" }
    if replay != nil { return "you look at the past; R goes back to the run" }
    if let obstacle = obstacleOfControls, !hasEnded { return obstacle }
    return switch phase {
    case .loading: "the run is still loading"
    case .stopping: "the run is stopping"
    case .finished, .failed: "the run has ended"
    case .running, .pausing, .paused: nil
    }
  }

  var obstacleToLookingBack: String? {
    if !hasHistory { return "this run keeps no record to look back into" }
    return completedSteps == 0 ? "no step is complete yet" : nil
  }

  var obstacleToDetaching: String? {
    if !canDetach || run?.sessionPath == nil { return "no other process could go on with this run" }
    if case .loading = phase { return "the run is still loading" }
    return nil
  }

  var obstacleToGamma: String? {
    guard let run, !hasGamma else { return nil }
    return "\(run.method) draws no hard negatives, so it has no γ"
  }

  /// The run's preference model has a γ.
  var hasGamma: Bool { !gammaPlan.isEmpty || lastStep?.gamma != nil }

  /// Responses from the front of a list that are no negatives.
  var preferred: Int { run?.preferred ?? 1 }

  /// Optimizer steps complete.
  var completedSteps: Int { lastStep?.step ?? 0 }

  /// γ in force now, or at the first step.
  var presentGamma: Double? {
    if let gamma = lastStep?.gamma { return gamma }
    return gammaPlan.first
  }
}
