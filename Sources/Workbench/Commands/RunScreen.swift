import Control
import Foundation
import Session
import Synchronization
import Training
import WorkbenchScreen

/// A run on the screen.
struct RunScreen {
  let plan: RunPlan
  let look: ScreenOptions

  /// A screen needs a terminal on both sides.
  static var isPossible: Bool { isatty(0) == 1 && isatty(1) == 1 }

  private static func showPast(of session: String, on screen: ScreenSession) {
    guard let reader = try? SessionReader(folder: session) else { return }
    var cursor: Int64 = 0
    while let page = try? reader.events(after: cursor), page.cursor != cursor {
      for recorded in page.events {
        switch recorded.event {
        case .step, .evaluation, .generation, .answerShares, .acknowledged, .checkpoint, .gammaPlan, .log:
          screen.post(recorded.event)
        default: break
        }
      }
      cursor = page.cursor
    }
  }

  /// Returns when the person has left and the run is over.
  func run() throws -> ExitStatus {
    let recorder = plan.sessionPath.map(SessionRecorder.init)
    var prepared = plan
    prepared.journal = recorder
    let plan = prepared
    let box = Mutex<ScreenSession?>(nil)
    let handle = RunHandle { event in
      recorder?.observe(event)
      let screen = box.withLock { $0 }
      screen?.post(event)
      // A resumed run begins with its past, as if it had never stopped.
      if case .started = event, let session = plan.resume == nil ? nil : plan.sessionPath, let screen {
        Self.showPast(of: session, on: screen)
      }
    }
    let screen = try ScreenSession(options: look) { handle.send($0) }
    box.withLock { $0 = screen }
    handle.start(plan)
    let exit = try screen.run()
    box.withLock { $0 = nil }
    if !handle.isOver {
      handle.stopOnce(origin: "you", reason: "left the screen")
    }
    let outcome = handle.wait()
    if let sentence = recorder?.close() { ExitStatus.write("warning: \(sentence)") }
    switch outcome {
    case .finished(let summary):
      Farewell.print(summary, plan: plan)
      if case .signal = exit { return .interrupted }
      return .done
    case .failed(let error): throw error
    }
  }
}

/// What stays on the terminal after the screen has gone.
enum Farewell {
  static func print(_ summary: RunSummary, plan: RunPlan) {
    var line = "\(plan.name): \(summary.reason) after \(summary.steps) steps"
    if summary.steps > 0 { line += String(format: ", %.1f prompts/s", summary.pairsPerSecond) }
    Swift.print(line)
    if let checkpoint = summary.checkpointPath {
      Swift.print("saved: \(checkpoint)")
      Swift.print("export: workbench export \(plan.sessionPath ?? checkpoint) --to DIR")
    }
  }
}
