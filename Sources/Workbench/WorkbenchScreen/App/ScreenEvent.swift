import Control

/// What may happen to the screen.
public enum ScreenEvent: Sendable {
  case run(RunEvent)
  case key(Key)
  case resized(Size)
  /// A line that something printed to descriptor 1 or 2, or lines that had to be dropped.
  case captured(LogEntry)
  case controls(ControlsNews)
  case peers(PeerNews)
  /// The run's record begins anew, since it was taken up from an earlier step: what is shown of it is dropped.
  case restarted
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
  /// Show another theme, by its name.
  case theme(String)
  case controls(ControlsRequest)
  /// Read other sessions.
  case peers(PeerRequest)
  /// Done by `Stage`, which holds the record.
  case replay(ReplayRequest)
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
