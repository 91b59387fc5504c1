import Control

/// What may happen to the screen.
public enum ScreenEvent: Sendable {
  case run(RunEvent)
  case key(Key)
  case resized(Size)
  /// A line that something printed to descriptor 1 or 2, or lines that had to be dropped.
  case captured(LogEntry)
  /// TERM, HUP or INT.
  case signal(Int32)
  /// Time has passed: `nextDeadline` of the state is over.
  case tick
}

/// What the reducer asks the outside to do.
public enum ScreenEffect: Equatable, Sendable {
  case send(CommandRequest)
  /// Paint every cell anew.
  case repaint
}

extension ScreenEvent {
  /// One of the many events that only carry the run on; it can wait for the next frame.
  var isProgress: Bool {
    switch self {
    case .run(.step), .run(.log), .captured: true
    default: false
    }
  }
}
