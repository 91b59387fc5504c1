import Control

/// What the screen shows: the run as it comes in or, while a person looks back, the run as it was. A live run goes on
/// behind a replay and is there again when it ends.
public struct Stage: Sendable {
  /// What is drawn.
  public private(set) var shown: ScreenState
  /// The record's player while the past is shown.
  private var player: Player?
  /// All of the run there is, behind a replay: the live run, or a record's last moment.
  private var whole: ScreenState?
  private let history: (any RunHistory)?
  /// The clock when the moment that is shown was reached, seconds.
  private var playedAt = 0.0

  /// A run that is going on, in this process or in another one.
  /// - Parameter history: the run's own record, to look back into.
  public init(live state: ScreenState, history: (any RunHistory)? = nil) {
    shown = state
    shown.hasHistory = history != nil
    self.history = history
  }

  /// A run of another process, without the controls at first.
  /// - Parameter origin: who this screen's commands are from.
  public init(following state: ScreenState, history: (any RunHistory)?, origin: String) {
    self.init(live: state, history: history)
    shown.place = .follower
    shown.controls = Controls(holder: .elsewhere(nil), origin: CommandOrigin(rawValue: origin))
  }

  /// A record, at its beginning. All of it is read once, for its length and the states to go back to.
  /// - Parameter progress: called now and then with the state on the way.
  /// - Throws: what the record throws.
  public init(
    recording history: any RunHistory, state: ScreenState, progress: ((ScreenState) -> Void)? = nil
  ) throws {
    var state = state
    state.place = .recording
    state.hasHistory = true
    state.replay = ReplayPosition()
    var player = Player(history: history, state: state)
    try player.seekToEnd(progress: progress)
    state.replay?.lastStep = player.step
    state.replay?.speed = ReplayPosition.speed(forRecordOf: player.clock ?? 0)
    self.history = history
    whole = player.state
    shown = state
    self.player = player
    try withPlayer { try $0.seek(step: 0) }
  }

  // MARK: Events

  /// - Parameter now: seconds of a monotonic clock.
  public mutating func apply(_ event: ScreenEvent, now: Double) -> [ScreenEffect] {
    let effects: [ScreenEffect]
    let wasPlaying = shown.replay?.playing ?? false
    switch event {
    case .restarted:
      restart()
      effects = []
    case .run where player != nil, .captured where player != nil: effects = applyBehind(event, now: now)
    case .controls where player != nil && shown.place != .recording:
      effects = applyBehind(event, now: now) + Reducer.reduce(&shown, event, now: now)
    case .signal where player != nil && shown.place != .recording:
      leave()
      effects = Reducer.reduce(&shown, event, now: now)
    default: effects = Reducer.reduce(&shown, event, now: now)
    }
    if wasPlaying, shown.replay?.playing ?? false { play(now: now) } else { playedAt = now }
    return effects.filter { effect in
      guard case .replay(let request) = effect else { return true }
      perform(request)
      return false
    }
  }

  /// Seconds between two moments of a replay that plays by itself.
  private static let playInterval = 1.0 / 20

  /// When time alone changes the screen next; nil if never.
  public var nextDeadline: Double? {
    guard shown.replay?.playing ?? false else { return shown.nextDeadline }
    let next = playedAt + Self.playInterval
    return min(next, shown.nextDeadline ?? next)
  }

  mutating func show(_ timings: Timings) { shown.timings = timings }

  /// The run goes on while the past is shown.
  private mutating func applyBehind(_ event: ScreenEvent, now: Double) -> [ScreenEffect] {
    guard var run = whole else { return [] }
    whole = nil
    let effects = Reducer.reduce(&run, event, now: now)
    let last = max(shown.replay?.lastStep ?? 0, run.completedSteps)
    shown.replay?.lastStep = last
    whole = run
    return effects
  }

  // MARK: Looking back

  mutating func allowDetaching(_ can: Bool) { shown.canDetach = can }

  mutating func startPlaying() { shown.replay?.playing = true }

