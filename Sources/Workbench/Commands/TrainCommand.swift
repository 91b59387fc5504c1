import ArgumentParser
import RunFile
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train as a run file says; with a terminal on the screen, else as JSON lines.",
    discussion: """
      --set changes one value of the run file: --set training.learning_rate=1e-4 --set preference.gamma.end=3. \
      --control reads JSON commands, one a line, from a FIFO or from standard input: {"command": "pause"}, resume, \
      step, checkpoint, stop, {"command": "set", "key": "gamma", "value": 2.5}.
      """)

  @Argument(help: ArgumentHelp("The run file.", valueName: "run.yaml"))
  var runFile: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Change a value of the run file.", valueName: "key.path=value"))
  var overrides: [String] = []

  @Option(
    help: ArgumentHelp(
      "The session folder, in place of the run file's; sessions/ and the run file's name by default.",
      valueName: "dir"))
  var session: String?

  @Flag(help: "Score the reference at every visit instead of once per response; for checking.")
  var liveReference = false

  @OptionGroup var options: RunOptions

  func run() throws {
    let front = try options.front()
    let file = try RunFile.read(path: runFile, overrides: overrides)
    var plan = SessionChoice.plan(file, at: runFile, session: session)
    plan.liveReference = liveReference
    try front.run(plan)
  }
}
