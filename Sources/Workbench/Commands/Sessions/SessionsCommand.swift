import ArgumentParser
import Base
import CTerminal
import Checkpoint
import Foundation
import JSON
import Session
import Text

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

    static let usualFolder = "sessions"

    @Argument(help: "The folder that holds the sessions.")
    var folder = List.usualFolder

    func run() throws {
      try checkFolder()
      let folders = SessionReader.list(in: folder)
      let output = StandardOutput.shared
      if folders.isEmpty { try output.write("no sessions in \(folder)") }
      for path in folders {
        let summary: String
        do {
          summary = try SessionSummary(SessionReader(folder: path)).line
        } catch {
          summary = "\(error)".replacingOccurrences(of: path + ": ", with: "")
        }
        try output.write(path.printable.padding(24) + "  " + summary)
      }
    }

    /// A mistyped `sessions show` reads as the name of a folder; before the first run the usual folder is missing too.
    private func checkFolder() throws {
      guard folder != Self.usualFolder, !FileManager.default.fileExists(atPath: folder) else { return }
      let commands = SessionsCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
      let near = NameSuggestion.nearest(to: folder, among: commands).map { ", did you mean \"\($0)\"?" }
      throw UsageError("\"\(folder)\" is neither a folder nor a command of sessions" + (near ?? ""))
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "What a session is, how far it came, and what was done to it.")

    @Argument(help: "A session folder, or its name in sessions/.")
    var session: String

    func run() throws {
      for line in try SessionSummary(SessionReader(folder: SessionChoice.existing(session))).lines {
        try StandardOutput.shared.write(line)
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
          for line in page.events.compactMap(\.event.line) { try StandardOutput.shared.write(line) }
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
        try StandardOutput.shared.write(path)
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
      let output = StandardOutput.shared
      for reader in readers { try output.write("\(reader.folder): \(try SessionSummary(reader).line)") }
      for index in readers.indices.dropFirst() {
        let steps = comparison.commonSteps[index].map { ", steps \($0.lowerBound)–\($0.upperBound - 1)" } ?? ""
        let pair = "\(sessions[index]) − \(sessions[0])\(steps)"
        guard let test = comparison.test(index) else {
          try output.write("\(pair): fewer than two prompts in common")
          continue
        }
        try output.write(
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
  /// - Parameter path: nil for standard output.
  static func write(_ text: String, to path: String?) throws {
    guard let path else { return try StandardOutput.shared.write(text: text) }
    do {
      if isPlain(path) {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      } else {
        try writeInPlace(Array(text.utf8), path)
      }
    } catch {
      throw SessionError.unwritable(path, why: SystemReason.clause(for: error))
    }
  }

  /// Whether a new file may take the place of what is there. A FIFO, a device or a link such as /dev/stdout is written
  /// to, not replaced.
  private static func isPlain(_ path: String) -> Bool {
    var about = stat()
    return lstat(path, &about) != 0 || [S_IFREG, S_IFDIR].contains(about.st_mode & S_IFMT)
  }

  private static func writeInPlace(_ bytes: [UInt8], _ path: String) throws {
    func failure(_ number: Int32) -> POSIXError { POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO) }
    let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    let number = ct_write_all(descriptor, bytes, bytes.count)
    guard number == 0 else { throw failure(number) }
  }
}

extension String {
  fileprivate func padding(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
