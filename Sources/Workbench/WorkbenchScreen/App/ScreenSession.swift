import CTerminal
import Control
import Foundation

public struct ScreenOptions: Sendable {
  public var theme: Theme
  /// What `T` goes through.
  public var themes: [Theme]
  /// nil: by the terminal and its locale.
  public var glyphs: GlyphTier?
  public var environment: [String: String]
  /// The caller of the screen can hand the run to a process without one.
  public var canDetach = false

  public init(
    theme: Theme = .standard, themes: [Theme] = [], glyphs: GlyphTier? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.theme = theme
    self.themes = themes
    self.glyphs = glyphs
    self.environment = environment
  }
}

/// The screen on a real terminal. One thread (the one that calls `run`) owns it; any thread may post events, which are
/// drained, reduced and drawn together, at most 30 times a second and only when something changed.
public final class ScreenSession: Sendable {
  private let options: ScreenOptions
  private let send: @Sendable (CommandRequest) -> Void
  private let queue = EventQueue()
  private let source: Source
  private let controls: @Sendable (ControlsRequest) -> Void
  private let peers: (any PeerSource)?

  /// What the screen is to show.
  public enum Source: Sendable {
    /// A run whose events are posted, with its record if it keeps one.
    case live((any RunHistory)?)
    /// The same, trained by another process: read only until the controls are given.
    case follower((any RunHistory)?, origin: String)
    /// A record; nothing is posted.
    case recording(any RunHistory)
  }

  private static let frameTime = 1.0 / 30
  /// Share of one core that frames may take which no key asked for: the run needs the rest. A frame that follows a key
  /// comes at once.
  private static let budget = 0.02
  /// After TERM, HUP or INT the run has this long to save, seconds.
  private static let patience = 10.0

  /// Checks that there is a terminal to draw on; it is touched only by `run`.
  /// - Parameters:
  ///   - source: a run that posts its events, or a record.
  ///   - peers: other sessions, for the tab of runs.
  ///   - controls: called on the screen's thread when the person asks for the controls or answers who asks.
  ///   - send: called on the screen's thread with each command; must not block.
  /// - Throws: an error whose description is one sentence.
  public init(
    options: ScreenOptions = ScreenOptions(), source: Source = .live(nil),
    peers: (any PeerSource)? = nil,
    controls: @escaping @Sendable (ControlsRequest) -> Void = { _ in },
    send: @escaping @Sendable (CommandRequest) -> Void
  ) throws {
    try NcursesTerminal.check(environment: options.environment)
    self.options = options
    self.source = source
    self.controls = controls
    self.peers = peers
    self.send = send
  }

  /// Thread-safe; never blocks.
  public func post(_ event: RunEvent) { queue.post(.run(event)) }

  /// Thread-safe; never blocks.
  public func post(_ news: ControlsNews) { queue.post(.controls(news)) }

  /// The run's events come again from the first one on. Thread-safe; never blocks.
  public func restart() { queue.post(.restarted) }

  /// Shows the screen until the person leaves or a signal ends it. The terminal is as it was when this returns.
  public func run() throws -> ScreenExit {
    let tier = LocaleSetting.prepare(options)
    let terminal = try NcursesTerminal(
      environment: options.environment, theme: options.theme, wake: queue.wakeDescriptor)
    let queue = queue
    let capture = OutputCapture { queue.post($0) }
    defer {
      queue.close()
      terminal.close()
      capture?.end()
    }
    var state = ScreenState(
      size: terminal.size, tier: tier, monochrome: terminal.depth == .monochrome, themeName: options.theme.name)
    state.themes = options.themes.map(\.name)
    state.canDetach = options.canDetach
    var stage =
      switch source {
      case .live(let history): Stage(live: state, history: history)
      case .follower(let history, let origin): Stage(following: state, history: history, origin: origin)
      case .recording(let history):
        try Stage(recording: history, state: state) { [start = ContinuousClock.now] past in
          // A short record is there at once.
          guard ContinuousClock.now - start > .milliseconds(200), let total = past.run?.totalSteps else { return }
          let read = Double(past.completedSteps) / Double(max(1, total))
          _ = terminal.show(Renderer.frame(LoadingView.record(state, read: read)))
        }
      }
    if case .recording = source { stage.startPlaying() }
    return Loop(
      terminal: terminal, queue: queue, send: send, controls: controls, themes: options.themes,
      peers: peers.map { PeerReader($0) { queue.post(.peers($0)) } }, stage: stage
    )
    .run()
  }

  /// The screen's thread at work.
  private struct Loop {
    let terminal: NcursesTerminal
    let queue: EventQueue
    let send: @Sendable (CommandRequest) -> Void
    let controls: @Sendable (ControlsRequest) -> Void
    let themes: [Theme]
    let peers: PeerReader?
    var stage: Stage
    var state: ScreenState { stage.shown }
    private let start = ContinuousClock.now
    private var lastDraw = -1.0
    private var changed = true
    /// Something other than the run's progress is to be shown.
    private var urgent = true
    private var frameCost = 0.0
    private var signalled: Double?

