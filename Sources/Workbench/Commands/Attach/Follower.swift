import Control
import Foundation
import Session
import Synchronization
import WorkbenchScreen

/// Reads a session that another process writes, and posts its events to a screen as they come.
final class Follower: Sendable {
  /// Between two looks at the record, seconds.
  private static let interval = 0.1
  /// Between two looks at the process that writes it, seconds.
  private static let statusInterval = 0.5

  private let reader: SessionReader
  private let screen: ScreenSession
  private let client: ControlClient
  private let isOver = Mutex(false)

  init(reader: SessionReader, screen: ScreenSession, client: ControlClient) {
    self.reader = reader
    self.screen = screen
    self.client = client
  }

  func start() { Thread.detachNewThread { [self] in follow() } }

  func stop() { isOver.withLock { $0 = true } }

  private func follow() {
    let history = SessionHistory(reader: reader)
    var cursor: Int64 = 0
    var segments = 0
    var nextStatus = Date.distantPast
    var said: SessionReader.Status?
    while !isOver.withLock({ $0 }) {
      do {
        if Date() >= nextStatus {
          nextStatus = Date() + Self.statusInterval
          // Someone took the run up from an earlier step: what came after that step no longer counts.
          let now = try reader.segments()
          if segments > 0, now > segments {
            screen.restart()
            cursor = 0
            said = nil
          }
          segments = now
          let status = try reader.status()
          if case .live = status { client.connect() }
          // What it wrote last comes first.
          cursor = try deliver(history, after: cursor)
          if status != said { tell(status) }
          said = status
        } else {
          cursor = try deliver(history, after: cursor)
        }
      } catch {
        screen.post(.log(LogLine(level: .error, text: "\(error)")))
        Thread.sleep(forTimeInterval: Self.statusInterval)
      }
      Thread.sleep(forTimeInterval: Self.interval)
    }
  }

  private func deliver(_ history: SessionHistory, after cursor: Int64) throws -> Int64 {
    var cursor = cursor
    while !isOver.withLock({ $0 }) {
      let (events, end) = try history.events(after: cursor, limit: 512)
      for past in events { screen.post(past.event) }
      if end == cursor { break }
      cursor = end
    }
    return cursor
  }

  private func tell(_ status: SessionReader.Status) {
    guard status == .crashed else { return }
    screen.post(
      .stateChanged(
        .failed("its process died; workbench resume \(reader.folder) goes on from the last checkpoint")))
  }
}
