import CTerminal
import Control
import Foundation
import Session
import Synchronization
import WorkbenchScreen

/// The side of a screen that follows: asks the trainer's process for the controls and sends it commands.
final class ControlClient: Sendable {
  private let folder: String
  private let tell: @Sendable (ControlsNews) -> Void
  private let connection = Mutex<Int32?>(nil)

  /// - Parameter tell: called on a thread of its own with what the trainer's process says.
  init(folder: String, tell: @escaping @Sendable (ControlsNews) -> Void) {
    self.folder = folder
    self.tell = tell
  }

  /// Who this process's commands are from, as the trainer's process names it.
  static var origin: String { "screen \(getpid())" }

  /// Connects if there is no connection; quietly does nothing where nobody listens yet.
  func connect() {
    let made = connection.withLock { connection -> Int32? in
      guard connection == nil else { return nil }
      connection = try? ControlSocket.connect(folder: folder)
      return connection
    }
    guard let descriptor = made else { return }
    Thread.detachNewThread { [self] in
      ControlSocket.read(descriptor) { line in
        if let news = ControlsMessage(line: line)?.news { tell(news) }
      }
      connection.withLock { $0 = nil }
      close(descriptor)
      tell(.elsewhere(nil))
    }
  }

  func send(_ request: CommandRequest) { send(line: ControlLine.line(request)) }

  func send(_ request: ControlsRequest) {
    switch request {
    case .ask: send(line: ControlsMessage(.ask).line)
    case .give: send(line: ControlsMessage(.give).line)
    case .keep: send(line: ControlsMessage(.keep).line)
    }
  }

  private func send(line: String) {
    connect()
    // Sent under the lock: the descriptor is closed only after it was taken out.
    let sent = connection.withLock { $0.map { ControlSocket.send(line, to: $0) } ?? false }
    if !sent { tell(.unreachable("the training process takes no commands at \(folder)/\(ControlSocket.name)")) }
  }
}