    init(
      terminal: NcursesTerminal, queue: EventQueue, send: @escaping @Sendable (CommandRequest) -> Void,
      controls: @escaping @Sendable (ControlsRequest) -> Void, themes: [Theme], peers: PeerReader?, stage: Stage
    ) {
      self.terminal = terminal
      self.queue = queue
      self.send = send
      self.controls = controls
      self.themes = themes
      self.peers = peers
      self.stage = stage
    }

    private var now: Double {
      let (seconds, attoseconds) = (ContinuousClock.now - start).components
      return Double(seconds) + Double(attoseconds) * 1e-18
    }

    consuming func run() -> ScreenExit {
      while true {
        let began = now
        takeFlags()
        for event in queue.drain() { apply(event) }
        if !terminal.isGone { for key in terminal.keys() { apply(.key(key)) } }
        if let deadline = stage.nextDeadline, deadline <= now { apply(.tick) }
        if let exit = state.exit { return exit }
        if let signalled, now - signalled > ScreenSession.patience, let signal = state.signal { return .signal(signal) }
        if changed, now >= nextFrame { draw(reducedIn: now - began) }
        wait()
      }
    }

    /// When the next frame may be drawn.
    private var nextFrame: Double {
      lastDraw + max(ScreenSession.frameTime, urgent ? 0 : min(1, frameCost / ScreenSession.budget))
    }

    private mutating func apply(_ event: ScreenEvent) {
      changed = true
      if !event.isProgress { urgent = true }
      for effect in stage.apply(event, now: now) {
        switch effect {
        case .send(let request): send(request)
        case .repaint: terminal.repaint()
        case .controls(let request): controls(request)
        case .peers(let request):
          if let peers { peers.ask(request) } else { queue.post(.peers(.noSource)) }
        case .theme(let name):
          if let theme = themes.first(where: { $0.name == name }) {
            terminal.theme = theme
            terminal.repaint()
          }
        case .replay: break
        }
      }
    }

    private mutating func takeFlags() {
      let signal = ct_guard_take_signal()
      if signal != 0 {
        signalled = signalled ?? now
        apply(.signal(signal))
      }
      let flags = ct_guard_take_flags()
      if flags & UInt32(ct_flag_suspend) != 0 {
        terminal.suspend()
        changed = true
      } else if flags & UInt32(ct_flag_continued) != 0 {
        terminal.resume()
        changed = true
      }
      // Resizing while stopped sends no signal that we would see, so the size is asked after a continue as well.
      if flags != 0, terminal.size != state.size {
        terminal.resized(terminal.size)
        apply(.resized(terminal.size))
      }
    }

    private mutating func draw(reducedIn reduce: Double) {
      let began = now
      let frame = Renderer.frame(state)
      let drawn = now
      let cells = terminal.show(frame)
      let shown = now
      lastDraw = began
      changed = false
      urgent = false
      // The mean of the last few, so that one slow frame does not make the screen stutter.
      frameCost = 0.7 * frameCost + 0.3 * (shown - began)
      var timings = Timings()
      timings.reduce = reduce * 1e6
      timings.draw = (drawn - began) * 1e6
      timings.blit = (shown - drawn) * 1e6
      timings.cells = cells
      timings.queueHighWater = queue.highWater
      stage.show(timings)
    }

    /// Sleeps until a key, an event, a signal, the next frame or a deadline. With nothing to come it uses no time.
    private mutating func wait() {
      var timeout = -1.0
      if changed { timeout = max(0, nextFrame - now) }
      if let deadline = stage.nextDeadline {
        let left = max(0, deadline - now)
        timeout = timeout < 0 ? left : min(timeout, left)
      }
      if signalled != nil { timeout = timeout < 0 ? 0.25 : min(timeout, 0.25) }
      let milliseconds: Int32 = timeout < 0 ? -1 : Int32(min(60_000, (timeout * 1_000).rounded(.up)))
      // A negative descriptor is passed over by poll.
      var descriptors = [
        pollfd(fd: terminal.isGone ? -1 : terminal.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: queue.wakeDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&descriptors, 2, milliseconds)
      let broken = Int16(POLLHUP | POLLERR | POLLNVAL)
      if ready > 0, descriptors[0].revents & broken != 0 {
        terminal.lost()
        signalled = signalled ?? now
        apply(.signal(SIGHUP))
      }
    }
  }
}

/// Sets the process's character type, so that ncurses writes what the terminal reads.
enum LocaleSetting {
  /// The glyphs that can be written. Without any locale in the environment UTF-8 is assumed, as terminals do today.
  static func prepare(_ options: ScreenOptions) -> GlyphTier {
    let environment = options.environment
    let names = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.filter { !$0.isEmpty }
    setlocale(LC_CTYPE, "")
    var isUTF8 = nl_langinfo(Int32(CODESET)).map { String(cString: $0) == "UTF-8" } ?? false
    let wantsUTF8 = names.first.map { $0.uppercased().contains("UTF-8") || $0.uppercased().contains("UTF8") } ?? true
    if !isUTF8, wantsUTF8 {
      // Nothing is set, or a UTF-8 locale that is not installed here.
      isUTF8 = setlocale(LC_CTYPE, "C.UTF-8") != nil
    }
    if let glyphs = options.glyphs { return glyphs }
    guard isUTF8 else { return .ascii }
    // The Linux console's fonts have blocks but no braille.
    return environment["TERM"] == "linux" ? .halfBlock : .braille
  }
}
