import Checkpoint
import Model
import DeviceCPU
import Preference
import PreferenceData
import Text

/// A run prepared and refused as `train` prepares and refuses it, step by step, without a step of training: every part
/// calls what `RunPreparation` calls. Nothing is written but, for large data, the cache of tokenized rows.
public struct RunCheck {
  public let plan: RunPlan
  public let objective: Objective
  public let checkpoint: CheckpointFolder
  public let text: TextFolder

  private let preparation: RunPreparation

  /// Opens what the run file names and refuses what needs no data.
  public init(_ plan: RunPlan) throws {
    self.plan = plan
    preparation = RunPreparation(plan: plan, mailbox: CommandMailbox()) { _ in }
    objective = try plan.runFile.objective()
    try preparation.checkSession()
    checkpoint = try CheckpointFolder(path: plan.runFile.model)
    text = try TextFolder(path: plan.runFile.model)
    try preparation.checkLengths(checkpoint.configuration)
  }

  /// The adapter that the run would begin with.
  public func adapter() throws -> LoRAConfiguration {
    try preparation.makeAdapter(checkpoint.configuration, from: nil).configuration
  }

  /// The prompts that the run would train on and those that it would hold out.
  public func data() throws -> (training: PreferenceReader.Encoded, heldOut: PreferenceReader.Encoded?) {
    let data = try preparation.readData(text: text, configuration: checkpoint.configuration, objective: objective)
    _ = try GammaControl(
      schedule: plan.runFile.preference.gamma,
      totalSteps: preparation.loopSettings(prompts: data.training.count).totalSteps)
    return data
  }

  /// The memory that the run would take.
  /// - Throws: `TrainingError` for sequences longer than the model's context, and where memory is short.
  public func memory(
    _ data: (training: PreferenceReader.Encoded, heldOut: PreferenceReader.Encoded?), adapter: LoRAConfiguration
  ) throws -> MemoryPlan {
    let training = plan.runFile.training
    let model = try LanguageModel(
      checkpoint: checkpoint,
      device: CPUDevice(threads: training.threads ?? Machine.cores, precision: training.precision))
    let sets = [data.training] + (data.heldOut.map { [$0] } ?? [])
    for set in sets { try PreferenceReader.check(longest: set.longestSequence, limit: model.longestSequence) }
    return try preparation.fitMemory(model: model, adapter: adapter, mismatches: objective.needsKL, sets: sets)
  }
}
