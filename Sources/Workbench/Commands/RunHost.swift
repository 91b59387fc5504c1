import Control
import Foundation
import Session
import Synchronization
import Training
import WorkbenchScreen

/// A run in this process, whoever looks at it: its threads, its record, its control socket, and its end. The screen and the
/// lines of a headless run are two front ends on it.
final class RunHost: Sendable {
  let plan: RunPlan
  private let recorder: SessionRecorder?
  private let ownScreen: (@Sendable (ControlsNews) -> Void)?
  private let observe: @Sendable (RunEvent) -> Void
  private let relay: EventRelay
  private let handle: RunHandle
  private let server = Mutex<ControlServer?>(nil)

  /// - Parameters:
  ///   - output: lines that the run has to wait for, as it does for its record; nil where there are none.
  ///   - ownScreen: hears who holds the controls; nil for a run without a screen.
  ///   - observe: called on the training thread for every event, in order, once it is in the record; returns at once.
  /// - Throws: `ThreadShortage`.
  init(
    _ plan: RunPlan, output: RunOutput? = nil, ownScreen: (@Sendable (ControlsNews) -> Void)? = nil,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws {
    try ThreadSupply.require(pool: plan.runFile.training.threads)
    let recorder = plan.sessionPath.map(SessionRecorder.init)
    var plan = plan
    plan.recorder = recorder
    if let output { plan.recorder = HeadlessRecorder(recorder, output) }
    self.plan = plan
    self.recorder = recorder
    self.ownScreen = ownScreen
    self.observe = observe
    let relay = EventRelay()
    self.relay = relay
    handle = RunHandle { relay.deliver($0) }
  }

  /// Prepares and trains on the training thread; returns at once. Call it once.
  func start() {
    relay.connect { [self] event in
      // First the record: what anybody is told of a command or a checkpoint is on the disk by then.
      recorder?.observe(event)
      // The session is this process's own from here on, and so is the socket in it.
      if case .started = event { openControls() }
      observe(event)
    }
    handle.start(plan)
  }

  private func openControls() {
    guard let folder = plan.sessionPath else { return }
    let started = ControlServer.start(folder: folder, ownScreen: ownScreen) { [self] in send($0) }
    server.withLock { $0 = started }
  }

  /// Steers the run; never blocks. What is sent before the start waits for it.
  func send(_ request: CommandRequest) { handle.send(request) }

  /// What this process's own screen asks of the controls.
  func ask(_ request: ControlsRequest) { server.withLock { $0 }?.own(request) }

  /// Asks the run to stop and save; the trainer refuses further asks.
  func stop(origin: CommandOrigin, reason: String) {
    send(CommandRequest(id: 0, command: .stop, origin: origin, reason: reason))
  }

  var isOver: Bool { handle.isOver }

  /// Waits for the run's end and closes controls and record.
  /// - Parameter whenOver: called before anything is said of the end.
  /// - Throws: what ended the run, or that the record lacks its end.
  func finish(whenOver: () -> Void = {}) throws -> RunSummary {
    let outcome = handle.wait()
    relay.connect(nil)
    server.withLock { server in
      server?.close()
      server = nil
    }
    whenOver()
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

/// Hands events on to whoever is connected. It stands between a run and its host, which would hold each other for ever
/// otherwise.
private final class EventRelay: Sendable {
  private let target = Mutex<(@Sendable (RunEvent) -> Void)?>(nil)

  func connect(_ target: (@Sendable (RunEvent) -> Void)?) { self.target.withLock { $0 = target } }

  func deliver(_ event: RunEvent) { target.withLock { $0 }?(event) }
}
