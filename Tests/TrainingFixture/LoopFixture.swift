import Base
import Checkpoint
import Control
import Evaluation
import Foundation
import Model
import DeviceCPU
import Preference
import PreferenceData
import Synchronization
import TestSupport

@testable import Training

/// A real training loop on the tiny random Llama of Tests/Fixtures/trajectory, on the calling thread.
///
/// Commands are sent from inside event handlers, which run on the training thread at known moments, so every test is
/// deterministic: no sleeps and no second thread.
struct LoopFixture {
  static let folder = TestPackage.fixture("trajectory")
  static let modelPath = folder.appendingPathComponent("model").path

  var objective: Objective
  var set: TrainingSet
  var schedule = GammaSchedule.standard
  /// The base model, a folder of Tests/Fixtures/trajectory.
  var modelFolder = "model"
  /// A folder beside it; nil makes a fresh adapter, B = 0.
  var adapterFolder: String? = "adapter-random"
  var precision = Precision.fp32
  var quantization = Quantization.none
  var level = KernelLevel.best
  var threads = 1
  var tokenBudget = 1024
  var promptsPerStep = 4
  var totalSteps = 8
  var learningRate = 1e-3
  var scheduler = LearningRateSchedule.Kind.constant
  var maxGradientNorm = 1.0
  var weightDecay = 0.0
  var loraPlusRatio = 1.0
  /// Of a fresh adapter.
  var lora = LoRAConfiguration(rank: 4, alpha: 8, targetModules: LinearKind.allCases)
  var seed: UInt64 = 11
  var saveSteps = 0
  var liveReference = false
  var savedCheckpoints: Int?
  var session: String?
  var extraMetrics: [ExtraMetric] = []
  var extraSettings: [(setting: Setting, value: Double)] = []

  init(_ objective: Objective, set: TrainingSet) {
    self.objective = objective
    self.set = set
  }

  /// Ranked prompts under HPS.
  init(
    hps estimator: Estimator = .sample, prompts: Int = 12, responses: Int = 5, preferred: Int = 1
  ) throws {
    var options = ObjectiveOptions()
    options.preferred = preferred
    self.init(
      try Objective(model: .hps, parameterization: .dpo, estimator: estimator, options: options),
      set: Self.ranked(prompts: prompts, responses: responses))
  }

  /// Random prompts of 2–6 tokens with responses of 1–9, rewards falling from 2 in unequal steps below 1, no ties.
  static func ranked(prompts: Int, responses: Int) -> TrainingSet {
    trainingSet(
      (0..<prompts).map { index in
        var stream = RandomStream(seed: 5, purpose: .test, index: index)
        func tokens(_ count: ClosedRange<Int>) -> [Int32] {
          (0..<Int.random(in: count, using: &stream)).map { _ in Int32.random(in: 3..<96, using: &stream) }
        }
        var reward = 2.0
        return (
          tokens(2...6), (0..<responses).map { _ in tokens(0...8) + [1] },
          (0..<responses).map { _ in
            reward -= 0.1 + 0.8 * stream.nextUniform()
            return reward
          }
        )
      })
  }

  static func trainingSet(_ items: [(prompt: [Int32], responses: [[Int32]], rewards: [Double])]) -> TrainingSet {
    TrainingSet(
      examples: items.enumerated().map { index, item in
        EncodedExample(record: index, prompt: item.prompt, responses: item.responses, rewards: item.rewards)
      },
      records: items.enumerated().map { index, item in
        PreferenceRecord(
          prompt: .text("prompt \(index)"), responses: item.responses.indices.map { .text("response \(index).\($0)") },
          rewards: item.rewards)
      }, rewardScale: .none)
  }

