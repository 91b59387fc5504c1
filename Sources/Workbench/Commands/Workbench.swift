import ArgumentParser
import Foundation

@main
enum Main {
  static func main() {
    do {
      var command = try Workbench.parseAsRoot()
      try command.run()
    } catch {
      ExitStatus.leave(error)
    }
  }
}

struct Workbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workbench",
    abstract: "Align language models with human preferences on the machine in front of you, and steer the run.",
    discussion: """
      Start with `workbench demo`: a small model learns household manners in about a minute.
      Your own run: `workbench check RUN.yaml`, then `workbench train RUN.yaml`.
      """,
    version: "0.1.0",
    subcommands: [
      DemoCommand.self, TrainCommand.self, CheckCommand.self, ScoreCommand.self, GenerateCommand.self,
      TokenizeCommand.self, ExportCommand.self, BenchCommand.self, DoctorCommand.self,
    ])
}
