import Control

extension ObservedRun {
  /// Takes one more event of the run.
  /// - Parameter now: seconds of a clock: the screen's for a run that goes on, the record's for one of the past.
  mutating func take(_ event: RunEvent, now: Double) {
    switch event {
    case .loading(let progress): take(progress)
    case .started(let description): take(description)
    case .stateChanged(let phase): take(phase, now: now)
    case .step(let record): take(record, now: now)
    case .evaluation(let record): take(record)
    case .generation(let record): generations.add(record)
    case .answerShares(let answers):
      shares.append(answers)
      // Enough for any bar; the first stays as the start that others are compared with.
      if shares.count > 512 { shares.remove(at: 1) }
    case .gammaPlan(let plan): gammaPlan = plan
    case .acknowledged(let answer): take(answer)
    case .inspected(let inspection): prompts.add(inspection)
    case .checkpoint(let step, let path):
      lastCheckpoint = (step, path)
      // A run that was resumed from an earlier one writes some again.
      checkpoints = checkpoints.filter { $0 < step } + [step]
      note("checkpoint written: \(path)", step: step, Style(.good))
    case .log(let line): logs.append(LogEntry(source: .run, line: line))
    case .finished(let summary): take(summary, now: now)
    }
  }

  private mutating func take(_ progress: LoadingProgress) {
    if let index = loading.firstIndex(where: { $0.what == progress.what }) {
      loading[index] = progress
    } else {
      if loading.count == 100 { loading.removeFirst() }
      loading.append(progress)
    }
  }

  private mutating func take(_ description: RunDescription) {
    self.description = description
    peakLearningRate = description.learningRate
    note(
      "\(description.method) on \(description.modelName): \(description.totalSteps) steps of "
        + "\(description.promptsPerStep) prompts, \(description.catalogue.count) prompts, "
        + "\(NumberText.count(description.trainableParameters)) trainable parameters",
      step: 0)
  }

  private mutating func take(_ phase: RunState, now: Double) {
    let before = self.phase
    self.phase = phase
    switch phase {
    case .paused(let step):
      note("paused at step \(step)", step: step)
      sortPrompts(now: now)
    case .running where before != .running && before != .loading: note("resumed")
    case .stopping: note("stopping: the step under way ends, then a checkpoint is written")
    case .failed(let sentence):
      note("the run failed: \(sentence)", Style(.bad))
      sortPrompts(now: now)
    case .finished: sortPrompts(now: now)
    case .loading, .running, .pausing: break
    }
  }

  private mutating func take(_ record: StepRecord, now: Double) {
    if !record.loss.isFinite, lastStep?.loss.isFinite ?? true {
      note("the loss is not a number at step \(record.step)", step: record.step, Style(.bad))
    }
    metrics.add(record)
    for visit in record.visits {
      prompts.add(visit, step: record.step, gamma: record.gamma)
      var q: [Double] = []
      if let gamma = record.gamma, let prompt = catalogued(visit.prompt) {
        q = NegativeDistribution.probabilities(rewards: prompt.rewards, gamma: gamma, preferred: preferred)
      }
      sampling.add(rank: visit.drawn, q: q)
    }
    var kept = record
    kept.visits = []
    lastStep = kept
    lastVisits = record.visits
    raiseAlarms()
    sortPromptsIfDue(now: now)
    if firstListed == nil { firstListed = prompts.order.first }
  }

  private mutating func take(_ record: EvaluationRecord) {
    metrics.add(record)
    lastEvaluation = record
    note(
      "evaluated \(record.prompts) held-out prompts: loss \(NumberText.plain(record.loss, decimals: 4)), accuracy "
        + "\(NumberText.percent(record.accuracy)), margin to the hardest \(NumberText.signed(record.hardestMargin))"
        + (record.diagnostics?.policyKL.map { ", KL \(NumberText.plain($0, decimals: 1))" } ?? ""),
      step: record.step)
    raiseAlarms()
  }

  private mutating func take(_ answer: CommandAcknowledgement) {
    if let refusal = answer.refusal {
      note("refused: \(refusal)", step: answer.requestStep, Style(.warning))
      return
    }
    if case .set(.learningRate, .hold(let value)) = answer.command { peakLearningRate = answer.newValue ?? value }
    guard let text = AcknowledgementText.text(answer) else { return }
    let mark = AcknowledgementText.mark(answer)
    note(text, step: answer.effectStep, Style(mark == nil ? .text : .override))
    if let mark { marks.append(mark) }
    if answer.command == .checkpoint, let path = answer.path { lastCheckpoint = (answer.effectStep, path) }
  }

  private mutating func take(_ summary: RunSummary, now: Double) {
    self.summary = summary
    if !hasEnded { phase = .finished }
    sortPrompts(now: now)
    note(
      "\(summary.reason) after \(summary.steps) steps in \(NumberText.duration(summary.trainRuntime)): mean loss "
        + "\(NumberText.plain(summary.trainLoss, decimals: 4)), "
        + "\(NumberText.plain(summary.pairsPerSecond, decimals: 1)) pairs/s",
      step: summary.steps)
  }
}
