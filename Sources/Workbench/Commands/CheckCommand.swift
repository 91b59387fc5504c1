import ArgumentParser
import RunFile
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
    _ = try ModelImport.folder(file.model)
    let report = CheckReport(file: file) { try StandardOutput.shared.write($0) }
    try report.run(SessionChoice.plan(file, at: runFile, session: nil))
  }
}
