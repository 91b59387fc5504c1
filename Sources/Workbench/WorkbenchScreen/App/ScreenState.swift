import Control

/// Everything the screen knows. A value: the reducer turns one into the next, the renderer turns one into a frame.
@dynamicMemberLookup
public struct ScreenState: Sendable {
  /// What the person looks at and how; it stays when the run's part is exchanged for an earlier moment.
  var view: PersonView
  /// Where the run's events come from.
  var place: Place = .trainer
  /// Set while the screen shows the run as it was.
  var replay: ReplayPosition?
  var controls = Controls()
  /// A process without a screen could go on with the run.
  var canDetach = false
  /// The run keeps a record that can be looked back into.
  var hasHistory = false

  // MARK: The run
  public internal(set) var phase: RunState = .loading
  var loading: [LoadingProgress] = []
  var run: RunDescription?
  /// The newest step, without its visits.
  var lastStep: StepRecord?
  var metrics = Metrics()
  /// The planned γ by step, index 0 is step 1.
  var gammaPlan: [Double] = []
  /// The plan as it was before any override.
  var originalPlan: [Double] = []
  var marks: [Mark] = []
  var sampling = SamplingWindow()
  var prompts = PromptBook()
  /// The newest step's prompts, in training order.
  var lastVisits: [PromptVisit] = []
  /// Other sessions, on the tab of runs.
  var peers = PeerBook()
  /// Rewards of up to 5,000 training prompts, evenly spread, for the what-if.
  var rewardSample: [[Double]] = []
  var generations = GenerationBook()
  var shares: [AnswerShares] = []
  var lastEvaluation: EvaluationRecord?
  /// Those in force, the gravest first.
  var alarms: [Alarm] = []
  /// The step at which each was last told of as an event.
  var alarmNotes: [Alarm.Kind: Int] = [:]
  var events = Bounded<EventLine>(capacity: 2_000)
  var logs = Bounded<LogEntry>(capacity: 5_000)
  var lastCheckpoint: (step: Int, path: String)?
  /// Steps of all checkpoints that were written, ascending.
  var checkpoints: [Int] = []
  var summary: RunSummary?

  // MARK: Steering
  /// What the schedule of the learning rate is multiplied with.
  var peakLearningRate: Double?
  /// The newest edit that the trainer took, and the γ command in force.
  var lastEdit: TakenEdit?
  var gammaOverride: Change?
  /// One step was asked for, after which the run pauses by itself.
  var isStepping = false
  var nextCommand = 1
  /// Requests without an answer yet.
  var pending: [Int: CommandRequest] = [:]
  /// The prompt whose inspection is under way, and the one wanted next.
  var inspecting: Int?
  var wantsInspection: Int?
  /// The first TERM, HUP or INT.
  var signal: Int32?
  /// Set once the person has chosen how to leave; the screen closes when it is done.
  var leaving: QuitChoice?
  /// Set when the screen is to close.
  var exit: ScreenExit?

  var lastSort = -Double.infinity
  /// The prompts that `promptFilter` leaves, in the list's order.
  var filteredPrompts: [Int] = []
  /// The themes that `T` goes through, by name.
  var themes: [String] = []

  public init(
    size: Size, tier: GlyphTier = .braille, monochrome: Bool = false, themeName: String = Theme.standard.name
  ) {
    view = PersonView(size: size, tier: tier, monochrome: monochrome, themeName: themeName)
  }

  /// The view's parts are read and written as if they were the state's own.
  public internal(set) subscript<Value>(dynamicMember path: WritableKeyPath<PersonView, Value>) -> Value {
    get { view[keyPath: path] }
    set { view[keyPath: path] = newValue }
  }

  /// The step whose values the panels of curves show: the crosshair's, otherwise the newest one.
  var cursor: Int { replay?.showsWhole ?? false ? completedSteps : .max }

  public internal(set) var size: Size {
    get { view.size }
    set { view.size = newValue }
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

public enum PaneID: String, CaseIterable, Sendable {
  case loss, gamma, margin, sampled, rewards, shares, prompts, responses
  case whatIf, logs, system, gradient, learningRate, speed, events, generations
  case runs, overlayLoss, overlayMargin, overlayAccuracy
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

/// Something that happened at a step, shown on every chart.
struct Mark: Equatable, Sendable {
  enum Kind: Sendable { case override, evaluation, checkpoint }
  var step: Int
  var label: String
  var kind: Kind
}

struct EventLine: Equatable, Sendable {
  var step: Int
  var text: String
  var style: Style
}

/// A line of the log pane.
public struct LogEntry: Equatable, Sendable {
  public enum Source: String, Sendable {
    case run, stdout, stderr
  }
  public var source: Source
  public var line: LogLine

  public init(source: Source, line: LogLine) {
    self.source = source
    self.line = line
  }
}

/// One line above the hints that says what a key did or why not.
struct Message: Equatable, Sendable {
  var text: String
  var role: Role
  /// When it disappears, seconds of the clock; nil stays until replaced.
  var expires: Double?
}

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

public enum QuitChoice: Equatable, Sendable {
  /// The run was stopped with a checkpoint.
  case stopped
  /// The run was paused and its state saved; it can be resumed later.
  case pausedAndSaved
  /// The run was stopped with a checkpoint, to be taken up by a process without a screen.
  case detached
}

public enum ScreenExit: Equatable, Sendable {
  /// The run had ended before the person left; the reason is `RunSummary.reason` or the failure's sentence.
  case finished(String)
  case quit(QuitChoice)
  /// TERM, HUP or INT; the run has saved if it could within 10 s.
  case signal(Int32)
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

/// A list that forgets its oldest entries.
struct Bounded<Element: Sendable>: Sendable {
  let capacity: Int
  private(set) var elements: [Element] = []
  /// All entries ever appended.
  private(set) var total = 0

  init(capacity: Int) { self.capacity = capacity }

  mutating func append(_ element: Element) {
    elements.append(element)
    total += 1
    // Dropped in bulk, so that appending stays constant time.
    if elements.count >= capacity + capacity / 4 { elements.removeFirst(elements.count - capacity) }
  }
}

/// Policy beside reference on held-out prompts, by prompt in the order they first came.
struct GenerationBook: Sendable {
  static let kept = 64
  private(set) var prompts: [String] = []
  private(set) var records: [String: [GenerationRecord]] = [:]

  mutating func add(_ record: GenerationRecord) {
    if records[record.prompt] == nil {
      // A run that samples ever new prompts must not grow without end.
      if prompts.count == 256 { records[prompts.removeFirst()] = nil }
      prompts.append(record.prompt)
    }
    var list = records[record.prompt] ?? []
    // The first answer stays: it is what the newest is compared with.
    if list.count == Self.kept { list.remove(at: 1) }
    list.append(record)
    records[record.prompt] = list
  }
}
