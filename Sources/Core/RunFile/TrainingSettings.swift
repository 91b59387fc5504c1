import Control
import Device

extension RunFile {
  /// `training:`, in the names of TRL and transformers.
  public struct TrainingSettings: Sendable, Equatable {
    public var duration = Duration.epochs(2)
    /// Prompts in one optimizer step.
    public var promptsPerStep = 16
    public var learningRate = 5e-5
    public var scheduler = LearningRateSchedule.Kind.cosine
    /// Share of the optimizer steps in which the learning rate rises linearly from 0, in 0 ≤ w < 1.
    public var warmupRatio = 0.0
    public var weightDecay = 0.0
    /// L2 norm to which the whole gradient is clipped; 0 switches clipping off.
    public var maxGradNorm = 1.0
    public var seed: UInt64 = 42
    public var precision = Precision.bf16
    /// nil is `auto`: as many as the machine has cores.
    public var threads: Int?
    /// Optimizer steps between evaluations; nil evaluates at the end only.
    public var evalSteps: Int? = 50
    /// Optimizer steps between checkpoints; nil saves at the end only.
    public var saveSteps: Int? = 200
    /// The last so many checkpoints are kept, and the best one; nil keeps all.
    public var saveTotalLimit: Int?
    /// The evaluation metric by which a checkpoint is the best; nil looks at none.
    public var metricForBestModel: EvaluationMetric?

    public init() {}
  }

  public enum Duration: Sendable, Equatable {
    /// `num_train_epochs`: passes over the training prompts, fractions allowed.
    case epochs(Double)
    /// `max_steps`: optimizer steps.
    case steps(Int)
  }
}

extension RunFile.TrainingSettings {
  init(_ section: ConfigSection) throws {
    duration = try Self.duration(of: section)
    promptsPerStep = try section.integer("prompts_per_step", default: promptsPerStep, in: 1...1_000_000)
    learningRate = try section.number("learning_rate", default: learningRate, "a number above 0") { $0 > 0 }
    scheduler = try section.choice("lr_scheduler_type", default: scheduler)
    warmupRatio = try section.number("warmup_ratio", default: warmupRatio, "a number of at least 0 and below 1") {
      $0 >= 0 && $0 < 1
    }
    if scheduler == .constant, warmupRatio > 0 {
      throw section.error(
        "warmup_ratio", "lr_scheduler_type constant has no warmup; use constant_with_warmup or a warmup_ratio of 0")
    }
    weightDecay = try section.number("weight_decay", default: weightDecay, "a number of at least 0") { $0 >= 0 }
    maxGradNorm = try section.number(
      "max_grad_norm", default: maxGradNorm, "a number of at least 0 (0 switches clipping off)"
    ) { $0 >= 0 }
    seed = UInt64(try section.integer("seed", default: 42, in: 0...Int.max))
    precision = try section.choice("precision", default: precision)
    if let value = section["threads"], value != .scalar("auto", quoted: false), value != .scalar("auto", quoted: true) {
      guard case .scalar(let text, _) = value, NumberText.isNumber(text) else {
        throw section.error("threads", "\(value.phrase) is not auto or a number of threads")
      }
      threads = try section.integer("threads", default: 1, in: ThreadCount.allowed)
    }
    evalSteps = try section.optionalInteger("eval_steps", default: evalSteps, in: 1...10_000_000)
    saveSteps = try section.optionalInteger("save_steps", default: saveSteps, in: 1...10_000_000)
    saveTotalLimit = try section.optionalInteger("save_total_limit", default: nil, in: 1...10_000_000)
    metricForBestModel = try section.optionalChoice("metric_for_best_model")
  }

  private static func duration(of section: ConfigSection) throws -> RunFile.Duration {
    let hasEpochs = section["num_train_epochs"].map { $0 != .null } ?? false
    let hasSteps = section["max_steps"].map { $0 != .null } ?? false
    switch (hasEpochs, hasSteps) {
    case (true, true):
      throw section.error("max_steps", "training.num_train_epochs is given as well; keep one of the two")
    case (_, true):
      return .steps(try section.integer("max_steps", default: 1, in: 1...10_000_000))
    case (true, false):
      return .epochs(
        try section.number("num_train_epochs", default: 2, "a number above 0 and at most 1000000") {
          $0 > 0 && $0 <= 1_000_000
        })
    case (false, false):
      return .epochs(2)
    }
  }

  func write(to writer: inout ConfigWriter) {
    writer.section("training") { writer in
      switch duration {
      case .epochs(let epochs): writer.value("num_train_epochs", epochs)
      case .steps(let steps): writer.value("max_steps", steps)
      }
      writer.value("prompts_per_step", promptsPerStep)
      writer.value("learning_rate", learningRate)
      writer.value("lr_scheduler_type", scheduler.rawValue)
      writer.value("warmup_ratio", warmupRatio)
      writer.value("weight_decay", weightDecay)
      writer.value("max_grad_norm", maxGradNorm)
      writer.value("seed", seed)
      writer.value("precision", precision.rawValue)
      writer.value("threads", threads.map(String.init) ?? "auto")
      writer.value("eval_steps", evalSteps)
      writer.value("save_steps", saveSteps)
      writer.value("save_total_limit", saveTotalLimit)
      writer.value("metric_for_best_model", metricForBestModel?.rawValue)
    }
  }
}
