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
    if let control, control != "-", access(control, R_OK) != 0 {
      throw UsageError("--control \(control): \(String(cString: strerror(errno)))")
    }
    // A reader that goes away (`workbench train … | head`) must not kill a run: it stops and saves.
    signal(SIGPIPE, SIG_IGN)
    let output = try RunOutput()
    let progress = ProgressReport()
    let recorder = plan.sessionPath.map(SessionRecorder.init)
    var plan = plan
    plan.journal = HeadlessJournal(recorder, output)
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
        box.withLock { $0 }?.stopOnce(origin: "signal", reason: "standard output was closed")
      }
    }
    box.withLock { $0 = handle }
    let signals = SignalWatch { number in
      handle.stopOnce(origin: "signal", reason: number == SIGINT ? "INT" : number == SIGTERM ? "TERM" : "HUP")
    }
    defer { withExtendedLifetime(signals) {} }
    if let control { ControlReader(path: control, handle: handle, output: output).start() }
    handle.start(plan)
    let outcome = handle.wait()
    box.withLock { $0 = nil }
    server.withLock { $0 }?.close()
    progress.end()
    let summary = try RunEnd.summary(outcome, recorder)
    try output.finish()
    return summary.reason == "interrupted" ? .interrupted : .done
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
  func stopOnce(origin: String, reason: String) {
    send(CommandRequest(id: 0, command: .stop, origin: origin, reason: reason))
  }
}

/// Reads JSON commands line by line on a thread of its own and hands them to the run.
struct ControlReader {
  let path: String
  let handle: RunHandle
  let output: RunOutput

  func start() {
    Thread.detachNewThread { [self] in read() }
  }

  private func read() {
    guard let input = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path) else {
      ExitStatus.write("warning: --control \(path): \(String(cString: strerror(errno)))")
      return
    }
    var number = 0
    var waiting: [UInt8] = []
    // `availableData` waits for the next bytes and is empty at the end.
    while case let data = input.availableData, !data.isEmpty {
      waiting.append(contentsOf: data)
      while let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
        number += 1
        take(String(decoding: waiting[..<end], as: UTF8.self), number: number)
        waiting.removeFirst(end + 1)
      }
    }
    if !waiting.isEmpty { take(String(decoding: waiting, as: UTF8.self), number: number + 1) }
  }

  private func take(_ line: String, number: Int) {
    guard !line.allSatisfy(\.isWhitespace) else { return }
    do {
      handle.send(try ControlLine.parse(line, fallbackID: number))
    } catch {
      var json = JSONLine()
      json.add("event", "refused")
      json.add("id", number)
      json.add("origin", "control")
      json.add("message", "\(error)")
      output.print(json.text)
    }
  }
}
