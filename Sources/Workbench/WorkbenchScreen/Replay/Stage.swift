import Control

/// What the screen shows: the run as it comes in or, while a person looks back, the run as it was. A live run goes on
/// behind a replay and is there again when it ends.
struct Stage: Sendable {
  /// All of the run there is, behind a replay: the live run, or a record's last moment.
  private struct Whole: Sendable {
    var run: ObservedRun
    /// What the last line says of it.
    var message: Message?
  }

  /// What is drawn.
  private(set) var shown: ScreenState
  /// The record's player while the past is shown.
  private var player: Player?
  private var whole: Whole?
  private let history: (any RunHistory)?
  /// The clock when the moment that is shown was reached, seconds.
  private var playedAt = 0.0

  /// A run that is going on, in this process or in another one.
  /// - Parameter history: the run's own record, to look back into.
  init(live state: ScreenState, history: (any RunHistory)? = nil) {
    shown = state
    shown.view.hasHistory = history != nil
    self.history = history
  }

  /// A run of another process, without the controls at first.
  /// - Parameter origin: who this screen's commands are from.
  init(following state: ScreenState, history: (any RunHistory)?, origin: String) {
    self.init(live: state, history: history)
    shown.steering.place = .follower
    shown.steering.controls = Controls(holder: .elsewhere(nil), origin: CommandOrigin(rawValue: origin))
  }

  /// A record, at its beginning. All of it is read once, for its length and the moments to go back to.
  /// - Parameter progress: called now and then with the run on the way.
  /// - Throws: what the record throws.
  init(
    recording history: any RunHistory, state: ScreenState, progress: ((ObservedRun) -> Void)? = nil
  ) throws {
    shown = state
    shown.steering.place = .recording
    shown.view.hasHistory = true
    self.history = history
    var player = Player(history: history)
    try player.seekToEnd(progress: progress)
    shown.view.replay = ReplayPosition(
      lastStep: player.step, speed: ReplayPosition.speed(forRecordOf: player.clock ?? 0))
    whole = Whole(run: player.run)
    self.player = player
    try withPlayer { try $0.seek(step: 0) }
  }

  // MARK: Events

  /// - Parameter now: seconds of a monotonic clock.
  mutating func apply(_ event: ScreenEvent, now: Double) -> [ScreenEffect] {
    let effects: [ScreenEffect]
    let wasPlaying = shown.view.replay?.playing ?? false
    switch event {
    case .restarted:
      restart()
      effects = []
    case .run where player != nil, .captured where player != nil: effects = applyBehind(event, now: now)
    case .controls where player != nil && shown.steering.place != .recording:
      let before = shown.view.message
      effects = Reducer.reduce(&shown, event, now: now)
      // Who holds the controls is worth knowing after the replay, too.
      if let message = shown.view.message, message != before { whole?.message = message }
    case .signal where player != nil && shown.steering.place != .recording:
      leave()
      effects = Reducer.reduce(&shown, event, now: now)
    default: effects = Reducer.reduce(&shown, event, now: now)
    }
    if wasPlaying, shown.view.replay?.playing ?? false { play(now: now) } else { playedAt = now }
    return effects.filter { effect in
      guard case .replay(let request) = effect else { return true }
      perform(request)
      return false
    }
  }

  /// Seconds between two moments of a replay that plays by itself.
  private static let playInterval = 1.0 / 20

  /// When time alone changes the screen next; nil if never.
  var nextDeadline: Double? {
    guard shown.view.replay?.playing ?? false else { return shown.nextDeadline }
    let next = playedAt + Self.playInterval
    return min(next, shown.nextDeadline ?? next)
  }

  mutating func show(_ timings: Timings) { shown.view.timings = timings }

  /// The run goes on while the past is shown: what it says reaches its own part and what was asked of it, but moves
  /// nothing that the person looks at.
  private mutating func applyBehind(_ event: ScreenEvent, now: Double) -> [ScreenEffect] {
    guard var hidden = whole else { return [] }
    whole = nil
    var live = shown
    // Exchanged, not copied: nobody else holds the run while it changes, so that its series grow in place.
    swap(&live.run, &hidden.run)
    live.view.message = hidden.message
    live.view.replay = nil
    let effects = Reducer.reduce(&live, event, now: now)
    shown.steering = live.steering
    let last = max(shown.view.replay?.lastStep ?? 0, live.run.completedSteps)
    shown.view.replay?.lastStep = last
    whole = Whole(run: live.run, message: live.view.message)
    return effects
  }

