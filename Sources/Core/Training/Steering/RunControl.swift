import Control
import Preference

/// How a run obeys. Commands are read between layers and answered at once; what they change comes into force between
/// optimizer steps, so the numbers of a step never mix two settings.
extension TrainingLoop {
  /// Called between layers and between steps: never waits.
  func takeCommands() {
    for request in mailbox.take() { obey(request) }
  }

  /// Between steps: does what was asked for, and waits while paused.
  func waitForTurn() throws {
    takeCommands()
    try untilTheRecordTakes()
    if let left = stepsBeforePause {
      if left == 0 {
        stepsBeforePause = nil
        pauseRequested = true
      } else {
        stepsBeforePause = left - 1
      }
    }
    try finishPending()
    guard pauseRequested, stopRequest == nil else { return }
    publish(.stateChanged(.paused(atStep: step)))
    isPaused = true
    while pauseRequested, stopRequest == nil {
      for request in mailbox.wait() { obey(request) }
      try finishPending()
    }
    isPaused = false
    if stopRequest == nil { publish(.stateChanged(.running)) }
  }

  /// Work that commands asked for and that must not fall into a step.
  private func finishPending() throws {
    // An inspection reads commands between its layers, so there may be more to do after it.
    while true {
      if let request = pendingCheckpoints.first {
        let saved = try save()
        pendingCheckpoints.removeFirst()
        answer(request, effectStep: step, path: saved?.path)
      } else if let prompt = pendingInspection {
        pendingInspection = nil
        try inspect(prompt)
      } else {
        return
      }
    }
  }

  /// The first step that is not under way yet.
  private var nextStep: Int { step + (stepUnderWay ? 2 : 1) }
  /// Complete steps once the one under way has ended.
  private var settledStep: Int { step + (stepUnderWay ? 1 : 0) }

  func obey(_ request: CommandRequest) {
    if request.command.needsAnotherStep {
      if stopRequest != nil { return refuse(request, "the run is stopping") }
      if nextStep > settings.totalSteps {
        return refuse(request, "no step is left: the run ends at step \(settings.totalSteps)")
      }
    }
    switch request.command {
    case .pause:
      guard !pauseRequested else { return refuse(request, "the run is already paused or about to pause") }
      pauseRequested = true
      stepsBeforePause = nil
      answer(request, effectStep: settledStep)
      if stepUnderWay { publish(.stateChanged(.pausing(afterStep: settledStep))) }
    case .resume:
      guard pauseRequested || stepsBeforePause != nil || isBlocked else {
        return refuse(request, "the run is not paused")
      }
      pauseRequested = false
      stepsBeforePause = nil
      answer(request, effectStep: nextStep)
      if stepUnderWay { publish(.stateChanged(.running)) }
    case .step(let count):
      guard isPaused else { return refuse(request, "single steps need a paused run") }
      guard count >= 1 else { return refuse(request, "the number of steps must be at least 1") }
      pauseRequested = false
      // Two requests that come together add up; the run's length keeps a huge count from overflowing.
      stepsBeforePause = min(count, settings.totalSteps) + (stepsBeforePause.map { $0 + 1 } ?? 0) - 1
      answer(request, effectStep: nextStep)
    case .checkpoint:
      guard store != nil else { return refuse(request, "this run has no session folder to save into") }
      pendingCheckpoints.append(request)
    case .stop:
      guard stopRequest == nil else { return refuse(request, "the run is already stopping") }
      stopRequest = request
      publish(.stateChanged(.stopping))
    case .gamma(let override): setGamma(override, request)
    case .learningRate(let value):
      guard value.isFinite, value >= 0 else {
        return refuse(request, "the learning rate must be a finite number, zero or more")
      }
      // A step reads its settings when it begins, so a new value may take its place at once.
      let old = learningRate.base
      learningRate.base = value
      pendingChanges.removeAll { $0.command.key == request.command.key }
      answer(request, effectStep: nextStep, old: old, new: value)
    case .beta(let value):
      guard value.isFinite, value > 0 else { return refuse(request, "β must be a finite number above zero") }
      let old = objective.beta
      objective.beta = value
      pendingChanges.removeAll { $0.command.key == request.command.key }
      answer(request, effectStep: nextStep, old: old, new: value)
    case .inspect(let prompt):
      guard set.items.indices.contains(prompt) else {
        return refuse(request, "there is no prompt \(prompt); the run has \(set.count)")
      }
      pendingInspection = prompt
      answer(request, effectStep: settledStep)
    }
  }

  private func setGamma(_ override: GammaOverride, _ request: CommandRequest) {
    guard objective.model == .hps else {
      return refuse(request, "γ belongs to the preference model hps; this run uses \(objective.model.rawValue)")
    }
    let next = nextStep
    let old = gamma.value(step: next)
    var effect = next
    do {
      switch override {
      case .hold(let value): try gamma.hold(value, from: next)
      case .ramp(let target, let steps): try gamma.ramp(to: target, steps: steps, from: next)
      case .at(let step, let value):
        guard step >= next else {
          return refuse(request, "step \(step) is past or under way; the next one is \(next)")
        }
        guard step <= settings.totalSteps else {
          return refuse(request, "the run ends at step \(settings.totalSteps)")
        }
        try gamma.set(value, at: step, from: next)
        effect = step
      case .schedule: try gamma.returnToSchedule(from: next)
      }
    } catch {
      return refuse(request, error.description)
    }
    answer(request, effectStep: effect, old: old, new: gamma.value(step: effect))
    publish(.gammaPlan(gamma.plan()))
  }

  /// At the end of the run: what came during the last step or evaluation gets its answer too. The stop's comes last,
  /// when its checkpoint is on disk.
  func answerTheRest() throws {
    takeCommands()
    try finishPending()
    guard let stopRequest else { return }
    answer(stopRequest, effectStep: step, path: lastCheckpoint?.path)
  }

  /// At the end of a run that failed: what cannot be done any more is refused, so that every command has an answer.
  func refuseTheRest(_ error: any Error) {
    let left = pendingCheckpoints + (stopRequest.map { [$0] } ?? []) + mailbox.take()
    for request in left { refuse(request, "the run has failed: \(error)") }
  }

  private func answer(
    _ request: CommandRequest, effectStep: Int, old: Double? = nil, new: Double? = nil, path: String? = nil
  ) {
    publish(
      .acknowledged(
        CommandAcknowledgement(
          id: request.id, command: request.command, origin: request.origin, reason: request.reason,
          requestStep: step, effectStep: effectStep, oldValue: old, newValue: new, path: path, nextStep: nextStep)))
  }

  private func refuse(_ request: CommandRequest, _ sentence: String) {
    publish(
      .acknowledged(
        CommandAcknowledgement(
          id: request.id, command: request.command, origin: request.origin, reason: request.reason,
          requestStep: step, effectStep: step, refusal: sentence)))
  }
}

extension RunCommand {
  /// Whether the command is about a step that has not begun.
  fileprivate var needsAnotherStep: Bool {
    switch self {
    case .pause, .resume, .step, .gamma, .learningRate, .beta: true
    case .checkpoint, .stop, .inspect: false
    }
  }
}
