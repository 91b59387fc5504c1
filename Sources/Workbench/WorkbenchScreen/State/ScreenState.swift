import Control

/// Everything the screen knows, in three parts: what the run's events say, what the person looks at, and what this
/// screen may ask of the run. A value: the reducer turns one into the next, the renderer turns one into a frame. Looking
/// back exchanges `run` for that of an earlier moment and leaves the other two as they are.
public struct ScreenState: Sendable {
  var run = ObservedRun()
  var view: ViewState
  var steering = SteeringState()

  public init(
    size: Size, tier: GlyphTier = .braille, monochrome: Bool = false, themeName: String = Theme.standard.name
  ) {
    view = ViewState(size: size, tier: tier, monochrome: monochrome, themeName: themeName)
  }

  /// The step whose values the panels of curves show: the crosshair's, otherwise the newest one.
  var cursor: Int { view.replay?.showsWhole ?? false ? run.completedSteps : .max }
}

// MARK: - Small changes that several events share

extension ScreenState {
  /// How long a message stays, seconds.
  static let messageTime = 8.0

  mutating func say(_ text: String, _ role: Role, forever: Bool = false) {
    // What ends the program is not pushed aside by what a key did.
    if steering.signal != nil, let message = view.message, message.expires == nil { return }
    view.message = Message(text: text, role: role, expires: forever ? nil : view.now + Self.messageTime)
  }

  /// When time alone changes the screen next; nil if never.
  var nextDeadline: Double? { view.message?.expires }

  mutating func append(_ entry: LogEntry) {
    run.logs.append(entry)
    view.keepLines(events: 0, logs: 1, of: run)
  }

  mutating func note(_ text: String, step: Int? = nil, _ style: Style = .text) {
    run.note(text, step: step, style)
    view.keepLines(events: 1, logs: 0, of: run)
  }

  /// Asks for the numbers of a prompt, where the run takes commands.
  mutating func inspect(_ prompt: Int) -> [ScreenEffect] {
    guard run.isSteerable, obstacleToSteering == nil else { return [] }
    return steering.inspect(prompt)
  }

  /// Where a person has selected no prompt yet, the one that headed the list first is selected; it, if so.
  @discardableResult
  mutating func selectFirstPrompt() -> Int? {
    guard view.selectedPrompt == nil, let first = run.firstListed else { return nil }
    view.selectedPrompt = first
    return first
  }
}
