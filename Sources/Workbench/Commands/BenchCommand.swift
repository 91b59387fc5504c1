import ArgumentParser
import Checkpoint
import Foundation
import Model
import DeviceCPU
import RunFile
import SpeedMeasurement
import Training

/// The short form of the benchmark suite: one page of numbers, in less than a minute.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "How fast this machine trains and generates, as a share of what its matrix products allow.",
    discussion: """
      Without --model, random weights in the shape of SmolLM2-135M are written to a temporary folder (270 MB) and \
      removed again; speed does not depend on the weights' values. The work is 16 prompts of about 122 tokens with two \
      responses of about 44 tokens each, LoRA of rank 8 on all linears.
      """)

  @Option(help: ArgumentHelp("A Hugging Face checkpoint folder, or a GGUF file.", valueName: "dir"))
  var model: String?

  @Option(help: ArgumentHelp("Threads; all cores by default.", valueName: "n"))
  var threads: Int?

  @Option(help: "bf16 (weights as stored, fp32 sums) or fp32.")
  var precision: Precision = .bf16

  func validate() throws {
    if let refusal = threads.flatMap(ThreadCount.refusal) { throw ValidationError("--threads: \(refusal)") }
  }

  func run() throws {
    let begin = Date()
    if let warning = ThreadCount.warning(threads, name: "--threads") { ExitStatus.write("warning: \(warning)") }
    let threads = threads ?? Machine.cores
    let runtime = CPUDevice(threads: threads, precision: precision)
    try line("processor", "\(Machine.processorName); \(runtime.summary)")
    let peaks = try measurePeaks(runtime)

    if let model {
      try measure(path: model, name: model, runtime: runtime, peak: peaks)
    } else {
      let shape = LlamaShape.smolLM2_135M
      try withTemporaryFolder { folder in
        try RandomCheckpoint.write(shape, to: folder)
        try measure(path: folder.path, name: "random weights, \(shape.name)'s shape", runtime: runtime, peak: peaks)
      }
    }
    try line("took", String(format: "%.0f s", Date().timeIntervalSince(begin)))
  }

  /// The peak in the chosen precision; both are shown.
  private func measurePeaks(_ runtime: CPUDevice) throws -> ProductPeak {
    let other = CPUDevice(threads: runtime.threads, precision: precision == .bf16 ? .fp32 : .bf16)
    let chosen = ProductPeak(runtime: runtime)
    let speeds = [
      (precision, Readings((0..<5).map { _ in chosen.measure(count: 4) }).median),
      (other.precision, ProductPeak(runtime: other).measure(count: 4)),
    ].sorted { $0.0.rawValue < $1.0.rawValue }
    try line(
      "products",
      speeds.map { String(format: "%@ %.0f GFLOP/s", $0.0.rawValue, $0.1 * 1e-9) }.joined(separator: ", ")
        + " (registers alone, every thread)")
    return chosen
  }

  private func measure(path: String, name: String, runtime: CPUDevice, peak: ProductPeak) throws {
    let checkpoint = try CheckpointFolder(path: ModelImport.folder(path))
    let model = try LanguageModel(checkpoint: checkpoint, device: runtime)
    let configuration = checkpoint.configuration
    let parameters = configuration.tensorShapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
    try line("model", "\(name): \(parameters / 1_000_000) million parameters, \(checkpoint.weightBytes / 1_000_000) MB")

    let groups = try chooseWork(model: model, speed: peak.measure())
    let probe = try StepProbe(model: model)
    ResidentMemory.resetPeak()
    let references = try probe.references(groups)
    try probe.step(groups, references: references)
    var shares: [Double] = []
    var times: [Double] = []
    let flops = RequiredFlops.step(groups, model: configuration, adapter: StepProbe.lora).total
    for _ in 0..<3 {
      let before = peak.measure(count: 4)
      let time = try seconds { try probe.step(groups, references: references) }
      let after = peak.measure(count: 4)
      times.append(time)
      shares.append(flops / time / ((before + after) / 2))
    }
    let time = Readings(times).median
    let tokens = groups.reduce(0) { $0 + $1.tokenCount }
    try line(
      "training",
      String(
        format: "%.2f s for a step of %d %@, %d tokens: %.2f pairs/s, %.0f tokens/s, %.0f %% of the products' speed",
        time, groups.count, groups.count == 1 ? "pair" : "pairs", tokens, Double(groups.count) / time,
        Double(tokens) / time,
        Readings(shares).median * 100))
    try line("memory", "\(ResidentMemory.peak / 1_000_000) MB at most, the mapped weights among them")
    try measureGeneration(model, prompt: groups[0].prompt)
  }

  /// 16 pairs, or as many as a step can do in about five seconds and memory holds.
  private func chooseWork(model: LanguageModel, speed: Double) throws -> [PromptGroup] {
    let all = SyntheticPrompts().groups(16, vocabulary: model.configuration.vocabularySize)
    let flops = RequiredFlops.step(all, model: model.configuration, adapter: StepProbe.lora).total
    // Half of the products' speed is a cautious guess.
    let affordable = Int(5 * speed / 2 / (flops / Double(all.count)))
    let groups = Array(all.prefix(min(all.count, max(1, affordable))))
    let rows = groups.reduce(0) { $0 + $1.rowCount }
    let available = Machine.availableMemory
    let plan = model.fitMemory(
      available: available, tokens: min(rows, model.tokenBudget), longestGroup: groups.map(\.rowCount).max(),
      adapter: StepProbe.lora)
    if let available, plan.totalBytes > available {
      throw TrainingError.doesNotFit(needed: plan.totalBytes, available: available)
    }
    return groups
  }

  /// Alone and eight together, until a few seconds have passed.
  private func measureGeneration(_ model: LanguageModel, prompt: [Int32]) throws {
    let settings = SamplingSettings(temperature: 1, maxNewTokens: 64)
    var found: [String] = []
    for count in [1, 8] {
      let begin = Date()
      var tokens = 0
      // The pass over the prompt counts: a person waits for it.
      _ = try model.generate(prompt, count: count, settings: settings, seed: 1, adapter: nil) { drawn in
        tokens = drawn
        return Date().timeIntervalSince(begin) < 5
      }
      found.append(
        String(
          format: "%.0f tokens/s %@", Double(tokens) / Date().timeIntervalSince(begin),
          count == 1 ? "alone" : "for \(count) answers at once"))
    }
    try line("generation", found.joined(separator: ", ") + " (prompt of \(prompt.count) tokens)")
  }

  private func line(_ name: String, _ value: String) throws {
    try StandardOutput.shared.write(name.padding(toLength: 11, withPad: " ", startingAt: 0) + value)
  }

  private func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("workbench-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
