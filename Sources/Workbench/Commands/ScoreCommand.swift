import ArgumentParser
import Evaluation
import Job
import PreferenceData

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Log-probs of responses: one JSON line out for each line in.",
    discussion: """
      Lines are {"prompt": text or messages, "response": text or messages} or {"prompt_ids": [int], "response_ids": \
      [int]}. With messages the chat template is applied and the response ends with its end-of-turn token; texts are \
      joined as they stand and EOS is appended; ids are used untouched.
      """)

  @OptionGroup var options: ModelOptions

  @Flag(help: "Add the log-prob of every token.")
  var tokens = false

  @Argument(help: "A file: JSON lines, Parquet, Arrow or CSV; or - for standard input.")
  var file: String

  func run() throws {
    let stage = ScoringStage(try options.load(), showsTokens: tokens)
    try RowJob(stage, input: LineInput(path: file), verb: "scoring").runOnStandardOutput()
  }
}
