import ArgumentParser
import Checkpoint
import Foundation
import Model
import Preference
import PreferenceData
import RunFile
import Text
import Training

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Validate a run file and all it names; show what would be trained on, and how.",
    discussion: "Nothing is trained. Nothing is written but, for large data, the cache of tokenized rows.")

  @Argument(help: ArgumentHelp("The run file.", valueName: "run.yaml"))
  var runFile: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Change a value of the run file.", valueName: "key.path=value"))
  var overrides: [String] = []

  func run() throws {
    let file = try RunFile.read(path: runFile, overrides: overrides)
    try ThreadSupply.require(pool: file.training.threads)
    let check = try RunCheck(RunPlan(runFile: file, sessionPath: file.session))
    let (objective, checkpoint, text) = (check.objective, check.checkpoint, check.text)
    let configuration = checkpoint.configuration

    try section("model")
    try line(
      "\(file.model): \(configuration.modelType), \(configuration.layerCount) layers, hidden \(configuration.hiddenSize)"
        + ", \(configuration.headCount)/\(configuration.keyValueHeadCount) heads, vocabulary "
        + "\(configuration.vocabularySize), \(checkpoint.weightBytes / 1_000_000) MB")
    try line(
      "chat template: \(text.hasChatTemplate ? "yes" : "none; HH-RLHF transcripts are used as plain text, rows of messages are dropped")"
    )
    let lora = try check.adapter()
    let targets = lora.targetModules.map(\.rawValue).joined(separator: ", ")
    try line(
      "adapter: rank \(lora.rank), alpha \(lora.alpha), scale \(lora.scale), on \(targets)"
        + (file.adapter.initFrom.map { ", continued from \($0)" } ?? ""))

    try section("objective")
    try line(objective.describe())
    try file.advice(objective).forEach(line)
    if objective.usesGamma { try line("γ: \(gammaPlan(file))") }

    try section("data")
    let data = try check.data()
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
    let plan = try check.memory(data, adapter: lora)
    try plan.description.split(separator: "\n").forEach { try line(String($0)) }
    if let available = Machine.availableMemory { try line("available: \(available / 1_000_000) MB") }

    try section("two examples, token by token: [scored] (context)")
    for index in all.prefix(2) { try show(store.example(index), text: text) }
  }

  private func section(_ title: String) throws { try StandardOutput.shared.write(text: "\n\(title)\n") }

  private func line(_ text: String) throws { try StandardOutput.shared.write("  \(text)") }

  private func gammaPlan(_ file: RunFile) -> String {
    let plan = file.preference.gamma.plan(totalSteps: 1000)
    var plateaus: [String] = []
    for value in plan {
      let text = String(format: "%+.2f", value)
      if plateaus.last != text { plateaus.append(text) }
    }
    return plateaus.count <= 8
      ? plateaus.joined(separator: " → ") : "\(plateaus[0]) → … → \(plateaus[plateaus.count - 1])"
  }

  /// The prompt's tokens in round brackets, each scored token in square ones.
  private func show(_ example: EncodedExample, text: TextFolder) throws {
    let prompt = pieces(of: example.prompt, after: nil, text: text)
    let tail = prompt.suffix(24)
    let lead = prompt.count > tail.count ? "… " : ""
    try line("prompt, \(prompt.count) tokens: \(lead)" + tail.map { "(\($0))" }.joined())
    let ends = example.responses.count > 1 ? [0, example.responses.count - 1] : [0]
    for (index, response) in ends.map({ ($0, example.responses[$0]) }) {
      let all = pieces(of: response, after: example.prompt.last, text: text)
      let shown = all.count > 40 ? all.prefix(30) + ["…"] + all.suffix(8) : all[...]
      try line(
        "\(index == 0 ? "best" : "worst"), reward \(example.rewards[index]), \(all.count) tokens: "
          + shown.map { "[\($0)]" }.joined())
    }
  }

  /// What each token adds to the text. A SentencePiece decoder drops the space before the first word of what it is given,
  /// so a word's piece is shown as the vocabulary writes it, and any other behind the token before it.
  private func pieces(of ids: [Int32], after first: Int32?, text: TextFolder) -> [String] {
    var previous = first
    return ids.map { id in
      defer { previous = id }
      let alone = text.decode([id], skipSpecialTokens: false)
      var piece = alone
      if let word = text.tokenizer.token(id), word.hasPrefix("\u{2581}") {
        piece = word.replacing("\u{2581}", with: " ")
      } else if let previous {
        let before = text.decode([previous], skipSpecialTokens: false).unicodeScalars
        let both = text.decode([previous, id], skipSpecialTokens: false).unicodeScalars
        if both.starts(with: before) { piece = String(both.dropFirst(before.count)) }
      }
      return Self.pictured(piece.isEmpty ? alone : piece)
    }
  }

  /// Control characters as pictures, so that a token is seen for what it is.
  private static func pictured(_ piece: String) -> String {
    String(
      String.UnicodeScalarView(
        piece.unicodeScalars.map { scalar in
          switch scalar.value {
          case 0x0A: "⏎"
          case 0x00...0x1F: Unicode.Scalar(0x2400 + scalar.value) ?? scalar
          case 0x7F: "␡"
          default: scalar
          }
        }))
  }
}
