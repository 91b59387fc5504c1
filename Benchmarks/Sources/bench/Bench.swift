import ArgumentParser
import Foundation

/// The benchmark suite: `bench --list` names the measures.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure the engine, each number beside the bound or the twin it is held against.",
    discussion: """
      Sides are alternated in one go and medians are shown, with the first and third quartile: on a shared machine only \
      ratios taken so mean anything. Measures that need much time, memory or disk run only when --only names them.
      """)

  @Flag(help: "Name the measures and leave.")
  var list = false

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Only these measures.", valueName: "name"))
  var only: [String] = []

  @Flag(help: "Small shapes and few rounds: tries the suite out, and measures nothing worth quoting.")
  var quick = false

  @Option(help: ArgumentHelp("Rounds of every measure.", valueName: "n"))
  var rounds: Int?

  @Option(help: ArgumentHelp("Threads; all cores by default.", valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "A checkpoint folder; by default random weights in SmolLM2-135M's shape, made once.", valueName: "dir"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Preference data for the steps, and text for the tokenizer; synthetic by default. Needs --model.",
      valueName: "file"))
  var data: String?

  @Option(help: ArgumentHelp("Where generated checkpoints are kept.", valueName: "dir"))
  var scratch = NSTemporaryDirectory() + "workbench-benchmarks"

  @Option(help: ArgumentHelp("The program, for measures that run it.", valueName: "path"))
  var workbench = ".build/release/workbench"

  @Option(help: ArgumentHelp("The results, for programs.", valueName: "file"))
  var json: String?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads: 1 to 1024") }
    if let rounds, !(1...1000).contains(rounds) { throw ValidationError("--rounds: 1 to 1000") }
    for name in only where !Catalogue.measures.contains(where: { $0.name == name }) {
      throw ValidationError("--only: there is no measure \"\(name)\"; see --list")
    }
    if data != nil, model == nil { throw ValidationError("--data needs the tokenizer of a --model") }
  }

  func run() throws {
    if list {
      for measure in Catalogue.measures {
        print(measure.name.padded(to: 14) + (measure.isLarge ? "(only when named) " : "") + measure.summary)
      }
      return
    }
    let chosen = Catalogue.measures.filter { only.isEmpty ? !$0.isLarge : only.contains($0.name) }
    let setting = Setting(
      quick: quick, rounds: rounds, threads: threads, model: model, data: data, scratch: scratch, workbench: workbench)
    var report = Report(setting: setting)
    report.printHeader()
    for measure in chosen {
      do {
        let rows = try measure.run(setting)
        report.add(measure.name, rows)
      } catch {
        report.fail(measure.name, "\(error)")
      }
    }
    if let json { try report.write(to: json) }
    if !report.failures.isEmpty { throw ExitCode(1) }
  }
}

extension String {
  func padded(to width: Int) -> String {
    count >= width ? self + " " : padding(toLength: width, withPad: " ", startingAt: 0)
  }
}
