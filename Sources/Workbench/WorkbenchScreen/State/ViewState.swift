/// What the person looks at and how: which tab, which pane, what is selected, what lies over it. Nothing in it comes
/// from the run; it stays when the run's part is exchanged for an earlier moment.
struct ViewState: Sendable {
  // MARK: Surroundings
  var size: Size
  /// Seconds of a monotonic clock, as of the last event.
  var now = 0.0
  var tier: GlyphTier
  var monochrome: Bool
  /// The colour theme's name, for the system pane.
  var themeName: String
  /// The themes that `T` goes through, by name.
  var themes: [String] = []

  // MARK: What is shown
  var page: Page = .charts
  /// All panes there are.
  var panes = PaneRegistry.standard
  var focus: Pane.ID = .loss
  /// The focused pane fills the page.
  var zoomed = false
  var smoothing: Smoothing = .medium
  var domain: DomainMode = .all
  /// Set while the screen shows the run as it was.
  var replay: ReplayPosition?
  /// The run keeps a record that can be looked back into.
  var hasHistory = false
  /// Other sessions, on the tab of runs.
  var peers = PeerBook()

  // MARK: What is selected
  /// The prompt selected in the list; follows the prompt when the list is sorted anew.
  var selectedPrompt: Int?
  var selectedResponse = 0
  /// What `/` leaves in the list of prompts; empty for all.
  var promptFilter = ""
  /// The prompts that `promptFilter` leaves, in the list's order.
  var filteredPrompts: [Int] = []
  var generationIndex = 0
  /// The first of the metrics that only the pane of other metrics draws.
  var otherMetricsScroll = 0
  /// Lines that the events and logs panes are scrolled back from the newest.
  var eventScroll = 0
  var logScroll = 0
  /// Alarms of these kinds are not shown unasked.
  var mutedAlarms: Set<Alarm.Kind> = []

  // MARK: What lies over it
  var overlay: Overlay?
  var message: Message?
  var timings: Timings?
  var showsTimings = false

  init(size: Size, tier: GlyphTier, monochrome: Bool, themeName: String) {
    self.size = size
    self.tier = tier
    self.monochrome = monochrome
    self.themeName = themeName
  }
}

extension ViewState {
  /// A person who has scrolled back keeps looking at the same lines while so many new ones come below.
  mutating func keepLines(events: Int, logs: Int, of run: ObservedRun) {
    if eventScroll > 0 { eventScroll = min(eventScroll + events, run.events.elements.count) }
    if logScroll > 0 { logScroll = min(logScroll + logs, run.logs.elements.count) }
  }

  mutating func select(prompt: Int, response: Int = 0) {
    selectedPrompt = prompt
    selectedResponse = response
  }

  /// The selected prompt with its responses.
  mutating func openResponses() {
    page = .prompts
    focus = .responses
    zoomed = false
  }

  /// Nothing can be asked of a run that has ended.
  mutating func closeSteeringDialogs() {
    switch overlay {
    case .editor, .quit, .undo: overlay = nil
    default: break
    }
  }
}

/// The tabs, by their digit.
public enum Page: Int, CaseIterable, Sendable {
  case charts = 1
  case gamma, prompts, logs, system, events, generations, runs

  var title: String {
    switch self {
    case .charts: "charts"
    case .gamma: "gamma"
    case .prompts: "prompts"
    case .logs: "logs"
    case .system: "system"
    case .events: "events"
    case .generations: "generations"
    case .runs: "runs"
    }
  }
}

/// Which steps the charts over steps show.
enum DomainMode: Equatable, Sendable {
  /// From the run's first step on.
  case all
  /// The newest part, about a fifth of what `all` shows in as many columns.
  case follow
  /// Up to a step that stays; training goes on beyond it.
  case frozen(end: Int)

  var title: String {
    switch self {
    case .all: "all"
    case .follow: "follow"
    case .frozen: "frozen"
    }
  }
}

/// One line above the hints that says what a key did or why not.
struct Message: Equatable, Sendable {
  var text: String
  var role: Role
  /// When it disappears, seconds of the clock; nil stays until replaced.
  var expires: Double?
}

/// What lies over the page, or asks for input.
enum Overlay: Equatable, Sendable {
  case help(scroll: Int)
  case editor(ValueEditor)
  case quit
  case palette(CommandPalette)
  /// The prompts' filter is being typed.
  case filter
  /// Enter takes the newest edit back.
  case undo
  /// The prompts of the step that is shown, by their share of its loss.
  case samples(selected: Int)
  case branch(BranchForm)
  case alarms(selected: Int)
}

/// What one pass of the loop cost, microseconds.
public struct Timings: Equatable, Sendable {
  public var reduce = 0.0
  public var draw = 0.0
  public var blit = 0.0
  /// Cells that differed from the frame before.
  public var cells = 0
  /// Most events waiting at once so far.
  public var queueHighWater = 0

  public init() {}
}
