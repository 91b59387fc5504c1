import CTerminal
import Foundation

/// The start screen on a real terminal.
public struct StartSession {
  private let options: ScreenOptions
  private let sessions: () -> [StartEntry]
  private let check: (NewRun) -> String?

  /// Seconds after which the list of sessions is read anew while nobody presses a key.
  private static let refresh: Int32 = 2

  /// - Parameters:
  ///   - sessions: reads the list.
  ///   - check: why a new run cannot be, in one sentence; nil if it can.
  /// - Throws: an error whose description is one sentence, where there is no terminal to draw on.
  public init(
    options: ScreenOptions, sessions: @escaping () -> [StartEntry], check: @escaping (NewRun) -> String?
  ) throws {
    try NcursesTerminal.check(environment: options.environment)
    self.options = options
    self.sessions = sessions
    self.check = check
  }

  /// Shows the screen until the person has chosen. The terminal is as it was when this returns.
  public func run() throws -> StartChoice {
    let tier = LocaleSetting.prepare(options)
    let wake = ct_wake_open()
    defer { close(wake) }
    let terminal = try NcursesTerminal(environment: options.environment, theme: options.theme, wake: wake)
    defer { terminal.close() }
    var state = StartState(size: terminal.size, entries: sessions())
    while true {
      for key in terminal.keys() {
        if key == .control("l") { terminal.repaint() }
        StartReducer.reduce(&state, key, check: check)
        if let choice = state.choice { return choice }
      }
      if ct_guard_take_signal() != 0 || terminal.isGone { return .quit }
      let flags = ct_guard_take_flags()
      if flags & UInt32(ct_flag_suspend) != 0 {
        terminal.suspend()
      } else if flags & UInt32(ct_flag_continued) != 0 {
        terminal.resume()
      }
      if flags != 0, terminal.size != state.size {
        terminal.resized(terminal.size)
        state.size = terminal.size
      }
      _ = terminal.show(StartView.frame(state, tier: tier, monochrome: terminal.depth == .monochrome))
      var descriptors = [
        pollfd(fd: terminal.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&descriptors, 2, Self.refresh * 1_000)
      ct_wake_clear(wake)
      if ready > 0, descriptors[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { return .quit }
      if ready == 0 { refresh(&state) }
    }
  }

  private func refresh(_ state: inout StartState) {
    let path = state.entry?.path
    state.entries = sessions()
    // The selection stays with its session.
    if let path, let index = state.entries.firstIndex(where: { $0.path == path }) { state.selected = index }
    state.selected = max(0, min(state.selected, state.entries.count - 1))
  }
}
