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

  /// Returns when the person has left and the run is over.
  func run() throws -> ExitStatus {
    let recorder = plan.sessionPath.map(RunRecorder.init)
    let box = Mutex<ScreenSession?>(nil)
    let handle = RunHandle { event in
      recorder?.observe(event)
      box.withLock { $0 }?.post(event)
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
