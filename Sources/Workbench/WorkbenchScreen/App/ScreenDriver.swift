import Control

/// The screen without a terminal: the same reducer and renderer, driven by a script. For tests and printed frames;
/// text alone does not tell shares apart by colour, so a frame to be printed is best drawn with `monochrome`.
public struct ScreenDriver: Sendable {
  private var stage: Stage
  public var state: ScreenState { stage.shown }
  /// Every command that keys or signals have led to, in order.
  public private(set) var sentCommands: [CommandRequest] = []
  public private(set) var peerRequests: [PeerRequest] = []
  public private(set) var controlsRequests: [ControlsRequest] = []
  /// Times that a whole repaint was asked for.
  public private(set) var repaints = 0
  private var clock = 0.0

  public init(size: Size, tier: GlyphTier = .braille, monochrome: Bool = false) {
    self.init(size: size, tier: tier, monochrome: monochrome, history: nil)
  }

  /// A run whose record can be looked back into.
  public init(size: Size, tier: GlyphTier = .braille, monochrome: Bool = false, history: (any RunHistory)?) {
    stage = Stage(live: ScreenState(size: size, tier: tier, monochrome: monochrome), history: history)
  }

  /// A run of another process, without the controls at first.
  public init(following size: Size, origin: String, history: (any RunHistory)? = nil) {
    stage = Stage(following: ScreenState(size: size), history: history, origin: origin)
  }

  /// A record, at its beginning.
  /// - Throws: what the record throws.
  public init(
    recording: any RunHistory, size: Size, tier: GlyphTier = .braille, monochrome: Bool = false
  ) throws {
    stage = try Stage(
      recording: recording, state: ScreenState(size: size, tier: tier, monochrome: monochrome))
  }

  /// Presses keys by their names: `press("g")`, `press("Enter")`, `press("Ctrl-L")`. False for a name that is no key.
  @discardableResult
  public mutating func press(_ names: String...) -> Bool {
    for name in names {
      guard let key = Key(named: name) else { return false }
      apply(.key(key))
    }
    return true
  }

  /// Types each character of the text.
  public mutating func type(_ text: String) {
    for character in text { apply(.key(.character(character))) }
  }

  public mutating func post(_ event: RunEvent) { apply(.run(event)) }

  public mutating func post(_ news: PeerNews) { apply(.peers(news)) }

  public mutating func post(_ news: ControlsNews) { apply(.controls(news)) }

  public mutating func signal(_ number: Int32) { apply(.signal(number)) }

  public mutating func resize(_ size: Size) { apply(.resized(size)) }

  public mutating func capture(_ text: String) {
    apply(.captured(LogEntry(source: .stderr, line: LogLine(level: .info, text: text))))
  }

  /// Lets time pass on the driver's clock.
  public mutating func advance(seconds: Double) {
    clock += seconds
    apply(.tick)
  }

  public mutating func apply(_ event: ScreenEvent) {
    for effect in stage.apply(event, now: clock) {
      switch effect {
      case .send(let request): sentCommands.append(request)
      case .repaint: repaints += 1
      case .controls(let request): controlsRequests.append(request)
      case .peers(let request): peerRequests.append(request)
      case .theme, .replay: break
      }
    }
  }

  /// `ScreenOptions.canDetach`.
  public var canDetach: Bool {
    get { stage.shown.canDetach }
    set { stage.allowDetaching(newValue) }
  }

  /// The last step of the record or of the run.
  public var lastStep: Int { state.replay?.lastStep ?? state.completedSteps }

  /// Tabs that there are, from 1.
  public static let tabs = Page.allCases.count

  /// Shows a record as it was after `step`, on one of its tabs.
  public mutating func look(atStep step: Int, tab: Int) {
    if let page = Page(rawValue: tab) { press("\(page.rawValue)") }
    stage.look(atStep: step)
  }

  /// Why the screen closed; nil while it is open.
  public var exit: ScreenExit? { state.exit }

  public func cells() -> CellGrid { Renderer.frame(state) }

  /// The frame as text, a line a row.
  public func frame() -> String { cells().text }
}
