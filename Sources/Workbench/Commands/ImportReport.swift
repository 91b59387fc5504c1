import Dispatch
import Foundation
import GGUF
import Job
import Synchronization

/// Standard error while a GGUF file is imported: a bar with the time left on a terminal, otherwise a plain line at the
/// beginning and every 10 seconds.
final class ImportReport: Sendable {
  private struct State {
    var status = StatusLine()
    var hasBegun = false
    var lastLine: UInt64 = 0
  }
  private let state = Mutex(State())
  private let what: String
  private let begin = DispatchTime.now().uptimeNanoseconds

  /// - Parameter what: "importing model.gguf".
  init(_ what: String) { self.what = what }

  func show(_ share: Double) {
    let now = DispatchTime.now().uptimeNanoseconds
    let progress = JobProgress(what: what, done: 0, fraction: share, elapsed: Double(now - begin) * 1e-9)
    state.withLock { state in
      if state.status.isTerminal {
        state.status.show(JobProgress.bar(share) + " " + progress.line)
      } else if !state.hasBegun || now - state.lastLine >= 10_000_000_000 {
        state.status.write(state.hasBegun ? progress.line : what)
        state.lastLine = now
      }
      state.hasBegun = true
    }
  }

  func end() { state.withLock { $0.status.clear() } }
}

/// A model as a command's user names it, made ready to be opened.
enum ModelImport {
  /// The folder to open for `path`. A GGUF file that is met for the first time is imported into the cache, which takes a
  /// while and is said on standard error.
  static func folder(_ path: String) throws -> String {
    let report = Mutex<ImportReport?>(nil)
    defer { report.withLock { $0?.end() } }
    return try ModelSource.folder(for: path) { importing in
      let current = report.withLock { report in
        if report == nil {
          if let warning = importing.warning { ExitStatus.write("warning: \(warning)") }
          report = ImportReport("importing \(importing.file) once, into \(importing.folder)")
        }
        return report
      }
      current?.show(importing.fraction)
    }
  }
}
