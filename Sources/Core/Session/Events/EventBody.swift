import Control
import Foundation

/// How the events that are not steps lie in `event.body`: JSON, one shape for each kind.
enum EventBody {
  /// `event.kind`.
  enum Kind: String {
    case started, state, evaluation, generation
    case answerShares = "answer_shares"
    case gammaPlan = "gamma_plan"
    case command, inspection, checkpoint, log, finished
  }

  struct Started: Codable {
    var name: String
    var modelName: String
    var method: String
    var estimator: String?
    var totalSteps: Int
    var stepsPerEpoch: Double
    var promptsPerStep: Int
    var learningRate: Double
    var beta: Double
    var precision: String
    var threads: Int
    var trainableParameters: Int
    var prompts: Int
    /// Absent in records that hold all prompts.
    var rewardSample: [[Double]]?
    /// Absent where it is 1.
    var preferred: Int?
    var notice: String?
    /// Absent where nothing grades answers, and in records of before it was kept.
    var grader: String?

    /// The sizes that an observer counts on.
    var isInRange: Bool {
      (1...GammaPlan.longest).contains(totalSteps) && (0...1 << 40).contains(prompts) && promptsPerStep >= 1
        && (1...1000).contains(preferred ?? 1)
        && (rewardSample ?? []).count <= prompts && (rewardSample ?? []).allSatisfy { $0.allSatisfy(\.isFinite) }
    }
  }

  struct State: Codable {
    var state: String
    var step: Int?
    var message: String?
  }

  /// γ as runs of equal values, which staircases and holds are made of.
  struct GammaPlan: Codable {
    var values: [Double]
    var counts: [Int]
  }

  struct Checkpoint: Codable {
    var step: Int
    /// The folder's name inside the session.
    var name: String
  }

  struct Command: Codable {
    var id: Int
    var name: String
    var origin: String
    var reason: String?
    var requestStep: Int
    var effectStep: Int
    /// The first step that had not begun when the command was read.
    var nextStep: Int?
    var oldValue: Double?
    var newValue: Double?
    var refusal: String?
    var path: String?
    var count: Int?
    var prompt: Int?
    var key: String?
    var mode: String?
    var value: Double?
    var steps: Int?
    var at: Int?
  }

  // MARK: To and from JSON

  static func json(_ body: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(body), as: UTF8.self)
  }

  static func decode<Body: Decodable>(_ type: Body.Type, _ json: String) throws -> Body {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: Data(json.utf8))
  }
}

extension RunEvent {
  /// Kind and JSON of an event that goes into the table `event`; nil for steps, and for loading, which is not kept.
  func body() throws -> (kind: EventBody.Kind, json: String)? {
    switch self {
    case .loading, .step: return nil
    case .started(let run):
      return (
        .started,
        try EventBody.json(
          EventBody.Started(
            name: run.name, modelName: run.modelName, method: run.method, estimator: run.estimator,
            totalSteps: run.totalSteps, stepsPerEpoch: run.stepsPerEpoch, promptsPerStep: run.promptsPerStep,
            learningRate: run.learningRate, beta: run.beta, precision: run.precision, threads: run.threads,
            trainableParameters: run.trainableParameters, prompts: run.catalogue.count,
            rewardSample: run.rewardSample, preferred: run.preferred == 1 ? nil : run.preferred, notice: run.notice,
            grader: run.grader))
      )
    case .stateChanged(let state): return (.state, try EventBody.json(EventBody.State(state)))
    case .evaluation(let record): return (.evaluation, try EventBody.json(EventBody.Evaluation(record)))
    case .generation(let record): return (.generation, try EventBody.json(record))
    case .answerShares(let shares): return (.answerShares, try EventBody.json(shares))
    case .gammaPlan(let plan): return (.gammaPlan, try EventBody.json(EventBody.GammaPlan(plan)))
    case .acknowledged(let answer): return (.command, try EventBody.json(EventBody.Command(answer)))
    case .inspected(let inspection): return (.inspection, try EventBody.json(inspection))
    case .checkpoint(let step, let path):
      let name = URL(fileURLWithPath: path).lastPathComponent
      return (.checkpoint, try EventBody.json(EventBody.Checkpoint(step: step, name: name)))
    case .log(let line): return (.log, try EventBody.json(line))
    case .finished(let summary):
      var kept = summary
      kept.checkpointPath = summary.checkpointPath.map { URL(fileURLWithPath: $0).lastPathComponent }
      return (.finished, try EventBody.json(kept))
    }
  }

