import Control
import Foundation
import JSON
import Synchronization
import Training

/// A run without a screen: one JSON line a step on standard output, progress and warnings on standard error, commands
/// from `--control`.
struct HeadlessRun {
  let plan: RunPlan
  /// `-` for standard input, or the path of a FIFO.
  let control: String?

  /// Returns when the run is over.
  func run() throws -> ExitStatus {
    // A reader that goes away (`workbench train … | head`) must not kill a run: it stops and saves.
    let output = try RunOutput()
    let progress = ProgressReport()
    let box = Mutex<RunHost?>(nil)
    let host = try RunHost(plan, output: output) { event in
      if case .stateChanged(.stopping) = event { output.giveUp() }
      if let line = event.line { output.print(line) }
      progress.observe(event)
      if output.readerIsNewlyGone {
        progress.observe(
          .log(
            LogLine(
              level: .warning, text: "whoever read standard output has gone; the run stops after this step and saves")))
        box.withLock { $0 }?.stop(origin: .signal, reason: "standard output was closed")
      }
    }
    box.withLock { $0 = host }
    defer { box.withLock { $0 = nil } }
    let signals = SignalWatch { number in
      host.stop(origin: .signal, reason: number == SIGINT ? "INT" : number == SIGTERM ? "TERM" : "HUP")
    }
    defer { withExtendedLifetime(signals) {} }
    if let control { try ControlReader(path: control, output: output) { host.send($0) }.start() }
    host.start()
    let summary = try host.finish { progress.end() }
    try output.finish()
    return summary.reason == .interrupted ? .interrupted : .done
  }
}
