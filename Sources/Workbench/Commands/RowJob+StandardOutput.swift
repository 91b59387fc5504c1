import Foundation
import Job
import Synchronization

extension RowJob {
  /// Lines on standard output, and on a terminal a bar with the time left on standard error. A bar among lines on the same
  /// terminal would help nobody, so there is none then.
  func runOnStandardOutput() throws {
    let output = StandardOutput.shared
    var status = StatusLine()
    let showsBar = status.isTerminal && isatty(1) == 0
    defer { status.clear() }
    try run { progress in
      guard showsBar else { return }
      status.show(progress.fraction.map { JobProgress.bar($0) + " " + progress.line } ?? progress.line)
    } emit: {
      try output.write($0)
    }
  }
}

/// One line at the bottom of a terminal on standard error, drawn again and again, and whole lines above it.
struct StatusLine {
  let isTerminal = isatty(2) == 1
  private var isShown = false

  /// Draws the line; on a terminal only.
  mutating func show(_ text: String) {
    ExitStatus.put("\r\u{1B}[K" + text.printable)
    isShown = true
  }

  /// Takes the line away.
  mutating func clear() {
    if isShown { ExitStatus.put("\r\u{1B}[K") }
    isShown = false
  }

  /// A line that stays.
  mutating func write(_ text: String) {
    clear()
    ExitStatus.put(text.printableLines + "\n")
  }
}
