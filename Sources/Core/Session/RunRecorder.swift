import Control
import Foundation
import Synchronization

/// Appends a run's events, as their headless lines, to `metrics.jsonl` in its session folder.
public final class RunRecorder: Sendable {
  private let path: String
  private let file = Mutex<FileHandle?>(nil)

  public init(session: String) {
    path = session + "/metrics.jsonl"
  }

  /// The file is opened at the run's start, when the trainer has made sure that the folder is the run's own.
  public func observe(_ event: RunEvent) {
    guard let line = event.line else { return }
    file.withLock { file in
      if case .started = event {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        file = FileHandle(forWritingAtPath: path)
      }
      try? file?.write(contentsOf: Data((line + "\n").utf8))
    }
  }
}
