import ArgumentParser
import Foundation
import Session

struct SessionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions", abstract: "The saved runs: list, show, export, compare, remove.",
    subcommands: [
      List.self, Show.self, Lines.self, Export.self, Compare.self, Remove.self,
    ], defaultSubcommand: List.self)
}

extension SessionsCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "One line a session, the last written first.")

    @Argument(help: "The folder that holds the sessions.")
    var folder = "sessions"

    func run() throws {
      let folders = SessionReader.list(in: folder)
      if folders.isEmpty { print("no sessions in \(folder)") }
      for path in folders {
        let summary: String
        do {
          summary = try SessionSummary(SessionReader(folder: path)).line
        } catch {
          summary = "\(error)".replacingOccurrences(of: path + ": ", with: "")
        }
        print(path.printable.padding(24) + "  " + summary.printable)
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "What a session is, how far it came, and what was done to it.")

    @Argument(help: "A session folder, or its name in sessions/.")
    var session: String

    func run() throws {
      for line in try SessionSummary(SessionReader(folder: SessionChoice.existing(session))).lines {
        print(line.printable)
      }
    }
  }

  struct Lines: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lines", abstract: "A session's record as the lines of a headless run.",
      discussion: "--follow waits for more while a process trains the session, as tail -f would.")

    @Argument(help: "A session folder, or its name in sessions/.")
    var session: String

    @Flag(help: "Go on while the run is live.")
    var follow = false

    func run() throws {
      let reader = try SessionReader(folder: SessionChoice.existing(session))
      var cursor: Int64 = 0
      while true {
        // Asked before reading, so that a run's last lines are not missed.
        var isLive = false
        if follow, case .live = try reader.status() { isLive = true }
        while case let page = try reader.events(after: cursor), page.cursor != cursor {
          let lines = page.events.compactMap(\.event.line).map { $0 + "\n" }.joined()
          try FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))
          cursor = page.cursor
        }
        guard isLive else { return }
        usleep(200_000)
      }
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "A session's numbers as CSV or as a TensorBoard event file.",
      discussion: "The adapter itself is written by `workbench export`.")

    @Argument(help: "A session folder, or its name in sessions/.")
    var session: String

    @Flag(help: "One row a step, on standard output or in the file of --to.")
    var csv = false

    @Flag(help: "An event file in the folder of --to, by default tensorboard/ in the session.")
    var tensorboard = false

    @Option(help: ArgumentHelp("Where to write.", valueName: "path"))
    var to: String?

    func run() throws {
      guard csv != tensorboard else { throw UsageError("choose --csv or --tensorboard") }
      let reader = try SessionReader(folder: SessionChoice.existing(session))
      let table = try MetricTable(reader)
      if tensorboard {
        let path = try TensorBoardFile.write(
          table, name: URL(fileURLWithPath: session).lastPathComponent, to: to ?? reader.folder + "/tensorboard")
        print(path)
      } else {
        try CSVOutput.write(table.csv(), to: to)
      }
    }
  }

  struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "compare", abstract: "Sessions side by side, with a paired test over their prompts.",
      discussion: """
        Each session is compared with the first: the reward margin of every prompt that both visited, at its last \
        visit, as a paired t-test. A branch and its parent are compared over the steps after the fork that both have run.
        """)

    @Argument(help: "Session folders, two or more.")
    var sessions: [String]

    @Flag(help: "The numbers of every step instead: one column for each session and metric.")
    var csv = false

    @Option(help: ArgumentHelp("Write the CSV to a file.", valueName: "path"))
    var to: String?

    func run() throws {
      guard sessions.count >= 2 else { throw UsageError("name two sessions or more") }
      if to != nil, !csv { throw UsageError("--to goes with --csv") }
      let readers = try sessions.map { try SessionReader(folder: SessionChoice.existing($0)) }
      let comparison = try SessionComparison(readers)
      if csv { return try CSVOutput.write(comparison.csv(), to: to) }
      for reader in readers { print("\(reader.folder): \(try SessionSummary(reader).line)".printable) }
      for index in readers.indices.dropFirst() {
        let steps = comparison.commonSteps[index].map { ", steps \($0.lowerBound)–\($0.upperBound - 1)" } ?? ""
        let pair = "\(sessions[index]) − \(sessions[0])\(steps)".printable
        guard let test = comparison.test(index) else {
          print("\(pair): fewer than two prompts in common")
          continue
        }
        print(
          pair
            + String(
              format: ": margin %+.4f ± %.4f over %d prompts, paired t = %.2f, p = %.2g", test.mean, 1.96 * test.error,
              test.count, test.t, test.p))
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rm", abstract: "Remove a session with its checkpoints.")

    @Argument(help: "Session folders.")
    var sessions: [String]

    func run() throws {
      for session in sessions {
        let folder = SessionChoice.existing(session)
        let left = try SessionRemoval.remove(folder)
        if !left.isEmpty {
          let names = left.joined(separator: ", ")
          ExitStatus.write("warning: \(folder): kept, because the session did not write it: \(names)".printable)
        }
      }
    }
  }
}

enum CSVOutput {
  static func write(_ text: String, to path: String?) throws {
    guard let path else { return try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw SessionError.unwritable(path, why: "the file cannot be made")
    }
  }
}

extension String {
  /// On one line and without control characters: a session may come from anywhere, and a terminal obeys what it is
  /// sent.
  var printable: String {
    String(
      unicodeScalars.map { scalar in
        scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
          ? "\u{FFFD}" : Character(scalar)
      })
  }

  fileprivate func padding(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
