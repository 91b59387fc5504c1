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

  /// Returns when the person has left and the run is over, or goes on in another process.
  func run() throws -> ExitStatus {
    let box = Mutex<ScreenSession?>(nil)
    let host = try RunHost(plan, ownScreen: { news in box.withLock { $0 }?.post(news) }) { [plan] event in
      let screen = box.withLock { $0 }
      screen?.post(event)
      // A resumed run begins with its past, as if it had never stopped.
      if case .started = event, let session = plan.resume == nil ? nil : plan.sessionPath, let screen {
        Self.showPast(of: session, on: screen)
      }
    }
    var look = look
    look.canDetach = plan.sessionPath != nil
    let screen = try ScreenSession(
      options: look, source: .live(plan.sessionPath.map(LaterHistory.init)),
      peers: plan.sessionPath.map(SessionPeers.init), controls: { host.ask($0) }, send: { host.send($0) })
    box.withLock { $0 = screen }
    host.start()
    let exit = try screen.run()
    box.withLock { $0 = nil }
    if !host.isOver { host.stop(origin: .you, reason: "left the screen") }
    let summary = try host.finish()
    if exit == .quit(.detached), summary.reason == .stopped, let session = plan.sessionPath {
      try Detachment.begin(session: session)
      return .done
    }
    Farewell.print(summary, plan: plan)
    if case .signal = exit { return .interrupted }
    return .done
  }
}

/// Training that goes on without a screen: the stopped session is taken up by a process of its own. A resumed run has
/// the numbers of one that never stopped, so nothing is lost by the change.
enum Detachment {
  static func begin(session: String) throws {
    say("handing \(session) over to a process without a screen")
    do {
      let (process, isTraining) = try BackgroundRun.begin(["resume", session, "--headless"], session: session)
      say(
        isTraining
          ? "training goes on without a screen (process \(process))"
          : "process \(process) is reading model and data and goes on then")
      say("its messages: \(session)/\(SessionFolder.logName)")
      say("follow it: workbench attach \(session)")
    } catch {
      throw UsageError(
        "\(session): the run is saved but did not go on by itself: \(error); workbench resume \(session) takes it up")
    }
  }
}

/// A line for the person who sat at the screen. It is no result: where the terminal has gone too, the run's end stays
/// what it is.
private func say(_ line: String) { try? StandardOutput.shared.write(line) }

/// What stays on the terminal after the screen has gone.
enum Farewell {
  static func print(_ summary: RunSummary, plan: RunPlan) {
    var line = "\(plan.name): \(summary.reason) after \(summary.steps) steps"
    if summary.steps > 0 { line += String(format: ", %.1f prompts/s", summary.pairsPerSecond) }
    say(line)
    if let checkpoint = summary.checkpointPath {
      say("saved: \(checkpoint)")
      say("export: workbench export \(plan.sessionPath ?? checkpoint) --to DIR")
    }
  }
}