  // MARK: Looking back

  mutating func allowDetaching(_ can: Bool) { shown.steering.canDetach = can }

  mutating func startPlaying() { shown.view.replay?.playing = true }

  /// Drops the run; its events come again.
  private mutating func restart() {
    leave()
    guard shown.steering.place != .recording else { return }
    shown.run = ObservedRun()
    shown.steering.restart()
    shown.applyFilter()
  }

  mutating func look(atStep step: Int) { perform(.to(step: step)) }

  private mutating func perform(_ request: ReplayRequest) {
    do {
      switch request {
      case .enter(let showsWhole): try enter(showsWhole: showsWhole)
      case .leave: leave()
      case .move(let steps): try seek((shown.view.replay?.step ?? 0) + steps)
      case .to(let step): try seek(step)
      case .toEnd: try seek(.max)
      case .event(let direction): try seek(amid: whole?.run.events.elements.map(\.step) ?? [], direction, "event")
      case .anomaly(let direction): try seek(amid: whole?.run.metrics.anomalies ?? [], direction, "anomaly")
      }
    } catch {
      cannotRead(error)
    }
  }

  private mutating func cannotRead(_ error: any Error) {
    shown.view.replay?.playing = false
    shown.say("the record cannot be read: \(error)", .bad)
  }

  private mutating func enter(showsWhole: Bool) throws {
    guard shown.view.replay == nil else {
      shown.view.replay?.showsWhole = showsWhole
      withPlayer { _ in }
      return
    }
    guard let history else { return }
    let step = shown.run.completedSteps
    var player = Player(history: history)
    try player.seek(step: step)
    whole = Whole(run: shown.run, message: shown.view.message)
    shown.view.message = nil
    shown.view.replay = ReplayPosition(
      step: step, lastStep: step, speed: ReplayPosition.speed(forRecordOf: player.clock ?? 0), showsWhole: showsWhole)
    self.player = player
    withPlayer { _ in }
  }

  /// Back to the live run, keeping what the person looks at.
  private mutating func leave() {
    guard shown.steering.place != .recording, let whole else { return }
    shown.run = whole.run
    shown.view.message = whole.message
    shown.view.replay = nil
    shown.applyFilter()
    self.whole = nil
    player = nil
  }

  private mutating func seek(_ step: Int) throws {
    let last = shown.view.replay?.lastStep ?? 0
    try withPlayer { try $0.seek(step: step >= last ? .max : max(0, step)) }
  }

  private mutating func seek(amid steps: [Int], _ direction: Int, _ what: String) throws {
    let present = shown.view.replay?.step ?? 0
    let next = direction > 0 ? steps.filter { $0 > present }.min() : steps.filter { $0 < present }.max()
    guard let next else {
      shown.say("no \(what) \(direction > 0 ? "after" : "before") step \(present)", .warning)
      return
    }
    try seek(next)
  }

  private mutating func play(now: Double) {
    let seconds = max(0, now - playedAt) * Double(shown.view.replay?.speed ?? 1)
    playedAt = now
    do {
      var more = true
      try withPlayer { more = try $0.advance(seconds: seconds) }
      if !more { shown.view.replay?.playing = false }
    } catch {
      cannotRead(error)
    }
  }

  // MARK: The moment that is shown

  /// Moves the player, then shows the run as of the moment it stands at. A record moves no selection and closes no
  /// dialog.
  private mutating func withPlayer(_ body: (inout Player) throws -> Void) rethrows {
    guard var player else { return }
    // The player alone holds the past while it moves, so that its series grow in place.
    self.player = nil
    shown.run = ObservedRun()
    defer {
      player.sortPrompts(now: shown.view.now)
      shown.run = player.run
      shown.view.replay?.step = player.step
      if shown.view.replay?.showsWhole ?? false, let whole {
        shown.run.metrics = whole.run.metrics
        shown.run.marks = whole.run.marks
      }
      shown.selectFirstPrompt()
      shown.applyFilter()
      self.player = player
    }
    try body(&player)
  }
}
