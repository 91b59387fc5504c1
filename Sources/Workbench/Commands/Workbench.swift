import ArgumentParser
import CProcess
import CTerminal
import Foundation
import DeviceCPU
import Text
import Training

/// The root command.
public struct Workbench: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "workbench",
    abstract: "Align language models with human preferences on the machine in front of you, and steer the run.",
    discussion: """
      Without a command it opens the start screen: recent sessions, the demo, a new run.
      Start with `workbench demo`: a small model learns household manners in about a minute.
      Your own run: `workbench check RUN.yaml`, then `workbench train RUN.yaml`.
      """,
    version: "0.1.0",
    subcommands: [
      DemoCommand.self, TrainCommand.self, AttachCommand.self, ReplayCommand.self, ResumeCommand.self,
      BranchCommand.self, SessionsCommand.self, CheckCommand.self, RowsCommand.self, ScoreCommand.self,
      GenerateCommand.self, TokenizeCommand.self, ImportCommand.self,
      ExportCommand.self, BenchCommand.self, DoctorCommand.self,
    ])

  public init() {}

  /// Without a command: the start screen on a terminal, help elsewhere.
  public func run() throws {
    guard RunScreen.isPossible else { return try StandardOutput.shared.write(text: Workbench.helpMessage() + "\n") }
    try StartMenu(look: AppearanceOptions.options(theme: nil, glyphs: nil)).run()
  }

  /// A mistyped command's name gets a better answer than the parser's "unexpected argument".
  static func checkName(_ name: String?) throws {
    let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let name, !name.hasPrefix("-"), !known.contains(name) else { return }
    let near = NameSuggestion.nearest(to: name, among: known).map { ", did you mean \"\($0)\"?" }
    throw UsageError("\"\(name)\" is not a command" + (near ?? "; the commands are \(known.joined(separator: ", "))"))
  }
}

extension Workbench {
  /// The whole program: runs the command that the process's arguments name. An error ends the process with one sentence
  /// on standard error and the documented exit code.
  public static func launch() {
    StandardStreams.secure()
    cp_begin()
    ct_mapped_guard()
    // A reader that goes away is an error of a write, which each command ends or goes on with as it should; the signal would
    // kill it in the midst of its work.
    signal(SIGPIPE, SIG_IGN)
    do {
      try checkName(CommandLine.arguments.dropFirst().first)
      if let complaint = KernelLevel.complaint { throw UsageError(complaint) }
      var command = try parseAsRoot()
      try command.run()
      try StandardOutput.shared.close()
    } catch {
      ExitStatus.leave(error)
    }
  }
}
