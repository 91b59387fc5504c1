import Control
import Dispatch
import Foundation
import JSON
import Session
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
    try ThreadSupply.require(pool: plan.runFile.training.threads)
    // A reader that goes away (`workbench train … | head`) must not kill a run: it stops and saves.
    let output = try RunOutput()
    let progress = ProgressReport()
    let recorder = plan.sessionPath.map(SessionRecorder.init)
    var plan = plan
    plan.recorder = HeadlessRecorder(recorder, output)
    let box = Mutex<RunHandle?>(nil)
    let server = Mutex<ControlServer?>(nil)
    let handle = RunHandle { event in
      // First the record: what is printed about a command or a checkpoint is on the disk by then.
      recorder?.observe(event)
      if case .stateChanged(.stopping) = event { output.giveUp() }
      if let line = event.line { output.print(line) }
      progress.observe(event)
      // The session is this process's own from here on, and so is the socket in it.
      if case .started = event, let folder = recorder?.folder {
        let started = ControlServer.start(folder: folder) { request in box.withLock { $0 }?.send(request) }
        server.withLock { $0 = started }
      }
      if output.readerIsNewlyGone {
        progress.observe(
          .log(
            LogLine(
              level: .warning, text: "whoever read standard output has gone; the run stops after this step and saves")))
        box.withLock { $0 }?.stopOnce(origin: .signal, reason: "standard output was closed")
      }
    }
    box.withLock { $0 = handle }
    let signals = SignalWatch { number in
      handle.stopOnce(origin: .signal, reason: number == SIGINT ? "INT" : number == SIGTERM ? "TERM" : "HUP")
    }
    defer { withExtendedLifetime(signals) {} }
    if let control { try ControlReader(path: control, handle: handle, output: output).start() }
    handle.start(plan)
    let outcome = handle.wait()
    box.withLock { $0 = nil }
    server.withLock { $0 }?.close()
    progress.end()
    let summary = try RunEnd.summary(outcome, recorder)
    try output.finish()
    return summary.reason == .interrupted ? .interrupted : .done
  }
}

/// How a run has ended, record included.
enum RunEnd {
  /// Closes the record.
  /// - Throws: what ended the run, or that the record lacks its end.
  static func summary(_ outcome: RunHandle.Outcome, _ recorder: SessionRecorder?) throws -> RunSummary {
    let missing = recorder?.close()
    switch outcome {
    case .finished(let summary):
      if let missing { throw TrainingError.diskRefuses(missing) }
      return summary
    case .failed(let error):
      // Of a folder that is gone the error says enough.
      if case .folderLost = error as? TrainingError { throw error }
      if let missing { ExitStatus.write("warning: \(missing)") }
      throw error
    }
  }
}

extension RunHandle {
  /// Asks the run to stop and save; further asks are refused by the trainer.
  func stopOnce(origin: CommandOrigin, reason: String) {
    send(CommandRequest(id: 0, command: .stop, origin: origin, reason: reason))
  }
}