  /// The step that the event belongs to, where it names one.
  var ownStep: Int? {
    switch self {
    case .step(let record): record.step
    case .evaluation(let record): record.step
    case .generation(let record): record.step
    case .answerShares(let shares): shares.step
    case .acknowledged(let answer): answer.requestStep
    case .inspected(let inspection): inspection.step
    case .checkpoint(let step, _): step
    case .finished(let summary): summary.steps
    default: nil
    }
  }
}

extension EventBody.State {
  init(_ state: RunState) {
    switch state {
    case .loading: self.init(state: "loading")
    case .running: self.init(state: "running")
    case .pausing(let step): self.init(state: "pausing", step: step)
    case .paused(let step): self.init(state: "paused", step: step)
    case .stopping: self.init(state: "stopping")
    case .finished: self.init(state: "finished")
    case .failed(let message): self.init(state: "failed", message: message)
    }
  }

  var runState: RunState? {
    switch state {
    case "loading": .loading
    case "running": .running
    case "pausing": .pausing(afterStep: step ?? 0)
    case "paused": .paused(atStep: step ?? 0)
    case "stopping": .stopping
    case "finished": .finished
    case "failed": .failed(message ?? "")
    default: nil
    }
  }
}

extension EventBody.GammaPlan {
  init(_ plan: [Double]) {
    values = []
    counts = []
    for value in plan {
      if value == values.last {
        counts[counts.count - 1] += 1
      } else {
        values.append(value)
        counts.append(1)
      }
    }
  }

  /// nil where the counts are no lengths of a plan.
  var plan: [Double]? {
    guard values.count == counts.count, counts.allSatisfy({ (1...Self.longest).contains($0) }),
      counts.reduce(0, +) <= Self.longest
    else { return nil }
    return zip(values, counts).flatMap { Array(repeating: $0, count: $1) }
  }

  /// The most optimizer steps that a run file allows.
  static let longest = 10_000_000
}

extension EventBody.Command {
  init(_ answer: CommandAcknowledgement) {
    self.init(
      id: answer.id, name: answer.command.name, origin: answer.origin.rawValue, reason: answer.reason,
      requestStep: answer.requestStep, effectStep: answer.effectStep, nextStep: answer.nextStep,
      oldValue: answer.oldValue, newValue: answer.newValue, refusal: answer.refusal,
      path: answer.path.map { URL(fileURLWithPath: $0).lastPathComponent }, key: answer.command.key?.rawValue)
    switch answer.command {
    case .step(let count): self.count = count
    case .inspect(let prompt): self.prompt = prompt
    case .set(let key, let change):
      // A setting that can only be held has no mode.
      mode = Setting.named(key)?.changes == [.hold] ? nil : change.kind.rawValue
      value = change.value
      if case .ramp(_, let steps) = change { self.steps = steps }
      if case .at(let step, _) = change { at = step }
    case .pause, .resume, .checkpoint, .stop: break
    }
  }

  /// nil where the parts do not make a command.
  func acknowledgement(in folder: String) -> CommandAcknowledgement? {
    guard let command else { return nil }
    return CommandAcknowledgement(
      id: id, command: command, origin: CommandOrigin(rawValue: origin), reason: reason, requestStep: requestStep,
      effectStep: effectStep, oldValue: oldValue, newValue: newValue, refusal: refusal,
      path: path.map { folder + "/" + $0 }, nextStep: nextStep)
  }

  private var command: RunCommand? {
    switch name {
    case "pause": .pause
    case "resume": .resume
    case "checkpoint": .checkpoint
    case "stop": .stop
    case "step": count.map { .step($0) }
    case "inspect": prompt.map { .inspect(prompt: $0) }
    case "set": key.flatMap { key in change.map { .set(Setting.Key(rawValue: key), $0) } }
    default: nil
    }
  }

  private var change: Change? {
    switch mode.map(Change.Kind.init(rawValue:)) ?? .hold {
    case .hold: value.map { .hold($0) }
    case .ramp: value.flatMap { value in steps.map { .ramp(target: value, steps: $0) } }
    case .at: value.flatMap { value in at.map { .at(step: $0, value: value) } }
    case .schedule: .schedule
    case nil: nil
    }
  }
}
