import ArgumentParser
import Base
import Checkpoint
import DemoWorld
import CTerminal
import Foundation
import JSON
import Job
import Model
import DeviceCPU
import Preference
import PreferenceData
import RunFile
import Session
import Text
import Training
import WorkbenchScreen

/// The documented exit codes (docs/commands.md), and the one place where an error becomes a line and a code.
enum ExitStatus: Int32 {
  case done = 0
  case usage = 2
  case data = 3
  case model = 4
  case doesNotFit = 5
  case stoppedByItself = 6
  case interrupted = 130

  init(_ error: any Error) {
    switch error {
    case is RunFileError, is PreferenceError, is UsageError, is SessionExport.Problem: self = .usage
    case CheckpointError.unwritable, DataError.unwritable: self = .doesNotFit
    case is DataError, is InputError: self = .data
    case is MemoryError, is OutputError, is ThreadShortage, is UnwritableOutput, is JobError: self = .doesNotFit
    case is JobCancelled: self = .interrupted
    case is CheckpointError, is ModelError, is TokenizerError, is ChatTemplateError, is WorldFileError: self = .model
    case let error as SessionError:
      if case .unwritable = error { self = .doesNotFit } else { self = .usage }
    case let error as TrainingError:
      switch error {
      case .notFinite: self = .stoppedByItself
      case .nothingToTrainOn, .nothingDispreferred: self = .data
      case .doesNotFit, .cannotWrite, .diskRefuses, .occupied, .folderLost: self = .doesNotFit
      case .sessionExists, .foreignCheckpoint, .resumeChanged, .setting: self = .usage
      case .vocabulary, .chatTemplate, .sequenceTooLong, .badCheckpoint: self = .model
      }
    default: self = .usage
    }
  }

  /// Prints what a person needs on the right stream and ends the process.
  static func leave(_ error: any Error) -> Never {
    if case OutputError.readerGone = error { OutputError.dieOfBrokenPipe() }
    let status = Workbench.exitCode(for: error)
    if status == .success {
      // --help and --version: what a person asked for, so it goes where results go.
      do {
        try StandardOutput.shared.write(text: Workbench.fullMessage(for: error) + "\n")
        try StandardOutput.shared.close()
      } catch {
        leave(error)
      }
      Foundation.exit(0)
    }
    if status == .validationFailure {
      complain(Workbench.message(for: error))
      Foundation.exit(ExitStatus.usage.rawValue)
    }
    if let status = error as? ExitCode { Foundation.exit(status.rawValue) }
    // Foundation's own description of an error is a dump of its parts.
    let isForeign = type(of: error) is NSError.Type || error is CocoaError || error is POSIXError
    complain(isForeign ? SystemReason.clause(for: error) : "\(error)")
    Foundation.exit(ExitStatus(error).rawValue)
  }

  /// One line on standard error.
  static func complain(_ sentence: String) {
    let lines = sentence.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    write("error: " + lines.joined(separator: " "))
  }

  /// A line on standard error, without what would steer a terminal. Where nobody reads it, nothing can be said.
  static func write(_ line: String) { put(line.printable + "\n") }

  /// Text on standard error as it stands.
  static func put(_ text: String) {
    let bytes = Array(text.utf8)
    _ = ct_write_all(2, bytes, bytes.count)
  }
}

/// A wrong use of a command that its declaration cannot rule out.
struct UsageError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