  /// - Parameter saved: a checkpoint's adapter, in place of the fixture's own.
  func loop(
    _ events: EventLog = EventLog(), adapter saved: AdapterFolder? = nil, recorder: (any RunRecorder)? = nil
  ) throws -> TrainingLoop {
    let checkpoint = try CheckpointFolder(path: Self.folder.appendingPathComponent(modelFolder).path)
    let model = try LanguageModel(
      checkpoint: checkpoint, device: CPUDevice(threads: threads, precision: precision, kernelLevel: level),
      quantization: quantization)
    model.tokenBudget = tokenBudget
    let adapter =
      if let saved {
        try LoRAAdapter(folder: saved, model: checkpoint.configuration)
      } else if let adapterFolder {
        try LoRAAdapter(
          folder: AdapterFolder.read(
            path: Self.folder.appendingPathComponent(adapterFolder).path, model: checkpoint.configuration),
          model: checkpoint.configuration)
      } else {
        try LoRAAdapter(configuration: lora, model: checkpoint.configuration, seed: seed)
      }
    var settings = LoopSettings(
      promptsPerStep: promptsPerStep, totalSteps: totalSteps,
      learningRate: LearningRateSchedule(
        kind: scheduler, base: learningRate, totalSteps: totalSteps, warmupRatio: 0),
      weightDecay: weightDecay, maxGradientNorm: maxGradientNorm, seed: seed, evaluationSteps: 0,
      saveSteps: saveSteps, liveReference: liveReference, savedCheckpoints: savedCheckpoints)
    settings.loraPlusRatio = loraPlusRatio
    settings.extraMetrics = extraMetrics
    settings.extraSettings = extraSettings
    return TrainingLoop(
      settings: settings, set: set, scorer: GroupScorer(model: model, adapter: adapter), objective: objective,
      gamma: try GammaControl(schedule: schedule, totalSteps: totalSteps),
      store: session.map {
        CheckpointStore(session: $0, baseModelName: "tiny", model: checkpoint.configuration)
      }, evaluator: nil, recorder: recorder, mailbox: events.mailbox, publish: { events.take($0) })
  }

  /// Runs to the end and returns the steps' numbers.
  @discardableResult
  func run(_ events: EventLog = EventLog()) throws -> [StepRecord] {
    _ = try loop(events).run()
    return events.steps
  }
}

/// What a run published, and the hand that steers it.
final class EventLog: Sendable {
  let mailbox = CommandMailbox()
  private let events = Mutex<[RunEvent]>([])
  private let onEvent: @Sendable (RunEvent, EventLog) -> Void

  /// - Parameter onEvent: called on the training thread for every event; `send` inside it is read by the next
  ///   `takeCommands`.
  init(_ onEvent: @escaping @Sendable (RunEvent, EventLog) -> Void = { _, _ in }) {
    self.onEvent = onEvent
  }

  func take(_ event: RunEvent) {
    events.withLock { $0.append(event) }
    onEvent(event, self)
  }

  func send(_ command: RunCommand, id: Int = 1, origin: CommandOrigin = .you, reason: String? = nil) {
    mailbox.put(CommandRequest(id: id, command: command, origin: origin, reason: reason))
  }

  var all: [RunEvent] { events.withLock { $0 } }

  /// Without the times, which no two runs share.
  var steps: [StepRecord] {
    all.compactMap { event in
      guard case .step(var record) = event else { return nil }
      record.stepTime = 0
      return record
    }
  }

  var states: [RunState] { all.compactMap { if case .stateChanged(let state) = $0 { state } else { nil } } }
  var answers: [CommandAcknowledgement] {
    all.compactMap { if case .acknowledged(let answer) = $0 { answer } else { nil } }
  }
  func answer(_ id: Int) -> CommandAcknowledgement? { answers.first { $0.id == id } }
  var inspections: [PromptInspection] {
    all.compactMap { if case .inspected(let inspection) = $0 { inspection } else { nil } }
  }
}

extension RunEvent {
  /// The step that this event ends.
  var endOfStep: Int? { if case .step(let record) = self { record.step } else { nil } }
  var pausedAt: Int? { if case .stateChanged(.paused(let step)) = self { step } else { nil } }
  var answeredID: Int? { if case .acknowledged(let answer) = self { answer.id } else { nil } }
}

extension EventLog {
  /// A log that sends `commands` while step `step` is under way, after `layers` layer boundaries of it: each probe is
  /// a refused command whose answer sends the next, and every `takeCommands` reads one.
  static func during(
    step: Int, layers: Int = 1, _ commands: [RunCommand],
    then: @escaping @Sendable (RunEvent, EventLog) -> Void = { _, _ in }
  ) -> EventLog {
    EventLog { event, log in
      if event.endOfStep == step - 1 { log.send(.inspect(prompt: -1), id: -1) }
      if let id = event.answeredID, id < 0 {
        if -id < layers {
          log.send(.inspect(prompt: -1), id: id - 1)
        } else {
          for (index, command) in commands.enumerated() { log.send(command, id: index + 1) }
        }
      }
      then(event, log)
    }
  }
}
