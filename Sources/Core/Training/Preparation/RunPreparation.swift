import Checkpoint
import Control
import Foundation
import GGUF
import Model
import DeviceCPU
import PreferenceData
import RunFile
import Text

/// From a run plan to a run that can begin, through every reason to refuse it: the one way that `check` and `train` both
/// take. Says what it is doing through `RunEvent.loading`.
public struct RunPreparation {
  public let plan: RunPlan
  let publish: @Sendable (RunEvent) -> Void

  /// - Parameter publish: hears what is being read, warnings, and the report on the data.
  public init(_ plan: RunPlan, publish: @escaping @Sendable (RunEvent) -> Void = { _ in }) {
    self.plan = plan
    self.publish = publish
  }

  var file: RunFile { plan.runFile }

  /// - Parameter watch: called after each stage, before the next one begins.
  /// - Throws: one sentence, an error that has an exit code (`TrainingError`, `RunFileError`, `DataError`,
  ///   `CheckpointError`, …), and what `watch` throws.
  public func prepare(watch: (PreparationStage) throws -> Void = { _ in }) throws -> PreparedRun {
    let model = try prepareModel()
    try watch(.model(model))
    let (adapter, warning) = try prepareAdapter(model)
    try watch(.adapter(adapter))
    let data = try prepareData(model)
    try watch(.data(data))
    return try fit(model, adapter, warning, data)
  }

  // MARK: Model

  /// Opens what the run file names, and refuses what needs no data.
  private func prepareModel() throws -> PreparedModel {
    let objective = try file.objective()
    try SessionClaim(plan: plan, publish: publish).requireRoom()
    publish(.loading(LoadingProgress(what: "mapping \(file.model)")))
    let folder = try modelFolder()
    let checkpoint = try CheckpointFolder(path: folder)
    let text = try TextFolder(path: folder)
    return PreparedModel(
      objective: objective, warnings: file.advice(objective), checkpoint: checkpoint, text: text)
  }

  /// The folder of the run file's model; a GGUF file that is met for the first time is imported, and `publish` hears it.
  private func modelFolder() throws -> String {
    try ModelSource.folder(for: file.model) { [publish] importing in
      if importing.fraction == 0, let warning = importing.warning {
        publish(.log(LogLine(level: .warning, text: warning)))
      }
      publish(
        .loading(
          LoadingProgress(
            what: "importing \(importing.file) once, into \(importing.folder)", fraction: importing.fraction)))
    }
  }

  // MARK: Adapter

  /// - Returns: with a sentence for a person, where there is one.
  private func prepareAdapter(_ model: PreparedModel) throws -> (PreparedAdapter, warning: String?) {
    let shape = model.checkpoint.configuration
    if let saved = plan.resume?.checkpoint {
      let earlier = try CheckpointStore.load(saved, model: shape)
      plan.resume?.reading?.release()
      return (PreparedAdapter(.checkpoint(earlier), earlier.adapter.configuration, model: shape), nil)
    }
    guard let folder = file.adapter.initFrom else {
      try file.adapter.check(fits: shape)
      try LoRAAdapter.check(file.adapter.lora(for: shape), model: shape)
      return (PreparedAdapter(.fresh, file.adapter.lora(for: shape), model: shape), nil)
    }
    let initial = try AdapterFolder.read(path: folder, model: shape)
    try initial.requireLanguageModel()
    try file.adapter.check(against: initial.configuration, model: shape)
    try LoRAAdapter.check(initial.configuration, model: shape)
    guard !initial.configuration.usesDoRA else {
      throw CheckpointError.unsupported(
        file: "\(folder)/adapter_config.json", feature: "training an adapter of DoRA (use_dora)",
        supported:
          "plain LoRA; merge it into its base with PEFT's merge_and_unload, and train a new adapter on the result")
    }
    let dropout = initial.configuration.dropout
    return (
      PreparedAdapter(.initial(initial), initial.configuration, model: shape),
      dropout > 0 ? "\(folder) was trained with lora_dropout \(dropout); none is applied here" : nil
    )
  }

  // MARK: Memory

  /// Refuses sequences beyond the model's context, and a run that does not fit in memory, with the number.
  private func fit(
    _ model: PreparedModel, _ adapter: PreparedAdapter, _ warning: String?, _ data: PreparedData
  ) throws -> PreparedRun {
    let preparing = file.quantize == .none ? "preparing the model" : "quantizing the model to \(file.quantize.rawValue)"
    publish(.loading(LoadingProgress(what: preparing)))
    let threads = file.training.threads ?? Machine.cores
    let available = plan.availableMemory ?? Machine.availableMemory
    // Asked before they are made: what does not fit would be refused by nobody but the system.
    let quantized = model.checkpoint.configuration.quantizedByteCount(file.quantize)
    if let available, quantized > available {
      throw TrainingError.doesNotFit(needed: quantized, available: available)
    }
    let language = try LanguageModel(
      checkpoint: model.checkpoint, device: CPUDevice(threads: threads, precision: file.training.precision),
      quantization: file.quantize)
    for set in data.sets { try PreferenceReader.check(longest: set.longestSequence, limit: language.longestSequence) }
    if let warning { warn(warning) }
    let memory = memoryPlan(
      language, adapter.configuration, data.sets, mismatches: model.objective.needsKL, available: available)
    publish(.log(LogLine(level: .info, text: "memory plan\n\(memory)")))
    if let available, memory.totalBytes > available {
      throw TrainingError.doesNotFit(needed: memory.totalBytes, available: available)
    }
    if let branch = plan.resume?.branch, branch.step >= data.settings.totalSteps {
      throw TrainingError.setting(
        "\(branch.session): the checkpoint of step \(branch.step) is the last step of the run; --set "
          + "training.max_steps=\(2 * branch.step) trains on")
    }
    var settings = data.settings
    settings.maxLength = min(file.data.maxLength, language.longestSequence)
    return PreparedRun(
      plan: plan, model: model, adapter: adapter, data: data, settings: settings, language: language, memory: memory,
      availableMemory: available)
  }

  /// - Parameter mismatches: KTO puts one prompt before the responses of another.
  private func memoryPlan(
    _ language: LanguageModel, _ adapter: LoRAConfiguration, _ sets: [some SequenceLengths], mismatches: Bool,
    available: Int?
  ) -> MemoryPlan {
    let longest =
      mismatches
      ? (sets.map(\.longestPrompt).max() ?? 0) + (sets.map(\.longestResponses).max() ?? 0)
      : sets.map(\.longestGroup).max() ?? 0
    // Only held-out prompts are answered.
    let answers =
      sets.count > 1
      ? AnswerLengths(
        prompt: sets.map(\.longestPrompt).max() ?? 0, samples: plan.evaluation.mostSamples,
        newTokens: plan.evaluation.maxNewTokens) : nil
    return language.fitMemory(
      available: available, tokens: max(language.tokenBudget, longest), longestGroup: longest, adapter: adapter,
      answers: answers)
  }

  func warn(_ sentence: String) { publish(.log(LogLine(level: .warning, text: sentence))) }
}
