import Control

/// The screen without a terminal: the same reducer and renderer, driven by a script. For tests and printed frames;
/// text alone does not tell shares apart by colour, so a frame to be printed is best drawn with `monochrome`.
public struct ScreenDriver: Sendable {
  public private(set) var state: ScreenState
  /// Every command that keys or signals have led to, in order.
  public private(set) var sentCommands: [CommandRequest] = []
  /// Times that a whole repaint was asked for.
  public private(set) var repaints = 0
  private var clock = 0.0

  public init(size: Size, tier: GlyphTier = .braille, monochrome: Bool = false) {
    state = ScreenState(size: size, tier: tier, monochrome: monochrome)
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
    for effect in Reducer.reduce(&state, event, now: clock) {
      switch effect {
      case .send(let request): sentCommands.append(request)
      case .repaint: repaints += 1
      }
    }
  }

  /// Why the screen closed; nil while it is open.
  public var exit: ScreenExit? { state.exit }

  public func cells() -> CellGrid { Renderer.frame(state) }

  /// The frame as text, a line a row.
  public func frame() -> String { cells().text }
}
