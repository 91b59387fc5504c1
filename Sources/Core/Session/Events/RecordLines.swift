import Control
import JSON

extension StepRecord {
  /// The headless line of one optimizer step: TRL's names where TRL has one, in a fixed order.
  public var line: String {
    var json = JSONLine()
    json.add("step", step)
    json.add("epoch", epoch)
    json.add(values, of: Metric.stepMetrics)
    return json.text
  }
}

extension EvaluationRecord {
  /// The headless line of one evaluation: the step's names with `eval_`, and those that only an evaluation has.
  public var line: String {
    var json = JSONLine()
    json.add("step", step)
    json.add("epoch", epoch)
    json.add(values, of: Metric.evaluationMetrics)
    return json.text
  }
}

extension JSONLine {
  /// The numbers of a record: the catalogue's in its order, then all others by name.
  fileprivate mutating func add(_ values: MetricValues, of catalogue: [Metric]) {
    let ordered = catalogue.filter { !$0.isLast } + catalogue.filter(\.isLast)
    for metric in ordered + values.keys(beside: catalogue).map(Metric.named) {
      guard let value = values[metric] else {
        if metric.absence == .null { add(metric.key, nil as Double?) }
        continue
      }
      if metric.isCount { add(metric.key, values.count(metric)) } else { add(metric.key, value) }
    }
  }
}

extension RunEvent {
  /// The headless line of this event, or nil for events that headless output leaves out (loading, log, inspection).
  public var line: String? {
    var json = JSONLine()
    switch self {
    case .loading, .log, .inspected, .gammaPlan: return nil
    case .step(let record): return record.line
    case .evaluation(let record): return record.line
    case .started(let run):
      json.add("event", "started")
      json.add("run", run.name)
      json.add("model", run.modelName)
      json.add("method", run.method)
      json.add("estimator", run.estimator)
      json.add("total_steps", run.totalSteps)
      json.add("prompts", run.catalogue.count)
      json.add("prompts_per_step", run.promptsPerStep)
      json.add("trainable_parameters", run.trainableParameters)
      json.add("precision", run.precision)
      json.add("threads", run.threads)
      json.add("session", run.sessionPath)
    case .stateChanged(let state):
      switch state {
      case .paused(let step):
        json.add("event", "paused")
        json.add("step", step)
      case .running: json.add("event", "running")
      case .failed(let sentence):
        json.add("event", "failed")
        json.add("message", sentence)
      default: return nil
      }
    case .generation(let record):
      json.add("event", "generation")
      json.add("step", record.step)
      json.add("temperature", record.temperature)
      json.add("prompt", record.prompt)
      json.add("policy", record.policy)
      json.add("reference", record.reference)
      if let grade = record.policyGrade { json.add("policy_grade", grade) }
      if let grade = record.referenceGrade { json.add("reference_grade", grade) }
    case .answerShares(let record):
      json.add("event", "answer_shares")
      json.add("step", record.step)
      json.add("samples", record.samples)
      json.add("temperature", record.temperature)
      for share in record.shares { json.add(share.kind, share.fraction) }
    case .acknowledged(let answer):
      json.add("event", answer.refusal == nil ? answer.command.name : "refused")
      if answer.refusal != nil { json.add("command", answer.command.name) }
      if let key = answer.command.key { json.add("key", key.rawValue) }
      json.add("id", answer.id)
      json.add("origin", answer.origin.rawValue)
      json.add("request_step", answer.requestStep)
      json.add("effect_step", answer.effectStep)
      if answer.oldValue != nil || answer.newValue != nil {
        json.add("old", answer.oldValue)
        json.add("new", answer.newValue)
      }
      if let path = answer.path { json.add("path", path) }
      if let reason = answer.reason { json.add("reason", reason) }
      if let refusal = answer.refusal { json.add("message", refusal) }
    case .checkpoint(let step, let path):
      json.add("event", "checkpoint_saved")
      json.add("step", step)
      json.add("path", path)
    case .finished(let summary):
      json.add("event", "finished")
      json.add("reason", summary.reason.rawValue)
      json.add("step", summary.steps)
      json.add("train_loss", summary.trainLoss)
      json.add("train_runtime", summary.trainRuntime)
      json.add("pairs_per_second", summary.pairsPerSecond)
      json.add("checkpoint", summary.checkpointPath)
    }
    return json.text
  }
}
