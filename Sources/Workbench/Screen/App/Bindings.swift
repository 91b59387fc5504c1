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

  case editorMore, editorLess, editorMuchMore, editorMuchLess
  case editorErase, editorNextField, editorRamp, editorAt, editorSchedule, editorApply, editorCancel

  case leaveSaved, leaveStopped, stay
  /// Scrolls by that many lines.
  case help(Int)
  case closeHelp
}

/// Where keys mean what they mean.
public enum KeyContext: String, CaseIterable, Sendable {
  case main = "everywhere"
  case gammaEditor = "editing gamma"
  case valueEditor = "editing a value"
  case quit = "leaving"
  case help = "help"
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
    table.first { $0.contexts.contains(context) && $0.keys.contains(key) }
  }

  static let table: [Binding] = steering + view + lists + editors + dialogs

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
      [.character("l")], .editLearningRate, hint: "rate", help: "Edit the learning rate", rank: 9,
      unless: { $0.obstacleToSteering }),
    Binding([.character("b")], .editBeta, hint: "beta", help: "Edit β", unless: { $0.obstacleToSteering }),
    Binding(
      [.character("P")], .pauseAndCheckpoint, hint: "checkpoint", help: "Pause and write a checkpoint", rank: 10,
      unless: { $0.obstacleToSteering }),
    Binding(
      [.character("i")], .rescore, hint: "score all",
      help: "Score all responses of the selected prompt now",
      unless: { state in
        state.obstacleToSteering ?? (state.selectedPrompt == nil ? "no prompt is selected yet" : nil)
      }),
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
        [.enter], .open, hintBy: { $0.focus == .prompts ? "inspect" : $0.zoomed ? "smaller" : "zoom" },
        help: "Prompts: inspect the responses; else zoom the pane", rank: 3),
      Binding([.escape], .back, hint: "back", help: "Back from a zoomed pane or the inspector"),
      Binding(
        [.character("s")], .cycleSmoothing, hintBy: { "smooth " + $0.smoothing.title },
        help: "Smoothing of the curves: ema .9, .99, raw, .6", rank: 6),
      Binding(
        [.character("f")], .cycleDomain, hintBy: { "x axis " + $0.domain.title },
        help: "Steps on the x axis: all, the newest, frozen", rank: 11),
      Binding([.character("G")], .cycleGlyphs, hint: "glyphs", help: "Glyphs: braille, half-blocks, ASCII"),
      Binding([.function(12)], .toggleTimings, hint: "timings", help: "Show what a frame costs"),
      Binding([.control("l")], .repaint, hint: "repaint", help: "Paint the whole screen anew"),
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

  private static let dialogs: [Binding] = [
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
    switch overlay {
    case nil: .main
    case .help: .help
    case .quit: .quit
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

  var obstacleToSteering: String? {
    switch phase {
    case .loading: "the run is still loading"
    case .stopping: "the run is stopping"
    case .finished, .failed: "the run has ended"
    case .running, .pausing, .paused: nil
    }
  }

  var obstacleToGamma: String? {
    guard let run, !hasGamma else { return nil }
    return "\(run.method) draws no hard negatives, so it has no γ"
  }

  /// The run's preference model has a γ.
  var hasGamma: Bool { !gammaPlan.isEmpty || lastStep?.gamma != nil }

  /// Optimizer steps complete.
  var completedSteps: Int { lastStep?.step ?? 0 }

  /// γ in force now, or at the first step.
  var presentGamma: Double? {
    if let gamma = lastStep?.gamma { return gamma }
    return gammaPlan.first
  }
}
