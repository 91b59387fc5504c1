import ArgumentParser
import Evaluation
import Job
import Model
import PreferenceData

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Answer prompts: the same JSON line out with \"responses\" added.",
    discussion: """
      Lines are {"prompt": text or messages}. The answers to a line depend on the seed and the line's place only: they \
      are the same at any number of threads.
      """)

  @OptionGroup var options: ModelOptions

  @Option(name: .customLong("n"), help: ArgumentHelp("Answers to each prompt.", valueName: "k"))
  var count = 1

  @Option(help: "0 is greedy.")
  var temperature = 1.0

  @Option(name: .customLong("top-p"), help: "Keep the likeliest tokens that make up this much probability.")
  var topP = 1.0

  @Option(help: ArgumentHelp("Stop an answer after this many tokens.", valueName: "m"))
  var maxNewTokens = 256

  @Option(help: "Seed of the random streams.")
  var seed: UInt64 = 42

  @Flag(help: "The likeliest token each time; the same as --temperature 0.")
  var greedy = false

  @Argument(help: "A file: JSON lines, Parquet, Arrow or CSV; or - for standard input.")
  var file: String

  func validate() throws {
    guard (1...10_000).contains(count) else { throw ValidationError("--n: \(count) is not between 1 and 10000") }
    guard temperature.isFinite, temperature >= 0 else {
      throw ValidationError("--temperature: \(temperature) is not a number of at least 0")
    }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p: \(topP) is not above 0 and at most 1") }
    guard (1...1_048_576).contains(maxNewTokens) else {
      throw ValidationError("--max-new-tokens: \(maxNewTokens) is not between 1 and 1048576")
    }
    if greedy, count > 1 { throw ValidationError("--greedy gives one answer; leave out --n \(count)") }
  }

  func run() throws {
    let loaded = try options.load()
    let settings = SamplingSettings(
      temperature: temperature > 0 ? temperature : 1, topP: topP, maxNewTokens: maxNewTokens,
      stopTokenIDs: loaded.stopTokens, greedy: greedy || temperature == 0)
    let stage = AnsweringStage(loaded, count: count, settings: settings, seed: seed)
    try RowJob(stage, input: LineInput(path: file), verb: "answering").runOnStandardOutput()
  }
}