  /// Drops the run; its events come again.
  private mutating func restart() {
    leave()
    guard shown.place != .recording else { return }
    shown = blank
  }

  mutating func look(atStep step: Int) { perform(.to(step: step)) }

  private mutating func perform(_ request: ReplayRequest) {
    do {
      switch request {
      case .enter(let showsWhole): try enter(showsWhole: showsWhole)
      case .leave: leave()
      case .move(let steps): try seek((shown.replay?.step ?? 0) + steps)
      case .to(let step): try seek(step)
      case .toEnd: try seek(.max)
      case .event(let direction): try seek(amid: whole?.events.elements.map(\.step) ?? [], direction, "event")
      case .anomaly(let direction): try seek(amid: whole?.metrics.anomalies ?? [], direction, "anomaly")
      }
    } catch {
      shown.replay?.playing = false
      shown.say("the record cannot be read: \(error)", .bad)
    }
  }

  private mutating func enter(showsWhole: Bool) throws {
    guard shown.replay == nil else {
      shown.replay?.showsWhole = showsWhole
      withPlayer { _ in }
      return
    }
    guard let history else { return }
    let step = shown.completedSteps
    var past = blank
    past.view.message = nil
    past.replay = ReplayPosition(step: step, lastStep: step, showsWhole: showsWhole)
    var player = Player(history: history, state: past)
    try player.seek(step: step)
    past.replay?.speed = ReplayPosition.speed(forRecordOf: player.clock ?? 0)
    whole = shown
    shown = past
    self.player = player
    withPlayer { _ in }
  }

  /// Back to the live run, keeping what the person looks at.
  private mutating func leave() {
    guard shown.place != .recording, var run = whole else { return }
    let message = run.view.message
    run.view = shown.view
    run.view.message = message
    run.peers = shown.peers
    shown = run
    whole = nil
    player = nil
  }

  private mutating func seek(_ step: Int) throws {
    let last = shown.replay?.lastStep ?? 0
    try withPlayer { try $0.seek(step: step >= last ? .max : max(0, step)) }
  }

  private mutating func seek(amid steps: [Int], _ direction: Int, _ what: String) throws {
    let present = shown.replay?.step ?? 0
    let next = direction > 0 ? steps.filter { $0 > present }.min() : steps.filter { $0 < present }.max()
    guard let next else {
      shown.say("no \(what) \(direction > 0 ? "after" : "before") step \(present)", .warning)
      return
    }
    try seek(next)
  }

  private mutating func play(now: Double) {
    let seconds = max(0, now - playedAt) * Double(shown.replay?.speed ?? 1)
    playedAt = now
    do {
      var more = true
      try withPlayer { more = try $0.advance(seconds: seconds) }
      if !more { shown.replay?.playing = false }
    } catch {
      shown.replay?.playing = false
      shown.say("the record cannot be read: \(error)", .bad)
    }
  }

  // MARK: The moment that is shown

  /// A state without a run, with the present view.
  private var blank: ScreenState {
    var state = ScreenState(
      size: shown.size, tier: shown.tier, monochrome: shown.monochrome, themeName: shown.themeName)
    state.view = shown.view
    state.place = shown.place
    state.hasHistory = shown.hasHistory
    state.controls = shown.controls
    state.nextCommand = shown.nextCommand
    state.themes = shown.themes
    state.canDetach = shown.canDetach
    state.peers = shown.peers
    state.replay = shown.replay
    return state
  }

  /// Moves the player under the person's present view, then shows the moment it stands at.
  private mutating func withPlayer(_ body: (inout Player) throws -> Void) rethrows {
    guard var player else { return }
    player.state.view = shown.view
    player.state.replay = shown.replay
    player.state.controls = shown.controls
    player.state.peers = shown.peers
    // The player alone holds the past while it moves, so that its series grow in place.
    self.player = nil
    shown = blank
    defer {
      shown = player.state
      shown.replay?.step = player.step
      if shown.replay?.showsWhole ?? false, let whole {
        shown.metrics = whole.metrics
        shown.marks = whole.marks
      }
      self.player = player
    }
    try body(&player)
  }
}
