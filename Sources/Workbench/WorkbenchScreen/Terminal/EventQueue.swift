import CTerminal
import Control
import Synchronization

/// Events on their way to the screen's thread. Any thread may post and never waits for the screen; the first event
/// after a drain wakes it, those after that only join the queue.
final class EventQueue: Sendable {
  private struct Contents {
    var events: [ScreenEvent] = []
    var lines = 0
    var droppedLines = 0
    var highWater = 0
    var closed = false
  }

  /// Printed lines beyond this, between two drains, are counted and dropped.
  static let lineLimit = 2_000
  /// Steps beyond this, while the terminal does not take our output, are kept without their visits.
  static let visitLimit = 20_000

  private let contents = Mutex(Contents())
  let wakeDescriptor: Int32

  init() { wakeDescriptor = ct_wake_open() }

  // Not closed when the queue goes: a late post from another thread must never hit a descriptor of someone else.

  func post(_ event: ScreenEvent) {
    let wakes = contents.withLock { contents -> Bool in
      guard !contents.closed else { return false }
      let wasEmpty = contents.events.isEmpty
      switch event {
      case .captured:
        guard contents.lines < Self.lineLimit else {
          contents.droppedLines += 1
          return false
        }
        contents.lines += 1
        contents.events.append(event)
      case .run(.step(var record)) where contents.events.count >= Self.visitLimit:
        record.visits = []
        contents.events.append(.run(.step(record)))
      default: contents.events.append(event)
      }
      contents.highWater = max(contents.highWater, contents.events.count)
      return wasEmpty
    }
    if wakes { ct_wake(wakeDescriptor) }
  }

  /// Everything posted since the last drain, in order.
  func drain() -> [ScreenEvent] {
    ct_wake_clear(wakeDescriptor)
    return contents.withLock { contents in
      var events = contents.events
      contents.events = []
      contents.lines = 0
      if contents.droppedLines > 0 {
        let line = LogLine(level: .warning, text: "\(contents.droppedLines) lines came too fast and are not shown")
        events.append(.captured(LogEntry(source: .run, line: line)))
        contents.droppedLines = 0
      }
      return events
    }
  }

  var highWater: Int { contents.withLock { $0.highWater } }

  func close() {
    contents.withLock { contents in
      contents.closed = true
      contents.events = []
    }
  }
}
