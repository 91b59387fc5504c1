import Control

/// How a run is steered. Commands are read between layers and answered at once; what they change comes into force between
/// optimizer steps, so the numbers of a step never mix two settings.
extension TrainingLoop {
  private var moment: ControlState.Moment {
    ControlState.Moment(
      step: step, stepUnderWay: stepUnderWay, totalSteps: settings.totalSteps, prompts: set.count,
      canSave: store != nil, waitsForDisk: isBlocked)
  }

  /// Called between layers and between steps: never waits.
  func takeCommands() { apply(mailbox.take()) }

  private func apply(_ requests: [CommandRequest]) {
    for request in requests {
      for event in control.apply(request, at: moment) { publish(event) }
    }
  }

  /// Between steps: does what was asked for, and waits while paused.
  func waitForTurn() throws {
    takeCommands()
    try waitForRecord()
    control.countStep()
    try doPendingWork()
    guard control.mustPause else { return }
    publish(.stateChanged(.paused(atStep: step)))
    control.isPaused = true
    while control.mustPause {
      apply(mailbox.wait())
      try doPendingWork()
    }
    control.isPaused = false
    if control.stopRequest == nil { publish(.stateChanged(.running)) }
  }

  /// Work that commands asked for and that must not fall into a step.
  private func doPendingWork() throws {
    // An inspection reads commands between its layers, so there may be more to do after it.
    while let work = control.work {
      switch work {
      case .checkpoint(let request):
        let saved = try save()
        control.done(work)
        publish(ControlState.answer(request, effectStep: step, at: moment, path: saved?.path))
      case .inspection(let prompt):
        control.done(work)
        try inspect(prompt)
      }
    }
  }

  /// At the end of the run: what came during the last step or evaluation gets its answer too. The stop's comes last,
  /// when its checkpoint is on disk.
  func answerPendingCommands() throws {
    takeCommands()
    try doPendingWork()
    guard let stop = control.stopRequest else { return }
    publish(ControlState.answer(stop, effectStep: step, at: moment, path: lastCheckpoint?.path))
  }

  /// At the end of a run that failed.
  func failPendingCommands(_ error: any Error) {
    for event in control.fail(mailbox.take(), error, at: moment) { publish(event) }
  }

  // MARK: Waiting for the disk

  /// Throws where the session folder is not this run's any more.
  func requireFolder() throws { try recorder?.requireFolder() }

  /// Waits while the record cannot be written.
  func waitForRecord() throws {
    try requireFolder()
    try waitForDisk { [recorder] in
      guard recorder?.trouble != nil else { return nil }
      try recorder?.requireFolder()
      recorder?.retry()
      return recorder?.trouble
    }
  }

  /// Tries `attempt` until it has no complaint. Meanwhile the run is paused, says why, and reads commands; a resume
  /// tries at once, a stop gives up.
  func waitForDisk(_ attempt: () throws -> String?) throws {
    guard var complaint = try attempt() else { return }
    publish(
      .log(
        LogLine(
          level: .error,
          text: complaint + "; training is paused and goes on by itself when it can be written again")))
    publish(.stateChanged(.paused(atStep: step)))
    isBlocked = true
    defer { isBlocked = false }
    while true {
      apply(mailbox.wait(seconds: Self.secondsBetweenAttempts))
      guard let left = try attempt() else { break }
      complaint = left
      if control.stopRequest != nil { throw TrainingError.diskRefuses(complaint) }
    }
    // A run that is told to stop may also have been told to wait for some of it no longer.
    guard control.stopRequest == nil else { return }
    publish(.log(LogLine(level: .info, text: "what waited is written")))
    if !control.pauseRequested { publish(.stateChanged(.running)) }
  }

  private static var secondsBetweenAttempts: Double { 1 }
}
