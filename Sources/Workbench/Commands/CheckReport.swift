import Checkpoint
import Foundation
import Preference
import PreferenceData
import RunFile
import Text
import Training

/// What `check` prints of a run that could begin: a section a stage of its preparation, each as soon as it is known.
struct CheckReport {
  let file: RunFile
  /// Takes a line.
  let write: (String) throws -> Void

  /// Prepares the run and prints it.
  /// - Throws: what `train` would be refused with.
  func run(_ plan: RunPlan) throws {
    let run = try RunPreparation(plan).prepare { stage in
      switch stage {
      case .model(let model): try show(model)
      case .adapter(let adapter): try show(adapter)
      case .data(let data): try show(data)
      }
    }
    try showMemory(run)
    try showExamples(run)
  }

  private func section(_ title: String) throws {
    try write("")
    try write(title)
  }

  private func line(_ text: String) throws { try write("  \(text)") }

  // MARK: Sections

  private func show(_ model: PreparedModel) throws {
    let (checkpoint, configuration) = (model.checkpoint, model.checkpoint.configuration)
    try section("model")
    try line(
      "\(file.model): \(configuration.modelType), \(configuration.layerCount) layers, hidden \(configuration.hiddenSize)"
        + ", \(configuration.headCount)/\(configuration.keyValueHeadCount) heads, vocabulary "
        + "\(configuration.vocabularySize), \(checkpoint.weightBytes / 1_000_000) MB")
    if file.quantize != .none {
      try line("weights of the linears are quantized to \(file.quantize.rawValue) while they are loaded")
    } else if let stored = checkpoint.quantization {
      try line("weights of the linears are stored in \(stored == .nf4 ? "nf4" : "int8"), by bitsandbytes")
    }
    try line(
      "chat template: "
        + (model.text.hasChatTemplate
          ? "yes" : "none; HH-RLHF transcripts are used as plain text, rows of messages are dropped"))
  }

  private func show(_ adapter: PreparedAdapter) throws {
    let modules = adapter.modules
    let names = modules.map(\.address.module.name)
    let targets = names.indices.filter { !names[..<$0].contains(names[$0]) }.map { names[$0] }
    /// One number, or the least and the largest.
    func numbers<Number: Comparable>(_ name: String, _ values: [Number]) -> String {
      guard let least = values.min(), let most = values.max(), least < most else {
        return values.first.map { "\(name) \($0)" } ?? name
      }
      return "\(name) \(least) to \(most)"
    }
    let layers = Set(modules.map(\.address.layer)).count
    // Where every target is adapted in the same layers, their number says it all.
    let places =
      modules.count == targets.count * layers
      ? (layers == adapter.layerCount ? "" : " in \(layers) of \(adapter.layerCount) layers")
      : " (\(modules.count) modules)"
    try line(
      "adapter: \(numbers("rank", modules.map(\.rank))), \(numbers("alpha", modules.map(\.alpha))), "
        + "\(numbers("scale", modules.map(\.scale))), on \(targets.joined(separator: ", "))\(places)"
        + (file.adapter.loraPlusRatio == 1 ? "" : ", LoRA+ with \(file.adapter.loraPlusRatio) times the rate for B")
        + (file.adapter.initFrom.map { ", continued from \($0)" } ?? ""))
    let objective = try file.objective()
    try section("objective")
    try line(objective.describe())
    try file.advice(objective).forEach(line)
    if objective.usesGamma { try line("γ: \(gammaPlan)") }
    try section("data")
  }

  private func show(_ data: PreparedData) throws {
    try data.training.report.lines().forEach(line)
    let store = data.training.store
    let all = 0..<store.count
    let responses = all.reduce(0) { $0 + store.responseCount($1) }
    try line(
      "tokens: prompt mean \(all.reduce(0) { $0 + store.promptTokens($1) } / store.count), "
        + "longest \(all.reduce(0) { max($0, store.promptTokens($1)) }); "
        + "response mean \(all.reduce(0) { $0 + store.responseTokens($1) } / responses), "
        + "longest \(all.reduce(0) { max($0, store.longestResponse($1)) })")
    if case .files = file.data.evaluation, let heldOut = data.heldOut {
      try section("held-out data")
      try heldOut.report.lines().forEach(line)
    }
    try section("memory")
  }

  private func showMemory(_ run: PreparedRun) throws {
    try run.memory.description.split(separator: "\n").forEach { try line(String($0)) }
    if let available = run.availableMemory { try line("available: \(available / 1_000_000) MB") }
  }

  private func showExamples(_ run: PreparedRun) throws {
    try section("two examples, token by token: [scored] (context)")
    let store = run.data.training.store
    for index in (0..<store.count).prefix(2) {
      try ExamplePage(text: run.model.text).lines(store.example(index)).forEach(line)
    }
  }

  private var gammaPlan: String {
    let plan = file.preference.gamma.plan(totalSteps: 1000)
    var plateaus: [String] = []
    for value in plan {
      let text = String(format: "%+.2f", value)
      if plateaus.last != text { plateaus.append(text) }
    }
    return plateaus.count <= 8
      ? plateaus.joined(separator: " → ") : "\(plateaus[0]) → … → \(plateaus[plateaus.count - 1])"
  }
}
